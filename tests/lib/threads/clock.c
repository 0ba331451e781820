/* SPDX-License-Identifier: MIT */
/*
 * A clock that changes while threads read it: no reader mixes two generations, and the time goes
 * back for none of them, nor from one to another.
 */
#include <pthread.h>

#include "ktf.h"
#include "stile/clock.h"
#include "stile/fake.h"

#define CHANGES    30000
#define NR_READERS 3
#define TICK_NS    (1000000000 / STILE_FAKE_TICKS_PER_SEC)

/* Their difference shows in what order of numbers a reader has mixed two generations. */
#define SHIFT_OF(n) (1 + (uint32_t)(n) % 20)

static struct stile_clock clock_page;
static uint64_t latest; /* that any reader has read */
static bool stops;

KTF_SUITE(clock_threads, .setup = stile_fake_reset);

/* Fields that belong together: the counter is told in nanoseconds, by another shift each time. */
static void tell(uint64_t n, uint64_t wall_ns)
{
    uint64_t ticks = stile_fake_ticks();

    (void)__atomic_exchange_n(&clock_page.generation, (uint32_t)(2 * n - 1), __ATOMIC_ACQ_REL);
    __atomic_store_n(&clock_page.shift, SHIFT_OF(n), __ATOMIC_RELAXED);
    __atomic_store_n(&clock_page.multiplier, (uint64_t)TICK_NS << SHIFT_OF(n), __ATOMIC_RELAXED);
    __atomic_store_n(&clock_page.base_ticks, ticks, __ATOMIC_RELAXED);
    __atomic_store_n(&clock_page.base_ns, ticks * TICK_NS, __ATOMIC_RELAXED);
    __atomic_store_n(&clock_page.wall_ns, wall_ns, __ATOMIC_RELAXED);
    __atomic_store_n(&clock_page.generation, (uint32_t)(2 * n), __ATOMIC_RELEASE);
}

/* Between two looks at the counter, which are the time itself. */
static void read_once(void)
{
    uint64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
    uint64_t earliest = stile_fake_ticks() * TICK_NS;
    uint64_t wall;
    uint64_t ns = stile_clock_read(&clock_page, &wall);

    EXPECT_GE(ns, seen);
    EXPECT_GE(ns, earliest);
    EXPECT_LE(ns, stile_fake_ticks() * TICK_NS);
    EXPECT_TRUE(wall - ns == 1000 || wall - ns == 5);
    while (seen < ns && !__atomic_compare_exchange_n(&latest, &seen, ns, false, __ATOMIC_RELEASE,
                                                     __ATOMIC_RELAXED))
        ;
}

static void *read_always(void *unused)
{
    while (!__atomic_load_n(&stops, __ATOMIC_RELAXED))
        read_once();
    return unused;
}

KTF_TEST(clock_threads, steps_are_never_seen_half_done_and_time_never_goes_back)
{
    pthread_t readers[NR_READERS];

    tell(1, 5);
    for (int i = 0; i < NR_READERS; i++)
        ASSERT_EQ(pthread_create(&readers[i], NULL, read_always, NULL), 0);
    for (uint64_t n = 2; n < CHANGES; n++) {
        stile_fake_set_ticks(n * n); /* farther each time */
        tell(n, n % 2 == 0 ? 1000 : 5);
    }
    __atomic_store_n(&stops, true, __ATOMIC_RELAXED);
    for (int i = 0; i < NR_READERS; i++)
        (void)pthread_join(readers[i], NULL);
    EXPECT_EQ(stile_clock_ns(&clock_page), stile_fake_ticks() * TICK_NS);
}
