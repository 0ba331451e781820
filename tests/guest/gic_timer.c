/* SPDX-License-Identifier: MIT */
/*
 * The timers' interrupts (PPIs 27 and 30): levels that rise and fall with the timers, whatever
 * state the interrupt is in. A change of the level may take the controller a little while to see.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "sensitive/sensitive.h"

#define PHYSICAL_TIMER_INTID 30
#define PRIORITY             0x40
#define NR_ROUNDS            3

#define CTL_ENABLE 1u
#define CTL_IMASK  2u
#define CTL_STATUS 4u

struct timer {
    const char *name;
    bool physical;
};

static const struct timer timers[] = {{"CNTV", false}, {"CNTP", true}};

static void describe(const struct timer *timer, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", timer->name);
}

static uint32_t intid_of(const struct timer *timer)
{
    return timer->physical ? PHYSICAL_TIMER_INTID : machine.timer_intid;
}

static void set_ctl(const struct timer *timer, uint64_t value)
{
    if (timer->physical)
        write_sysreg(cntp_ctl_el0, value);
    else
        write_sysreg(cntv_ctl_el0, value);
    isb();
}

static void set_cval(const struct timer *timer, uint64_t value)
{
    if (timer->physical)
        write_sysreg(cntp_cval_el0, value);
    else
        write_sysreg(cntv_cval_el0, value);
    isb();
}

static uint64_t read_ctl(const struct timer *timer)
{
    return timer->physical ? read_sysreg(cntp_ctl_el0) : read_sysreg(cntv_ctl_el0);
}

/* --- the suite --- */

static bool split;

/* The kernel's own timer rests; both are test interrupts. */
static void setup(void)
{
    gic_rig_setup();
    sensitive->timer_disarm();
    split = false;
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        set_ctl(&timers[i], 0);
        set_cval(&timers[i], 0);
        gic_rig_enable(intid_of(&timers[i]), PRIORITY);
        gic_rig_write_bit(GICD_ICPENDR, intid_of(&timers[i]));
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        set_ctl(&timers[i], 0);
        gic_rig_write_bit(GICD_ICPENDR, intid_of(&timers[i]));
        gic_rig_write_bit(GICD_ICACTIVER, intid_of(&timers[i]));
        io_write8(gic_rig_priority(intid_of(&timers[i])), GIC_PRIORITY);
    }
    gic_rig_write_bit(GICD_ICENABLER, PHYSICAL_TIMER_INTID);
    gic_rig_write_bit(GICD_ISENABLER, machine.timer_intid);
    gic_rig_teardown();
    sensitive->timer_arm(cpu_ticks());
}

KTF_SUITE(gic_timer, .suite_setup = gic_rig_need_gic, .setup = setup, .teardown = teardown);

static void become_due(const struct timer *timer)
{
    set_cval(timer, cpu_ticks());
    set_ctl(timer, CTL_ENABLE);
}

static bool is_presented(const struct timer *timer)
{
    return gic_rig_highest_pending() == intid_of(timer);
}

/* Takes it, however long the level takes to arrive; false if it does not come. */
static bool take(const struct timer *timer)
{
    return gic_rig_wait(is_presented(timer)) && gic_rig_take() == intid_of(timer);
}

static void end(const struct timer *timer)
{
    gic_rig_end(intid_of(timer));
    if (split)
        gic_rig_deactivate(intid_of(timer));
}

static bool is_pending(const struct timer *timer)
{
    return gic_rig_read_bit(GICD_ISPENDR, intid_of(timer));
}

static bool is_active(const struct timer *timer)
{
    return gic_rig_read_bit(GICD_ISACTIVER, intid_of(timer));
}

/* The level falls, and what was not taken until then comes no more. */
static void expect_withdrawn(const struct timer *timer)
{
    EXPECT_TRUE(gic_rig_wait(!is_presented(timer)));
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(is_pending(timer));
}

/* --- the level falls before the interrupt is taken --- */

KTF_TEST_EACH(gic_timer, turned_off_it_interrupts_no_more, struct timer, timers, describe)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        become_due(param);
        ASSERT_TRUE(gic_rig_wait(is_presented(param)));
        set_ctl(param, 0);
        expect_withdrawn(param);
    }
}

KTF_TEST_EACH(gic_timer, moved_on_it_interrupts_no_more, struct timer, timers, describe)
{
    become_due(param);
    ASSERT_TRUE(gic_rig_wait(is_presented(param)));
    set_cval(param, cpu_ticks() + time_ms_to_ticks(1000000));
    expect_withdrawn(param);
    set_cval(param, cpu_ticks());
    EXPECT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

KTF_TEST_EACH(gic_timer, masked_it_interrupts_when_it_is_unmasked, struct timer, timers, describe)
{
    become_due(param);
    ASSERT_TRUE(gic_rig_wait(is_presented(param)));
    set_ctl(param, CTL_ENABLE | CTL_IMASK);
    expect_withdrawn(param);
    set_ctl(param, CTL_ENABLE);
    EXPECT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

/* Behind one that is more urgent it waits, and is withdrawn there. */
KTF_TEST_EACH(gic_timer, turned_off_behind_another_it_interrupts_no_more, struct timer, timers,
              describe)
{
    gic_rig_enable(RIG_SPI, PRIORITY / 2);
    gic_rig_pend(RIG_SPI);
    ASSERT_EQ(gic_rig_take(), RIG_SPI);
    become_due(param);
    ASSERT_TRUE(gic_rig_wait(is_pending(param)));
    set_ctl(param, 0);
    EXPECT_TRUE(gic_rig_wait(!is_pending(param)));
    gic_rig_end(RIG_SPI);
    expect_withdrawn(param);
}

/* Pending by its level it stays so, whatever is written. */
KTF_TEST_EACH(gic_timer, due_it_cannot_be_withdrawn_by_a_write, struct timer, timers, describe)
{
    become_due(param);
    ASSERT_TRUE(gic_rig_wait(is_presented(param)));
    gic_rig_write_bit(GICD_ICPENDR, intid_of(param));
    EXPECT_TRUE(is_pending(param));
    EXPECT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

/* --- while the interrupt is active --- */

KTF_TEST_EACH(gic_timer, as_long_as_it_is_due_it_comes_again, struct timer, timers, describe)
{
    become_due(param);
    for (int i = 0; i < NR_ROUNDS; i++) {
        ASSERT_TRUE(take(param));
        EXPECT_TRUE(gic_rig_none());
        end(param);
    }
    ASSERT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

KTF_TEST_EACH(gic_timer, due_again_while_active_it_comes_again, struct timer, timers, describe)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        become_due(param);
        ASSERT_TRUE(take(param));
        set_cval(param, cpu_ticks() + time_us_to_ticks(200));
        ASSERT_TRUE(gic_rig_wait(read_ctl(param) & CTL_STATUS));
        EXPECT_TRUE(gic_rig_none());
        end(param);
        ASSERT_TRUE(take(param));
        set_ctl(param, 0);
        end(param);
        expect_withdrawn(param);
    }
}

static void disable_while_active(const struct timer *timer)
{
    uint32_t intid = intid_of(timer);

    become_due(timer);
    ASSERT_TRUE(take(timer));
    gic_rig_write_bit(GICD_ICENABLER, intid);
    gic_rig_settle();
    EXPECT_TRUE(is_active(timer));
    end(timer);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(is_active(timer));
    EXPECT_TRUE(gic_rig_wait(is_pending(timer)));
    gic_rig_write_bit(GICD_ISENABLER, intid);
    ASSERT_TRUE(take(timer));
    set_ctl(timer, 0);
    end(timer);
    expect_withdrawn(timer);
}

KTF_TEST_EACH(gic_timer, disabled_while_active_it_comes_when_it_is_enabled, struct timer, timers,
              describe)
{
    for (int i = 0; i < NR_ROUNDS; i++)
        disable_while_active(param);
}

KTF_TEST_EACH(gic_timer, the_same_if_ended_in_two_steps, struct timer, timers, describe)
{
    gic_rig_split_eoi(split = true);
    for (int i = 0; i < NR_ROUNDS; i++)
        disable_while_active(param);
}

/* Disabled, it falls and rises untold: what counts is its level when it is enabled. */
KTF_TEST_EACH(gic_timer, turned_off_while_disabled_it_does_not_come, struct timer, timers, describe)
{
    uint32_t intid = intid_of(param);

    become_due(param);
    ASSERT_TRUE(take(param));
    gic_rig_write_bit(GICD_ICENABLER, intid);
    gic_rig_settle();
    end(param);
    set_ctl(param, 0);
    gic_rig_write_bit(GICD_ISENABLER, intid);
    expect_withdrawn(param);
    become_due(param);
    EXPECT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
}

/* The priority drops first; it comes again once it is deactivated. */
KTF_TEST_EACH(gic_timer, in_two_steps_it_comes_after_the_second, struct timer, timers, describe)
{
    gic_rig_split_eoi(split = true);
    become_due(param);
    for (int i = 0; i < NR_ROUNDS; i++) {
        ASSERT_TRUE(take(param));
        EXPECT_EQ(gic_rig_running(), PRIORITY);
        gic_rig_end(intid_of(param));
        EXPECT_EQ(gic_rig_running(), RIG_IDLE);
        EXPECT_TRUE(gic_rig_none());
        EXPECT_TRUE(is_active(param));
        gic_rig_deactivate(intid_of(param));
    }
    ASSERT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

/* --- made active and pending by writes --- */

/* GICD_ICACTIVER ends what was left active: a kernel that starts anew does that. */
KTF_TEST_EACH(gic_timer, left_active_it_can_be_made_inactive, struct timer, timers, describe)
{
    gic_rig_split_eoi(true);
    become_due(param);
    ASSERT_TRUE(take(param));
    gic_rig_end(intid_of(param));
    set_ctl(param, 0);
    gic_rig_write_bit(GICD_ICACTIVER, intid_of(param));
    EXPECT_FALSE(is_active(param));
    gic_rig_split_eoi(false);
    for (int i = 0; i < NR_ROUNDS; i++) {
        become_due(param);
        ASSERT_TRUE(take(param));
        set_ctl(param, 0);
        end(param);
        expect_withdrawn(param);
    }
}

KTF_TEST_EACH(gic_timer, made_active_it_does_not_come, struct timer, timers, describe)
{
    gic_rig_write_bit(GICD_ISACTIVER, intid_of(param));
    become_due(param);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_TRUE(gic_rig_wait(is_pending(param)));
    gic_rig_write_bit(GICD_ICACTIVER, intid_of(param));
    ASSERT_TRUE(take(param));
    set_ctl(param, 0);
    end(param);
    expect_withdrawn(param);
}

KTF_TEST_EACH(gic_timer, made_pending_it_comes_once, struct timer, timers, describe)
{
    gic_rig_write_bit(GICD_ISPENDR, intid_of(param));
    ASSERT_TRUE(take(param));
    end(param);
    expect_withdrawn(param);
    gic_rig_write_bit(GICD_ISPENDR, intid_of(param));
    gic_rig_write_bit(GICD_ICPENDR, intid_of(param));
    expect_withdrawn(param);
}

/* --- when it is due --- */

KTF_TEST_EACH(gic_timer, it_is_due_from_its_value_on, struct timer, timers, describe)
{
    static const uint64_t values[] = {
        0, 1, UINT64_C(1) << 56, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bool is_due = values[i] <= cpu_ticks();
        set_cval(param, values[i]);
        set_ctl(param, CTL_ENABLE);
        EXPECT_EQ((read_ctl(param) & CTL_STATUS) != 0, is_due);
        if (!is_due) {
            EXPECT_TRUE(gic_rig_none());
            continue;
        }
        ASSERT_TRUE(take(param));
        set_ctl(param, 0);
        end(param);
        expect_withdrawn(param);
    }
}
