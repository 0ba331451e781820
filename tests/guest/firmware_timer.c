/* SPDX-License-Identifier: MIT */
/*
 * The physical timer, CNTP, which this kernel has no other use for: its registers, its interrupt,
 * and sleep that it alone ends. The same on bare metal, where it is the hardware's.
 */
#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "sensitive/sensitive.h"
#include "support.h"
#include "threads/thread.h"

#define CNTP_INTID 30

#define CTL_ENABLE  1
#define CTL_IMASK   2
#define CTL_ISTATUS 4

#define SLEEP_MS 2
#define LIMIT_MS 3000
#define LATE_US  100
#define HOST_MS  299

#define NO_LEVELS "without a GIC an interrupt is an edge"

static void timer_off(void)
{
    write_sysreg(cntp_ctl_el0, 0);
    isb();
}

KTF_SUITE(firmware_timer, .setup = timer_off, .teardown = timer_off);

/* The physical and the virtual counter are the same here, but they are read one after the other. */
static uint64_t now(void)
{
    isb();
    return read_sysreg(cntpct_el0);
}

static uint64_t control(void)
{
    isb();
    return read_sysreg(cntp_ctl_el0);
}

KTF_TEST(firmware_timer, the_physical_counter_goes_on)
{
    uint64_t last = now();

    for (int i = 0; i < 1000; i++) {
        uint64_t next = now();
        ASSERT_GE(next, last);
        last = next;
    }
    EXPECT_LT(last - cpu_ticks() + time_ms_to_ticks(LIMIT_MS), time_ms_to_ticks(2 * LIMIT_MS));
}

/* Each case stays on its CPU: the registers are the CPU's own. */
KTF_TEST(firmware_timer, registers_keep_what_is_written)
{
    uint64_t flags = irq_save();

    write_sysreg(cntp_cval_el0, 0x123456789ABCDEF0);
    isb();
    uint64_t cval = read_sysreg(cntp_cval_el0);
    write_sysreg(cntp_ctl_el0, CTL_ENABLE | CTL_IMASK);
    uint64_t enabled = control();
    write_sysreg(cntp_ctl_el0, 0);
    uint64_t disabled = control();
    irq_restore(flags);
    EXPECT_EQ(cval, 0x123456789ABCDEF0);
    EXPECT_EQ(enabled, CTL_ENABLE | CTL_IMASK);
    EXPECT_EQ(disabled & ~(uint64_t)CTL_ISTATUS, 0);
}

KTF_TEST(firmware_timer, a_timer_value_is_relative_and_signed)
{
    uint64_t flags = irq_save();
    uint64_t before = now();

    write_sysreg(cntp_tval_el0, 1000000);
    isb();
    uint64_t forward = read_sysreg(cntp_cval_el0);
    write_sysreg(cntp_tval_el0, 0xFFFF0000);
    isb();
    uint64_t backward = read_sysreg(cntp_cval_el0);
    write_sysreg(cntp_cval_el0, before - 5);
    isb();
    int32_t left = (int32_t)read_sysreg(cntp_tval_el0);
    uint64_t after = now();
    irq_restore(flags);
    EXPECT_GE(forward, before + 1000000);
    EXPECT_LE(forward, after + 1000000);
    EXPECT_GE(backward, before - 0x10000);
    EXPECT_LE(backward, after - 0x10000);
    EXPECT_LE(left, -5);
    EXPECT_GE(left, -5 - (int64_t)(after - before));
}

KTF_TEST(firmware_timer, its_status_says_when_it_is_due)
{
    uint64_t flags = irq_save();

    write_sysreg(cntp_tval_el0, 0x40000000);
    write_sysreg(cntp_ctl_el0, CTL_ENABLE | CTL_IMASK);
    uint64_t early = control();
    write_sysreg(cntp_tval_el0, 0);
    uint64_t due = control();
    write_sysreg(cntp_tval_el0, 0x40000000);
    uint64_t again = control();
    timer_off();
    irq_restore(flags);
    EXPECT_EQ(early, CTL_ENABLE | CTL_IMASK);
    EXPECT_EQ(due, CTL_ENABLE | CTL_IMASK | CTL_ISTATUS);
    EXPECT_EQ(again, CTL_ENABLE | CTL_IMASK);
}

/* --- its interrupt --- */

struct seen {
    uint32_t count;
    uint32_t limit; /* from then on the handler lowers the level */
    uint64_t ticks;
};

static void note(uint32_t intid, void *argument)
{
    struct seen *seen = argument;

    (void)intid;
    seen->ticks = now();
    if (__atomic_add_fetch(&seen->count, 1, __ATOMIC_RELEASE) >= seen->limit)
        timer_off();
}

static uint32_t count_of(const struct seen *seen)
{
    return __atomic_load_n(&seen->count, __ATOMIC_ACQUIRE);
}

/* Arms the timer of the CPU this runs on, whose interrupt is enabled there. */
static void arm(struct seen *seen, uint64_t deadline)
{
    uint64_t flags = irq_save();

    irq_register(CNTP_INTID, note, seen);
    write_sysreg(cntp_cval_el0, deadline);
    write_sysreg(cntp_ctl_el0, CTL_ENABLE);
    isb();
    irq_restore(flags);
}

KTF_TEST(firmware_timer, interrupts_when_it_is_due)
{
    for (int i = 0; i < 20; i++) {
        struct seen seen = {0, 1, 0};
        uint64_t deadline = now() + time_us_to_ticks(500);
        arm(&seen, deadline);
        ASSERT_TRUE(support_wait(count_of(&seen) > 0, LIMIT_MS));
        EXPECT_EQ(count_of(&seen), 1);
        EXPECT_GE(seen.ticks, deadline);
    }
    irq_register(CNTP_INTID, NULL, NULL);
}

KTF_TEST(firmware_timer, interrupts_at_once_for_a_time_that_has_passed)
{
    struct seen seen = {0, 1, 0};

    arm(&seen, now() - 1);
    EXPECT_TRUE(support_wait(count_of(&seen) > 0, LIMIT_MS));
    EXPECT_EQ(count_of(&seen), 1);
    irq_register(CNTP_INTID, NULL, NULL);
}

/* It is a level: ended while it is still due, it comes again. */
KTF_TEST(firmware_timer, interrupts_again_until_it_is_dealt_with)
{
    if (gic_distributor() == 0)
        SKIP(NO_LEVELS);
    struct seen seen = {0, 5, 0};

    arm(&seen, now());
    EXPECT_TRUE(support_wait(count_of(&seen) >= 5, LIMIT_MS));
    thread_sleep_ms(2);
    EXPECT_EQ(count_of(&seen), 5);
    irq_register(CNTP_INTID, NULL, NULL);
}

KTF_TEST(firmware_timer, is_not_pending_once_it_is_masked_or_moved)
{
    if (gic_distributor() == 0)
        SKIP(NO_LEVELS);
    struct seen seen = {0, 1, 0};
    uint64_t flags = irq_save();

    irq_register(CNTP_INTID, note, &seen);
    write_sysreg(cntp_cval_el0, now());
    write_sysreg(cntp_ctl_el0, CTL_ENABLE);
    isb();
    write_sysreg(cntp_ctl_el0, CTL_ENABLE | CTL_IMASK);
    isb();
    write_sysreg(cntp_cval_el0, now() + time_ms_to_ticks(10 * LIMIT_MS));
    write_sysreg(cntp_ctl_el0, CTL_ENABLE);
    isb();
    irq_restore(flags);
    for (int i = 0; i < 100; i++)
        (void)now();
    flags = irq_save();
    timer_off();
    irq_restore(flags);
    EXPECT_EQ(count_of(&seen), 0);
    irq_register(CNTP_INTID, NULL, NULL);
}

/* --- sleep --- */

/* With the virtual timer off, nothing else ends it but the interrupts of other CPUs. */
KTF_TEST(firmware_timer, ends_a_sleep)
{
    for (int i = 0; i < 10; i++) {
        struct seen seen = {0, 1, 0};
        uint32_t nr_sleeps = 0;
        uint64_t flags = irq_save();
        uint64_t end = now() + time_ms_to_ticks(SLEEP_MS);
        sensitive->timer_disarm();
        arm(&seen, end);
        while (now() < end) {
            sensitive->idle();
            nr_sleeps++;
        }
        sensitive->timer_arm(cpu_ticks());
        irq_restore(flags);
        EXPECT_TRUE(support_wait(count_of(&seen) > 0, LIMIT_MS));
        EXPECT_LT(nr_sleeps, 100);
        EXPECT_GE(seen.ticks, end);
    }
    irq_register(CNTP_INTID, NULL, NULL);
}

/*
 * The timers do not take each other for themselves: the sleep ends long before the later one, and
 * soon after the earlier one. Where QEMU's clock is the host's, soon leaves room for the host's
 * other work; where it counts instructions, as "icount" on the command line says, there is none.
 */
KTF_TEST(firmware_timer, the_earlier_of_two_timers_ends_a_sleep)
{
    for (int i = 0; i < 10; i++) {
        struct seen seen = {0, 1, 0};
        bool is_physical = i % 2 != 0;
        uint64_t flags = irq_save();
        uint64_t earlier = now() + time_ms_to_ticks(1);
        uint64_t later = earlier + time_ms_to_ticks(10 * LIMIT_MS);
        sensitive->timer_arm(is_physical ? later : earlier);
        arm(&seen, is_physical ? earlier : later);
        while (now() < earlier)
            sensitive->idle();
        uint64_t awake = now();
        timer_off();
        sensitive->timer_arm(cpu_ticks());
        irq_restore(flags);
        ASSERT_LT(awake, later);
        EXPECT_LT(awake, earlier + time_ms_to_ticks(HOST_MS));
        if (machine_option("icount"))
            EXPECT_LT(awake, earlier + time_us_to_ticks(LATE_US));
    }
    irq_register(CNTP_INTID, NULL, NULL);
}
