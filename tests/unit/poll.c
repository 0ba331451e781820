/* SPDX-License-Identifier: MIT */
/*
 * Sleeping until a bit of the mailbox is set or a deadline has passed, and being kicked, in
 * sched/sched.c: whoever comes when, no wake-up is lost, and none is kept that was used.
 */
#include "sched_fake.h"

#define WORD UINT32_C(1)
#define PORT (UINT64_C(1) << 40) /* of that word */

/* Sleeps to the deadline, as far as the timer goes. */
static void pass_time(struct vcpu *parked)
{
    (void)parked;
    ASSERT_NE(deadlines[self->index], TIMER_NEVER);
    if (now < deadlines[self->index])
        now = deadlines[self->index];
    sched_timer();
}

/* Another CPU does something while this one sleeps; this CPU is interrupted. */
static void (*elsewhere)(struct vcpu *vcpu);
static void let_other_cpu(struct vcpu *parked)
{
    EXPECT_EQ(parked, &vcpu);
    EXPECT_EQ(vcpu.state, VCPU_BLOCKED);
    self = &pcpus[1];
    elsewhere(&vcpu);
    self = &pcpus[0];
    EXPECT_EQ(nr_kicks[0], 1);
}

static void setup(void)
{
    sched_fake_setup();
    while_asleep = pass_time;
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    vcpu.work = 0;
}

KTF_SUITE(poll, .setup = setup);

/* What leaving EL2 does. Returns the vCPU that runs then. */
static struct vcpu *leave_el2(void)
{
    struct vcpu *loaded = pcpus[0].current;
    uint32_t work = loaded->work;

    loaded->work = 0;
    return work & VCPU_WORK_RESCHED ? sched_switch(loaded) : loaded;
}

static void expect_awake(void)
{
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_EQ(vcpu.work, 0);
}

static void expect_asleep(void)
{
    EXPECT_EQ(vcpu.state, VCPU_BLOCKED);
    EXPECT_EQ(vcpu.work, VCPU_WORK_RESCHED);
}

KTF_TEST(poll, what_is_set_already_ends_it_at_once)
{
    mailbox.words[WORD].pending = PORT;
    sleep_poll(&vcpu, WORD, PORT | 1, TIMER_NEVER);
    expect_awake();
}

KTF_TEST(poll, other_bits_do_not)
{
    mailbox.words[WORD].pending = ~PORT;
    mailbox.words[WORD + 1].pending = PORT;
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    expect_asleep();
}

KTF_TEST(poll, no_ports_is_only_sleep)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        mailbox.words[i].pending = UINT64_MAX;
    sleep_poll(&vcpu, WORD, 0, now + 5000);
    expect_asleep();
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_EQ(now, 6000);
}

KTF_TEST(poll, one_that_is_parked_wakes_at_the_deadline)
{
    sleep_poll(&vcpu, WORD, PORT, now + 5000);
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_EQ(now, 6000);
    EXPECT_EQ(deadlines[0], TIMER_NEVER); /* and is not interrupted for it again */
}

KTF_TEST(poll, one_that_made_way_wakes_at_the_deadline)
{
    sched_wake(&other, VCPU_OFF);
    sleep_poll(&vcpu, WORD, PORT, now + 5000);
    EXPECT_EQ(leave_el2(), &other);
    EXPECT_FALSE(vcpu.loaded);
    EXPECT_EQ(deadlines[0], 6000);
    now = 5999;
    sched_timer();
    EXPECT_EQ(vcpu.state, VCPU_BLOCKED);
    now = 6000;
    sched_timer();
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_FALSE(list_empty(&vcpu.run_link));
}

KTF_TEST(poll, a_deadline_of_one_that_runs_again_is_over)
{
    sleep_poll(&vcpu, WORD, PORT, now + 5000);
    sleep_rouse(&vcpu);
    EXPECT_EQ(leave_el2(), &vcpu);
    sched_rearm();
    EXPECT_EQ(deadlines[0], TIMER_NEVER);
    sleep_block(&vcpu);
    EXPECT_EQ(vcpu.wake_ticks, TIMER_NEVER);
    EXPECT_EQ(vcpu.poll_ports, 0);
}

KTF_TEST(poll, a_timer_before_the_deadline_wakes_it)
{
    sched_wake(&other, VCPU_OFF);
    vcpu.vtimer.deadline = now + 300;
    sleep_poll(&vcpu, WORD, PORT, now + 5000);
    EXPECT_EQ(vcpu.wake_ticks, now + 300);
}

KTF_TEST(poll, a_wake_from_elsewhere_reaches_one_that_is_parked)
{
    while_asleep = let_other_cpu;
    elsewhere = sleep_rouse;
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_FALSE(vcpu.kicked);
}

KTF_TEST(poll, a_wake_reaches_one_that_made_way)
{
    sched_wake(&other, VCPU_OFF);
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    EXPECT_EQ(leave_el2(), &other);
    sleep_rouse(&vcpu);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_FALSE(list_empty(&vcpu.run_link));
}

KTF_TEST(poll, a_wake_before_the_switch_ends_the_sleep)
{
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    sleep_rouse(&vcpu);
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_EQ(vcpu.state, VCPU_READY);
}

KTF_TEST(poll, who_does_not_sleep_is_not_woken)
{
    sleep_rouse(&vcpu);
    sleep_block(&vcpu);
    expect_asleep();
}

/* --- kicks --------------------------------------------------------------------------------- */

KTF_TEST(poll, a_kick_ends_a_sleep_once)
{
    sleep_block(&vcpu);
    sleep_kick(&vcpu);
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_FALSE(vcpu.kicked);
    sleep_block(&vcpu);
    expect_asleep();
}

KTF_TEST(poll, a_kick_from_elsewhere_reaches_one_that_is_parked)
{
    while_asleep = let_other_cpu;
    elsewhere = sleep_kick;
    sleep_block(&vcpu);
    EXPECT_EQ(leave_el2(), &vcpu);
    EXPECT_FALSE(vcpu.kicked);
}

KTF_TEST(poll, a_kick_is_kept_and_two_are_as_one)
{
    sleep_kick(&vcpu);
    sleep_kick(&vcpu);
    sleep_block(&vcpu);
    expect_awake();
    sleep_block(&vcpu);
    expect_asleep();
}

KTF_TEST(poll, a_kick_ends_a_poll_too)
{
    sleep_kick(&vcpu);
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    expect_awake();
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    expect_asleep();
}

KTF_TEST(poll, one_that_is_queued_or_off_keeps_its_kick)
{
    sched_wake(&other, VCPU_OFF);
    sleep_kick(&other);
    EXPECT_TRUE(other.kicked);
    sched_remove(&other);
    sleep_kick(&other);
    EXPECT_EQ(other.state, VCPU_STOPPED);
}

KTF_TEST(poll, a_paused_one_is_woken_and_waits)
{
    sched_wake(&other, VCPU_OFF);
    sleep_poll(&vcpu, WORD, PORT, TIMER_NEVER);
    EXPECT_EQ(leave_el2(), &other);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    sleep_kick(&vcpu);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_TRUE(list_empty(&vcpu.run_link));
}
