/* SPDX-License-Identifier: MIT */
/*
 * Time: the clock goes on, sleeps are as long as asked for, and sleepers wake in order.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "support.h"
#include "threads/thread.h"

/* How late a sleep may end: other VMs and a busy host have their turn, too. */
#define LATE_MS 2000

KTF_SUITE(timer);

KTF_TEST(timer, the_clock_has_a_rate_and_never_goes_back)
{
    uint64_t last = cpu_ticks();

    EXPECT_GT(read_sysreg(cntfrq_el0), 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = cpu_ticks();
        ASSERT_GE(now, last);
        last = now;
    }
}

KTF_TEST(timer, ticks_convert_to_microseconds_and_back)
{
    EXPECT_EQ(time_ticks_to_us(read_sysreg(cntfrq_el0)), 1000000);
    EXPECT_EQ(time_ms_to_ticks(1000), read_sysreg(cntfrq_el0));
    EXPECT_EQ(time_us_to_ticks(1000000), read_sysreg(cntfrq_el0));
    EXPECT_EQ(time_ticks_to_us(time_us_to_ticks(1000)), 1000);
    /* A thousand years. */
    EXPECT_EQ(time_ticks_to_us(read_sysreg(cntfrq_el0) * 31536000000), 31536000000000000);
}

static const uint64_t sleeps_ms[] = {0, 1, 5, 10, 25, 50};

static void describe_sleep(const uint64_t *ms, char *text, size_t size)
{
    (void)snprintf(text, size, "%lu ms", *ms);
}

KTF_TEST_EACH(timer, a_sleep_is_as_long_as_asked_for, uint64_t, sleeps_ms, describe_sleep)
{
    uint64_t start = cpu_ticks();

    thread_sleep_ms(*param);
    uint64_t slept = cpu_ticks() - start;
    EXPECT_GE(slept, time_ms_to_ticks(*param));
    EXPECT_LT(slept, time_ms_to_ticks(*param + LATE_MS));
}

KTF_TEST(timer, a_deadline_in_the_past_does_not_block)
{
    uint64_t start = cpu_ticks();

    thread_sleep_until(0);
    EXPECT_LT(cpu_ticks() - start, time_ms_to_ticks(LATE_MS));
}

struct sleeper {
    uint64_t ms;
    uint64_t woke;
};

static void sleep_and_note(void *argument)
{
    struct sleeper *sleeper = argument;

    thread_sleep_ms(sleeper->ms);
    sleeper->woke = cpu_ticks();
}

KTF_TEST(timer, sleepers_wake_in_the_order_of_their_deadlines)
{
    struct sleeper sleepers[3] = {{900, 0}, {10, 0}, {400, 0}};
    struct thread *threads[3];

    for (int i = 0; i < 3; i++)
        threads[i] = thread_create("sleeper", sleep_and_note, &sleepers[i], NULL);
    for (int i = 0; i < 3; i++) {
        ASSERT_NOT_NULL(threads[i]);
        thread_join(threads[i]);
    }
    EXPECT_LT(sleepers[1].woke, sleepers[2].woke);
    EXPECT_LT(sleepers[2].woke, sleepers[0].woke);
}

/* The sleep of an idle machine ends by the timer's interrupt and by nothing else. */
KTF_TEST(timer, a_sleep_takes_interrupts_of_the_timer)
{
    uint64_t before = irq_count(machine.timer_intid);

    thread_sleep_ms(5);
    EXPECT_GT(irq_count(machine.timer_intid), before);
}

/* Ten sleeps in a row do not lose an interrupt. */
KTF_TEST(timer, sleeps_follow_each_other)
{
    uint64_t start = cpu_ticks();

    for (int i = 0; i < 10; i++)
        thread_sleep_ms(2);
    EXPECT_GE(cpu_ticks() - start, time_ms_to_ticks(20));
}
