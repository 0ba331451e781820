/* SPDX-License-Identifier: MIT */
/*
 * The clock: nanoseconds out of ticks, and a reader that never mixes two generations.
 */
#include <pthread.h>
#include <stdio.h>

#include "ktf.h"
#include "stile/clock.h"
#include "stile/fake.h"

KTF_SUITE(clock, .setup = stile_fake_reset);

static uint64_t plain_ns(uint64_t multiplier, uint32_t shift, uint64_t ticks)
{
    __extension__ unsigned __int128 product = (unsigned __int128)multiplier * ticks;

    return (uint64_t)(product >> shift);
}

struct moment {
    uint64_t multiplier;
    uint32_t shift;
    uint64_t ticks;
};

static const struct moment moments[] = {
    {1, 0, 1},
    {1, 0, UINT64_MAX},
    {UINT64_MAX, 63, UINT64_MAX >> 1},
    {UINT64_C(16) << 24, 24, 62500000},
    {UINT64_C(16) << 24, 24, UINT64_C(62500000) * 3600 * 24 * 365 * 100},
    {0x28F5C28F5C28F5C2, 56, 123456789},
};

static void describe(const struct moment *moment, char *text, size_t size)
{
    (void)snprintf(text, size, "%llx >> %u", (unsigned long long)moment->multiplier, moment->shift);
}

KTF_TEST_EACH(clock, the_product_is_taken_in_128_bits, struct moment, moments, describe)
{
    EXPECT_EQ(stile_clock_ns_at(param->multiplier, param->shift, param->ticks),
              plain_ns(param->multiplier, param->shift, param->ticks));
}

KTF_TEST(clock, it_starts_with_the_vm)
{
    stile_fake_set_ticks(1000);
    const struct stile_clock *clock = &stile_fake_vm_page(stile_fake_start(NULL))->clock;

    EXPECT_EQ(stile_clock_ns(clock), 0);
    stile_fake_set_ticks(1000 + STILE_FAKE_TICKS_PER_SEC);
    EXPECT_EQ(stile_clock_ns(clock), 1000000000);
    EXPECT_EQ(stile_fake_calls(), 0);
}

KTF_TEST(clock, the_wall_clock_is_0_until_somebody_sets_it)
{
    uint32_t vm = stile_fake_start(NULL);
    const struct stile_clock *clock = &stile_fake_vm_page(vm)->clock;
    uint64_t wall = 1;

    (void)stile_clock_read(clock, &wall);
    EXPECT_EQ(wall, 0);
    stile_fake_set_clock(vm, 5000000000);
    stile_fake_set_ticks(STILE_FAKE_TICKS_PER_SEC);
    EXPECT_EQ(stile_clock_read(clock, &wall), 1000000000);
    EXPECT_EQ(wall, 6000000000);
}

/* --- a writer that never rests --- */

#define CHANGES 300000

static struct stile_clock changing;

/* All fields belong together: each is the generation's half, in its own way. */
static void change(uint64_t n)
{
    __atomic_store_n(&changing.generation, (uint32_t)(2 * n - 1), __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&changing.multiplier, n, __ATOMIC_RELAXED);
    __atomic_store_n(&changing.base_ticks, UINT64_MAX, __ATOMIC_RELAXED);
    __atomic_store_n(&changing.wall_ns, 7 * n, __ATOMIC_RELAXED);
    __atomic_store_n(&changing.generation, (uint32_t)(2 * n), __ATOMIC_RELEASE);
}

static void *writer(void *unused)
{
    for (uint64_t n = 2; n < CHANGES; n++)
        change(n);
    return unused;
}

KTF_TEST(clock, a_reader_never_sees_a_torn_value)
{
    pthread_t thread;
    uint64_t ns, wall;

    change(1);
    ASSERT_EQ(pthread_create(&thread, NULL, writer, NULL), 0);
    do {
        /* One tick after base_ticks, so that ns is the multiplier. */
        ns = stile_clock_read(&changing, &wall);
        if (wall != 8 * ns)
            EXPECT_FAIL("%llu ns and %llu", (unsigned long long)ns, (unsigned long long)wall);
    } while (ns < CHANGES - 1 && wall == 8 * ns);
    (void)pthread_join(thread, NULL);
}
