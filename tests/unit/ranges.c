/* SPDX-License-Identifier: MIT */
/*
 * dev/ranges.c and mm/carve.c: sets of made-up ranges, against a map with a byte for each address
 * or page.
 */
#include <string.h>

#include "fakes/memory.h"

#include "ktf.h"

#define NR_ADDRESSES 600

static struct ranges set;
static uint8_t has[NR_ADDRESSES + 1];

static void setup(void)
{
    set.nr = 0;
    memset(has, 0, sizeof(has));
}

KTF_SUITE(ranges, .setup = setup);

static bool add(uint64_t base, uint64_t bytes)
{
    return ranges_add(&set, (struct pa_range){pa_make(base), bytes});
}

/* In ascending order, apart, not empty, and of just these addresses. */
static void expect_as_mapped(void)
{
    uint64_t at = 0;

    for (uint32_t i = 0; i < set.nr; i++) {
        const struct pa_range *range = &set.at[i];

        ASSERT_TRUE(range->bytes > 0 && (i == 0 || range->base.pa > at));
        for (; at < range->base.pa; at++)
            ASSERT_FALSE(has[at]);
        for (; at < ranges_end(range); at++)
            ASSERT_TRUE(has[at]);
    }
    for (; at < NR_ADDRESSES; at++)
        ASSERT_FALSE(has[at]);
}

KTF_TEST(ranges, are_what_was_added)
{
    for (unsigned round = 0; round < 300; round++) {
        uint64_t longest = 1 + fake_random() % 40;

        setup();
        for (unsigned i = 0; i < 60; i++) {
            uint64_t base = fake_random() % (NR_ADDRESSES - 40);
            uint64_t bytes = fake_random() % longest;

            memset(has + base, 1, bytes);
            ASSERT_TRUE(add(base, bytes));
            expect_as_mapped();
        }
    }
}

KTF_TEST(ranges, touching_is_one)
{
    EXPECT_TRUE(add(100, 10));
    EXPECT_TRUE(add(120, 10));
    EXPECT_EQ(set.nr, 2);
    EXPECT_TRUE(add(110, 10));
    ASSERT_EQ(set.nr, 1);
    EXPECT_EQ(set.at[0].base.pa, 100);
    EXPECT_EQ(set.at[0].bytes, 30);
}

KTF_TEST(ranges, reach_to_the_end_of_all_addresses)
{
    EXPECT_TRUE(add(UINT64_MAX - 9, 10));
    EXPECT_TRUE(add(UINT64_MAX - 99, UINT64_MAX));
    ASSERT_EQ(set.nr, 1);
    EXPECT_EQ(set.at[0].base.pa, UINT64_MAX - 99);
    EXPECT_EQ(ranges_end(&set.at[0]), UINT64_MAX);
    EXPECT_TRUE(add(0, UINT64_MAX));
    EXPECT_EQ(set.nr, 1);
    EXPECT_EQ(set.at[0].bytes, UINT64_MAX);
}

KTF_TEST(ranges, too_many_change_nothing)
{
    for (uint64_t i = 0; i < RANGES_MAX; i++)
        ASSERT_TRUE(add(10 * (RANGES_MAX - i), 5));
    EXPECT_EQ(set.nr, RANGES_MAX);
    EXPECT_FALSE(add(7, 1));
    EXPECT_FALSE(add(10000, 1));
    EXPECT_EQ(set.nr, RANGES_MAX);
    EXPECT_TRUE(add(10, 15)); /* joins two */
    EXPECT_TRUE(add(10000, 1));
    EXPECT_EQ(set.nr, RANGES_MAX);
}

/* --- what is left free --------------------------------------------------------------------- */

#define NR_PAGES 200

static struct carve carve;
static uint8_t taken[NR_PAGES];

static void take(uint64_t base, uint64_t bytes)
{
    if (bytes > 0)
        memset(taken + base / PAGE_SIZE, 1,
               align_up(base + bytes, PAGE_SIZE) / PAGE_SIZE - base / PAGE_SIZE);
    carve_take(&carve, (struct pa_range){pa_make(base), bytes});
}

/* Walks the gaps of @within, as page_init() does; each is as large as it can be. */
static void expect_gaps(struct pa_range within)
{
    uint64_t end = ranges_end(&within);
    uint64_t at = align_up(within.base.pa, PAGE_SIZE) / PAGE_SIZE;

    for (;;) {
        struct pa_range gap = carve_next(&carve, within);

        if (gap.bytes == 0)
            break;
        ASSERT_TRUE(is_aligned(gap.base.pa | gap.bytes, PAGE_SIZE));
        for (; at < gap.base.pa / PAGE_SIZE; at++)
            ASSERT_TRUE(taken[at]);
        for (; at < ranges_end(&gap) / PAGE_SIZE; at++)
            ASSERT_FALSE(taken[at]);
        within = (struct pa_range){pa_make(ranges_end(&gap)), end - ranges_end(&gap)};
    }
    for (; at < end / PAGE_SIZE; at++)
        ASSERT_TRUE(taken[at]);
}

KTF_TEST(ranges, gaps_are_what_nobody_took)
{
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t nr = fake_random() % 30;
        uint64_t start = fake_random() % (50 * PAGE_SIZE);
        uint64_t bytes = fake_random() % (140 * PAGE_SIZE);

        memset(taken, 0, sizeof(taken));
        machine = (struct machine){0};
        carve_init(&carve);
        for (uint64_t i = 0; i < nr; i++)
            take(fake_random() % (180 * PAGE_SIZE), fake_random() % (8 * PAGE_SIZE));
        expect_gaps((struct pa_range){pa_make(start), bytes});
    }
}

KTF_TEST(ranges, a_gap_is_found_where_it_fits)
{
    struct pa_range all = {pa_make(0), NR_PAGES * PAGE_SIZE};
    struct pa_range found;

    machine = (struct machine){0};
    carve_init(&carve);
    take(0, 3 * PAGE_SIZE + 1);
    take(9 * PAGE_SIZE, PAGE_SIZE);
    found = carve_find(&carve, all, PAGE_SIZE, PAGE_SIZE);
    EXPECT_EQ(found.base.pa, 4 * PAGE_SIZE);
    found = carve_find(&carve, all, 4 * PAGE_SIZE, 8 * PAGE_SIZE);
    EXPECT_EQ(found.base.pa, 16 * PAGE_SIZE);
    found = carve_find(&carve, all, NR_PAGES * PAGE_SIZE, PAGE_SIZE);
    EXPECT_EQ(found.bytes, 0);
}
