/* SPDX-License-Identifier: MIT */
/*
 * The clock: nanoseconds out of ticks. A reader meanwhile is tests/lib/threads/clock.c's.
 */
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
    {1, 1, 1},
    {2, 1, UINT64_MAX},
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

KTF_TEST(clock, a_change_of_the_base_is_none_of_the_time)
{
    uint32_t vm = stile_fake_start(NULL);
    const struct stile_clock *clock = &stile_fake_vm_page(vm)->clock;

    stile_fake_set_ticks(3 * STILE_FAKE_TICKS_PER_SEC);
    stile_fake_set_clock(vm, 1);
    EXPECT_EQ(clock->base_ticks, 3 * STILE_FAKE_TICKS_PER_SEC);
    EXPECT_EQ(stile_clock_ns(clock), 3000000000);
    stile_fake_set_ticks(4 * STILE_FAKE_TICKS_PER_SEC);
    EXPECT_EQ(stile_clock_ns(clock), 4000000000);
}

KTF_TEST(clock, without_a_multiplier_it_is_the_counter)
{
    struct stile_clock clock = {.shift = 63, .base_ticks = 7, .base_ns = 8, .wall_ns = 9};
    uint64_t wall = 1;

    stile_fake_set_ticks(STILE_FAKE_TICKS_PER_SEC + 1);
    EXPECT_EQ(stile_clock_read(&clock, &wall), 1000000016);
    EXPECT_EQ(wall, 0);
    EXPECT_EQ(stile_clock_of_counter(UINT64_C(1) << 59), UINT64_C(1) << 63);
}
