/* SPDX-License-Identifier: MIT */
/*
 * Waiting for events: vcpu_poll, vcpu_kick, and the timer of time_event.
 */
#include "arch/cpu.h"
#include "event_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "sensitive/sensitive.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS  3000
#define WAIT_MS   3
#define LONG_MS   2000
#define PERIOD_US 2000
#define NR_BEATS  10
#define NR_ROUNDS 200

KTF_SUITE(hc_event_wait, .suite_setup = event_rig_init, .setup = event_rig_start,
          .teardown = event_rig_stop);

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

static uint64_t in_ms(uint64_t ms)
{
    return cpu_ticks() + time_ms_to_ticks(ms);
}

static int64_t poll(uint32_t port, uint64_t deadline)
{
    return stile_vcpu_poll(port / 64, bit_of(port), stile_ticks(deadline)).status;
}

/* The rest of the case is on this CPU, and only what it waits for can end its sleep. */
static uint64_t begin_alone(void)
{
    uint64_t flags = irq_save();

    sensitive->timer_disarm();
    return flags;
}

static void end_alone(uint64_t flags)
{
    irq_restore(flags);
    thread_yield(); /* arms the kernel's timer anew */
}

static uint32_t bind_ipi(uint32_t cpu)
{
    return event_rig_port(stile_event_bind_ipi(stile_vcpu_id(cpu)));
}

static uint32_t bind_timer(uint32_t cpu)
{
    return event_rig_port(stile_event_bind_virq(STILE_VIRQ_TIMER, stile_vcpu_id(cpu)));
}

static int64_t arm(uint64_t deadline, uint64_t period)
{
    return stile_time_event(stile_ticks(deadline), stile_nr_ticks(period)).status;
}

/* --- poll ------------------------------------------------------------------------------------ */

KTF_TEST(hc_event_wait, poll_refuses_what_is_no_word)
{
    expect_bad(stile_vcpu_poll(STILE_PORT_WORDS, 1, stile_ticks(0)), 1);
    expect_bad(stile_vcpu_poll(UINT32_MAX, 0, stile_ticks(STILE_TIME_NEVER)), 1);
}

KTF_TEST(hc_event_wait, poll_returns_at_once_if_a_port_is_pending_masked_or_not)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_ipi(self);
    uint64_t end = in_ms(LONG_MS);

    EXPECT_EQ(stile_event_send(stile_port(port)).status, STILE_SUCCESS);
    EXPECT_EQ(poll(port, STILE_TIME_NEVER), STILE_SUCCESS);
    event_rig_unmask(self, port);
    EXPECT_EQ(poll(port, STILE_TIME_NEVER), STILE_SUCCESS);
    EXPECT_LT(cpu_ticks(), end);
    end_alone(flags);
}

KTF_TEST(hc_event_wait, poll_returns_at_once_if_the_deadline_has_passed)
{
    for (uint32_t word = 0; word < STILE_PORT_WORDS; word++) {
        EXPECT_EQ(stile_vcpu_poll(word, 0, stile_ticks(0)).status, STILE_SUCCESS);
        EXPECT_EQ(stile_vcpu_poll(word, 0, stile_ticks(cpu_ticks())).status, STILE_SUCCESS);
    }
}

KTF_TEST(hc_event_wait, poll_lasts_until_the_deadline)
{
    uint64_t flags = begin_alone();
    uint64_t deadline = in_ms(WAIT_MS);
    uint32_t nr_polls = 0;

    while (cpu_ticks() < deadline && nr_polls < 1000) {
        (void)stile_vcpu_poll(2, 0, stile_ticks(deadline));
        nr_polls++;
    }
    EXPECT_GE(cpu_ticks(), deadline);
    EXPECT_LE(nr_polls, 100); /* it did sleep */
    end_alone(flags);
}

static struct {
    uint32_t port;
    uint32_t cpu;
    uint64_t round;
    bool stop;
} other;

/* Waits until a round begins that is not @last, the one before; false when there is to be none. */
static bool next_round(uint64_t *last)
{
    while (!__atomic_load_n(&other.stop, __ATOMIC_ACQUIRE)) {
        uint64_t round = __atomic_load_n(&other.round, __ATOMIC_ACQUIRE);
        if (round != *last) {
            *last = round;
            return true;
        }
        thread_yield();
    }
    return false;
}

/* Sends once for each round that begins, a little later. */
static void send_each_round(void *argument)
{
    uint64_t round = 0;

    (void)argument;
    while (next_round(&round)) {
        (void)stile_event_send(stile_port(other.port));
        if (round % 4 == 0)
            (void)stile_vcpu_kick(stile_vcpu_id(other.cpu)); /* harmless, whenever it comes */
    }
}

static void await_rounds(void)
{
    uint64_t flags = begin_alone();

    other.cpu = smp_cpu()->index;
    EXPECT_EQ(stile_event_move(stile_port(other.port), stile_vcpu_id(other.cpu)).status,
              STILE_SUCCESS);
    for (uint64_t round = 1; round <= NR_ROUNDS; round++) {
        __atomic_store_n(&other.round, round, __ATOMIC_RELEASE);
        if (!event_rig_await(other.cpu, other.port, LIMIT_MS)) {
            EXPECT_FAIL("no event in round %lu", round);
            break;
        }
    }
    end_alone(flags);
}

KTF_TEST(hc_event_wait, poll_ends_when_another_vcpu_sends)
{
    if (smp_nr_online() < 2)
        SKIP("there is no other vCPU");
    other.port = bind_ipi(0);
    other.round = 0;
    other.stop = false;
    struct thread *thread = thread_create("sender", send_each_round, NULL, NULL);
    ASSERT_NOT_NULL(thread);
    await_rounds();
    __atomic_store_n(&other.stop, true, __ATOMIC_RELEASE);
    thread_join(thread);
}

/* --- kick ------------------------------------------------------------------------------------ */

KTF_TEST(hc_event_wait, kick_refuses_what_is_no_vcpu)
{
    expect_bad(stile_vcpu_kick(stile_vcpu_id(machine.nr_cpus)), 1);
    expect_bad(stile_vcpu_kick(stile_vcpu_id(UINT32_MAX)), 1);
}

/* A kick that was lost would leave the vCPU asleep until the deadline of a timer of its own. */
KTF_TEST(hc_event_wait, a_kick_of_oneself_ends_the_next_sleep)
{
    uint64_t flags = begin_alone();
    stile_vcpu_id_t self = stile_vcpu_id(smp_cpu()->index);
    uint64_t end = in_ms(LONG_MS);

    (void)stile_time_oneshot(stile_ticks(end));
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(stile_vcpu_kick(self).status, STILE_SUCCESS);
        EXPECT_EQ(stile_vcpu_block().status, STILE_SUCCESS);
        EXPECT_EQ(stile_vcpu_kick(self).status, STILE_SUCCESS);
        EXPECT_EQ(stile_vcpu_poll(2, 0, stile_ticks(STILE_TIME_NEVER)).status, STILE_SUCCESS);
    }
    EXPECT_LT(cpu_ticks(), end);
    end_alone(flags);
}

KTF_TEST(hc_event_wait, two_kicks_are_as_one)
{
    uint64_t flags = begin_alone();
    stile_vcpu_id_t self = stile_vcpu_id(smp_cpu()->index);
    uint64_t deadline = in_ms(WAIT_MS);
    uint32_t nr_polls = 0;

    (void)stile_vcpu_kick(self);
    (void)stile_vcpu_kick(self);
    while (cpu_ticks() < deadline && nr_polls < 1000) {
        (void)stile_vcpu_poll(2, 0, stile_ticks(deadline));
        nr_polls++;
    }
    EXPECT_GE(cpu_ticks(), deadline);
    end_alone(flags);
}

/* Kicks once for each round: the vCPU may be asleep by then, or about to, or not yet. */
static void kick_each_round(void *argument)
{
    uint64_t round = 0;

    (void)argument;
    while (next_round(&round))
        (void)stile_vcpu_kick(stile_vcpu_id(other.cpu));
}

KTF_TEST(hc_event_wait, no_kick_of_another_vcpu_is_lost)
{
    if (smp_nr_online() < 2)
        SKIP("there is no other vCPU");
    other.round = 0;
    other.stop = false;
    struct thread *thread = thread_create("kicker", kick_each_round, NULL, NULL);
    ASSERT_NOT_NULL(thread);

    uint64_t flags = begin_alone();
    other.cpu = smp_cpu()->index;
    for (uint64_t round = 1; round <= NR_ROUNDS; round++) {
        uint64_t end = in_ms(LIMIT_MS);
        __atomic_store_n(&other.round, round, __ATOMIC_RELEASE);
        (void)stile_vcpu_poll(2, 0, stile_ticks(end));
        if (cpu_ticks() >= end) {
            EXPECT_FAIL("the kick of round %lu was lost", round);
            break;
        }
    }
    end_alone(flags);
    __atomic_store_n(&other.stop, true, __ATOMIC_RELEASE);
    thread_join(thread);
}

/* --- time_event ------------------------------------------------------------------------------ */

KTF_TEST(hc_event_wait, a_timer_wants_a_port)
{
    uint64_t flags = irq_save();
    uint32_t self = smp_cpu()->index;

    EXPECT_EQ(arm(0, 0), STILE_NOT_BOUND);
    EXPECT_EQ(arm(STILE_TIME_NEVER, 0), STILE_NOT_BOUND);
    uint32_t port = bind_timer(self);
    EXPECT_EQ(arm(0, 0), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_is_pending(self, port));
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);
    EXPECT_FALSE(event_rig_is_pending(self, port));
    EXPECT_EQ(arm(0, 0), STILE_NOT_BOUND);
    irq_restore(flags);
}

KTF_TEST(hc_event_wait, a_period_has_a_least_length)
{
    uint64_t flags = irq_save();
    uint64_t least = time_us_to_ticks(STILE_PERIOD_MIN_US);

    (void)bind_timer(smp_cpu()->index);
    expect_bad(stile_time_event(stile_ticks(0), stile_nr_ticks(1)), 2);
    expect_bad(stile_time_event(stile_ticks(0), stile_nr_ticks(least - 1)), 2);
    expect_bad(stile_time_event(stile_ticks(STILE_TIME_NEVER), stile_nr_ticks(least)), 2);
    EXPECT_EQ(arm(STILE_TIME_NEVER - 1, least), STILE_SUCCESS);
    EXPECT_EQ(arm(STILE_TIME_NEVER - 1, UINT64_MAX), STILE_SUCCESS);
    EXPECT_EQ(arm(STILE_TIME_NEVER, 0), STILE_SUCCESS);
    irq_restore(flags);
}

KTF_TEST(hc_event_wait, a_timer_interrupts_who_runs)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_timer(self);
    uint64_t deadline = in_ms(WAIT_MS), end = in_ms(LIMIT_MS);

    event_rig_unmask(self, port);
    EXPECT_EQ(arm(deadline, 0), STILE_SUCCESS);
    while (!event_rig_is_pending(self, port) && cpu_ticks() < end)
        __asm__ volatile("yield"); /* and does not leave the guest */
    EXPECT_TRUE(event_rig_is_pending(self, port));
    EXPECT_GE(cpu_ticks(), deadline);
    end_alone(flags);
    EXPECT_TRUE(support_wait(event_rig_taken(self) == 1, LIMIT_MS));
}

KTF_TEST(hc_event_wait, a_timer_wakes_who_sleeps)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_timer(self);
    uint64_t deadline = in_ms(WAIT_MS), end = in_ms(LIMIT_MS);

    EXPECT_EQ(arm(deadline, 0), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_await(self, port, LIMIT_MS)); /* by poll, masked */
    EXPECT_GE(cpu_ticks(), deadline);

    deadline = in_ms(WAIT_MS);
    event_rig_unmask(self, port);
    EXPECT_EQ(arm(deadline, 0), STILE_SUCCESS);
    while (!event_rig_is_pending(self, port) && cpu_ticks() < end)
        (void)stile_vcpu_block(); /* by its interrupt */
    EXPECT_TRUE(event_rig_clear(self, port));
    EXPECT_GE(cpu_ticks(), deadline);
    EXPECT_LT(cpu_ticks(), end);
    end_alone(flags);
}

KTF_TEST(hc_event_wait, a_timer_that_is_disarmed_or_armed_anew_keeps_quiet)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_timer(self);

    EXPECT_EQ(arm(in_ms(WAIT_MS), 0), STILE_SUCCESS);
    EXPECT_EQ(arm(STILE_TIME_NEVER, 0), STILE_SUCCESS);
    (void)event_rig_clear(self, port); /* it may have been due before */
    EXPECT_FALSE(event_rig_await(self, port, 2 * WAIT_MS));
    EXPECT_EQ(arm(in_ms(WAIT_MS), time_us_to_ticks(PERIOD_US)), STILE_SUCCESS);
    EXPECT_EQ(arm(in_ms(LONG_MS), 0), STILE_SUCCESS);
    (void)event_rig_clear(self, port);
    EXPECT_FALSE(event_rig_await(self, port, 2 * WAIT_MS));
    EXPECT_EQ(stile_event_close(stile_port(port)).status, STILE_SUCCESS);
    end_alone(flags);
}

/* However late one is seen, the next is on the beat. */
KTF_TEST(hc_event_wait, a_periodic_timer_keeps_its_beat)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_timer(self);
    uint64_t period = time_us_to_ticks(PERIOD_US);
    uint64_t first = cpu_ticks() + period;

    EXPECT_EQ(arm(first, period), STILE_SUCCESS);
    for (uint64_t beat = 0; beat < NR_BEATS; beat++) {
        ASSERT_TRUE(event_rig_await(self, port, LIMIT_MS));
        ASSERT_GE(cpu_ticks(), first + beat * period);
    }
    EXPECT_EQ(arm(STILE_TIME_NEVER, 0), STILE_SUCCESS);
    end_alone(flags);
}

KTF_TEST(hc_event_wait, beats_that_nobody_sees_are_one)
{
    uint64_t flags = begin_alone();
    uint32_t self = smp_cpu()->index;
    uint32_t port = bind_timer(self);
    uint64_t period = time_us_to_ticks(PERIOD_US);

    event_rig_unmask(self, port);
    EXPECT_EQ(arm(cpu_ticks(), period), STILE_SUCCESS);
    uint64_t end = cpu_ticks() + 5 * period;
    irq_restore(flags);
    while (cpu_ticks() < end)
        thread_yield();
    EXPECT_EQ(event_rig_taken(self), 1);
    thread_sleep_ms(1);
    EXPECT_EQ(event_rig_taken(self), 1);
}

static uint32_t timer_ports[NR_CPUS];

static void wait_for_own_timer(uint32_t cpu)
{
    uint64_t deadline = in_ms(WAIT_MS);

    sensitive->timer_disarm();
    EXPECT_EQ(arm(deadline, 0), STILE_SUCCESS);
    EXPECT_TRUE(event_rig_await(cpu, timer_ports[cpu], LIMIT_MS));
    EXPECT_GE(cpu_ticks(), deadline);
}

KTF_TEST(hc_event_wait, every_vcpu_has_a_timer)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        timer_ports[cpu] = bind_timer(cpu);
    event_rig_on_each(wait_for_own_timer);
    thread_yield();
}
