/* SPDX-License-Identifier: MIT */
/*
 * virt/vtimer.c: the registers, the level of the interrupt, and what the scheduler is told.
 */
#include <string.h>

#include "virt/vtimer.c"

#include "ktf.h"

/* --- what it calls --- */

static struct {
    bool level;
    unsigned nr_levels, nr_rearmed, nr_events, nr_looks;
    bool is_closed; /* the event port */
} seen;

static struct vcpu vcpu;

static void set_ppi(struct vcpu *of, uint32_t intid, bool high)
{
    EXPECT_EQ(of, &vcpu);
    EXPECT_EQ(intid, 30);
    EXPECT_NE(high, seen.level);
    seen.level = high;
    seen.nr_levels++;
}

static const struct controller controller = {.set_ppi = set_ppi};
static struct vm vm = {.controller = &controller};
static struct vcpu vcpu = {.vm = &vm};

void sched_rearm(void)
{
    seen.nr_rearmed++;
}

bool events_timer(struct vcpu *of)
{
    EXPECT_EQ(of, &vcpu);
    seen.nr_events += !seen.is_closed;
    return !seen.is_closed;
}

void vgic_look_at_timer(struct vcpu *of)
{
    EXPECT_EQ(of, &vcpu);
    seen.nr_looks++;
}

static void set_now(uint64_t now)
{
    fake_sysreg_write("cntpct_el0", now);
}

static void setup(void)
{
    memset(&seen, 0, sizeof(seen));
    vcpu.vtimer = (struct vtimer){
        .event_ticks = TIMER_NEVER, .look_ticks = TIMER_NEVER, .deadline = TIMER_NEVER};
    set_now(1000);
}

KTF_SUITE(vtimer, .setup = setup);

/* Arms the timer for @cval. */
static void arm(uint64_t cval)
{
    vtimer_write(&vcpu, VTIMER_CVAL, cval);
    vtimer_write(&vcpu, VTIMER_CTL, TIMER_ENABLE);
}

KTF_TEST(vtimer, is_off_after_reset)
{
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), 0);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), UINT64_MAX);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_levels, 0);
}

KTF_TEST(vtimer, keeps_the_bits_it_has)
{
    vtimer_write(&vcpu, VTIMER_CVAL, UINT64_MAX);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), UINT64_MAX);
    vtimer_write(&vcpu, VTIMER_CTL, UINT64_MAX);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), TIMER_ENABLE | TIMER_IMASK);
}

KTF_TEST(vtimer, fires_when_it_is_due_and_not_before)
{
    arm(2000);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2000);
    EXPECT_EQ(seen.nr_rearmed, 1);
    set_now(1999);
    vtimer_expire(&vcpu);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), TIMER_ENABLE);
    set_now(2000);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), TIMER_ENABLE | TIMER_ISTATUS);
    vtimer_expire(&vcpu);
    EXPECT_TRUE(seen.level);
    /* Nothing more to wait for until the guest does something about it. */
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), UINT64_MAX);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_levels, 1);
}

KTF_TEST(vtimer, armed_in_the_past_fires_at_once)
{
    arm(999);
    EXPECT_TRUE(seen.level);
    EXPECT_EQ(seen.nr_rearmed, 0);
}

KTF_TEST(vtimer, the_level_falls_by_every_way_there_is)
{
    arm(999);
    vtimer_write(&vcpu, VTIMER_CTL, TIMER_ENABLE | TIMER_IMASK);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), TIMER_ENABLE | TIMER_IMASK | TIMER_ISTATUS);
    vtimer_write(&vcpu, VTIMER_CTL, TIMER_ENABLE);
    EXPECT_TRUE(seen.level);
    vtimer_write(&vcpu, VTIMER_CTL, 0);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), 0);
    vtimer_write(&vcpu, VTIMER_CTL, TIMER_ENABLE);
    EXPECT_TRUE(seen.level);
    vtimer_write(&vcpu, VTIMER_CVAL, 5000);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 5000);
    vtimer_write(&vcpu, VTIMER_TVAL, 0);
    EXPECT_TRUE(seen.level);
    vtimer_write(&vcpu, VTIMER_TVAL, 1);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 1001);
}

KTF_TEST(vtimer, a_timer_value_is_signed_and_has_32_bits)
{
    vtimer_write(&vcpu, VTIMER_TVAL, 500);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), 1500);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_TVAL), 500);
    set_now(1600);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_TVAL), 0xFFFFFF9C);
    vtimer_write(&vcpu, VTIMER_TVAL, 0xFFFFFFFF);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), 1599);
    vtimer_write(&vcpu, VTIMER_TVAL, UINT64_C(0xABC00000001));
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), 1601);
    set_now(5);
    vtimer_write(&vcpu, VTIMER_TVAL, 0x80000000);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), UINT64_C(5) - 0x80000000);
}

KTF_TEST(vtimer, the_scheduler_is_told_of_changes_only)
{
    arm(2000);
    EXPECT_EQ(seen.nr_rearmed, 1);
    vtimer_write(&vcpu, VTIMER_CVAL, 2000);
    vtimer_write(&vcpu, VTIMER_CTL, TIMER_ENABLE);
    EXPECT_EQ(seen.nr_rearmed, 1);
    vtimer_write(&vcpu, VTIMER_CTL, 0);
    EXPECT_EQ(seen.nr_rearmed, 2);
    vtimer_write(&vcpu, VTIMER_CVAL, 3000);
    EXPECT_EQ(seen.nr_rearmed, 2);
}

KTF_TEST(vtimer, reset_disarms_it)
{
    arm(999);
    vtimer_reset(&vcpu);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CTL), 0);
    EXPECT_EQ(vtimer_read(&vcpu, VTIMER_CVAL), 0);
}

/* --- time_event's --------------------------------------------------------------------------- */

KTF_TEST(vtimer, an_event_comes_once_when_it_is_due)
{
    vtimer_set_event(&vcpu, 2000, 0);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2000);
    EXPECT_EQ(seen.nr_rearmed, 1);
    set_now(1999);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 0);
    set_now(2000);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 1);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), TIMER_NEVER);
    set_now(9000);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 1);
}

KTF_TEST(vtimer, an_event_of_the_past_comes_at_once)
{
    vtimer_set_event(&vcpu, 0, 0);
    EXPECT_EQ(seen.nr_events, 1);
    EXPECT_EQ(seen.nr_rearmed, 0);
    vtimer_set_event(&vcpu, 1000, 0);
    EXPECT_EQ(seen.nr_events, 2);
}

KTF_TEST(vtimer, periodic_events_keep_their_beat)
{
    vtimer_set_event(&vcpu, 2000, 100);
    for (uint64_t beat = 0; beat < 50; beat++) {
        set_now(2000 + 100 * beat + beat); /* later and later */
        vtimer_expire(&vcpu);
        EXPECT_EQ(seen.nr_events, beat + 1);
        EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2100 + 100 * beat);
    }
}

KTF_TEST(vtimer, what_was_missed_is_left_out)
{
    vtimer_set_event(&vcpu, 2000, 100);
    set_now(2550);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 1);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2600);
    set_now(2700);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 2);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2800);
}

KTF_TEST(vtimer, a_period_beyond_all_time_does_not_come_again)
{
    vtimer_set_event(&vcpu, 900, UINT64_MAX);
    EXPECT_EQ(seen.nr_events, 1);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), TIMER_NEVER);
    vtimer_set_event(&vcpu, 0, UINT64_MAX - 1000);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), UINT64_MAX - 1000);
}

KTF_TEST(vtimer, never_disarms_the_event)
{
    vtimer_set_event(&vcpu, 2000, 100);
    vtimer_set_event(&vcpu, TIMER_NEVER, 0);
    EXPECT_EQ(seen.nr_rearmed, 2);
    set_now(3000);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 0);
}

KTF_TEST(vtimer, a_closed_port_disarms_the_event)
{
    vtimer_set_event(&vcpu, 2000, 100);
    seen.is_closed = true;
    set_now(2000);
    vtimer_expire(&vcpu);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), TIMER_NEVER);
}

KTF_TEST(vtimer, the_earlier_of_both_is_the_deadline)
{
    arm(3000);
    vtimer_set_event(&vcpu, 2000, 5000);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 2000);
    set_now(2000);
    vtimer_expire(&vcpu);
    EXPECT_FALSE(seen.level);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 3000);
    set_now(3000);
    vtimer_expire(&vcpu);
    EXPECT_TRUE(seen.level);
    EXPECT_EQ(seen.nr_events, 1);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 7000);
    vtimer_write(&vcpu, VTIMER_CVAL, 8000);
    EXPECT_EQ(vtimer_deadline(&vcpu.vtimer), 7000);
}

KTF_TEST(vtimer, reset_disarms_the_event)
{
    vtimer_set_event(&vcpu, 2000, 100);
    vtimer_reset(&vcpu);
    set_now(2000);
    vtimer_expire(&vcpu);
    EXPECT_EQ(seen.nr_events, 0);
}

/* --- looking at CNTV --- */

KTF_TEST(vtimer, a_look_is_asked_for_once_and_had_once)
{
    fake_sysreg_write("cntfrq_el0", 1000000);
    fake_sysreg_write("cnthp_cval_el2", TIMER_NEVER);
    vtimer_look_soon(&vcpu.vtimer);
    EXPECT_EQ(fake_sysreg_read("cnthp_cval_el2"), 1025);
    set_now(1010);
    vtimer_look_soon(&vcpu.vtimer);
    EXPECT_EQ(fake_sysreg_read("cnthp_cval_el2"), 1025);
    vtimer_look(&vcpu);
    EXPECT_EQ(seen.nr_looks, 0);
    set_now(1025);
    vtimer_look(&vcpu);
    vtimer_look(&vcpu);
    EXPECT_EQ(seen.nr_looks, 1);
}

/* However slow the machine, a guest that masks its interrupts goes on between two looks. */
KTF_TEST(vtimer, each_look_is_twice_as_late_as_the_one_before)
{
    uint64_t now = 1000, after = 25;

    fake_sysreg_write("cntfrq_el0", 1000000);
    fake_sysreg_write("cnthp_cval_el2", TIMER_NEVER);
    vtimer_look_soon(&vcpu.vtimer);
    for (uint32_t i = 0; i < 20; i++) {
        EXPECT_EQ(vcpu.vtimer.look_ticks, now + after);
        now += after;
        set_now(now);
        vtimer_look(&vcpu);
        vtimer_look_again(&vcpu.vtimer);
        after = after < 12800 ? 2 * after : after;
    }
    vcpu.vtimer.look_ticks = TIMER_NEVER;
    vtimer_look_soon(&vcpu.vtimer);
    EXPECT_EQ(vcpu.vtimer.look_ticks, now + 25);
}

KTF_TEST(vtimer, what_is_due_earlier_stays_so)
{
    fake_sysreg_write("cntfrq_el0", 1000000);
    fake_sysreg_write("cnthp_cval_el2", 1005);
    vtimer_look_soon(&vcpu.vtimer);
    EXPECT_EQ(fake_sysreg_read("cnthp_cval_el2"), 1005);
}
