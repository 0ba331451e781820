/* SPDX-License-Identifier: MIT */
/*
 * mm/page.c and mm/carve.c: nothing is given out twice, everything comes back.
 */
#include "fakes/panic.h"

#include "fakes/memory.h"

#include "ktf.h"

KTF_SUITE(page, .setup = fake_memory);

static size_t pages_of(struct pa_range range)
{
    return (align_up(range.base.pa + range.bytes, PAGE_SIZE) -
            align_down(range.base.pa, PAGE_SIZE)) >>
           PAGE_SHIFT;
}

KTF_TEST(page, every_page_is_somewhere)
{
    size_t array = pages_of(machine.memory.at[0]) * sizeof(struct page);
    size_t taken = pages_of(machine.image) + pages_of(machine.dtb) + pages_of(machine.bundle) +
                   pages_of(machine.reserved.at[0]) + align_up(array, PAGE_SIZE) / PAGE_SIZE;

    EXPECT_EQ(page_nr_free() + page_nr_free_guest() + taken, FAKE_RAM_BYTES / PAGE_SIZE);
    EXPECT_GE(page_nr_free(), (size_t)CONFIG_POOL_MIB << (20 - PAGE_SHIFT));
    EXPECT_TRUE(is_aligned(page_mapped_range().base.pa, BLOCK_2M));
    EXPECT_TRUE(is_aligned(page_mapped_range().bytes, BLOCK_2M));
}

KTF_TEST(page, what_is_taken_belongs_to_nobody)
{
    EXPECT_EQ(page_owner(machine.image.base), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(machine.dtb.base), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_add(machine.bundle.base, machine.bundle.bytes)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(machine.reserved.at[0].base), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE - 1)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE + FAKE_RAM_BYTES)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(UINT64_MAX)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE)), PAGE_OWNER_FREE);
}

KTF_TEST(page, taken_ranges_may_overlap_and_touch_the_edges)
{
    machine.reserved.nr = 3;
    machine.reserved.at[0] = (struct pa_range){pa_make(FAKE_RAM_BASE - PAGE_SIZE), 2 * PAGE_SIZE};
    machine.reserved.at[1] = (struct pa_range){machine.dtb.base, 3 * machine.dtb.bytes};
    machine.reserved.at[2] =
        (struct pa_range){pa_make(FAKE_RAM_BASE + FAKE_RAM_BYTES - PAGE_SIZE), BLOCK_2M};
    page_init();
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE + PAGE_SIZE)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_add(machine.dtb.base, 3 * machine.dtb.bytes - 1)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_add(machine.dtb.base, 3 * machine.dtb.bytes)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE + FAKE_RAM_BYTES - 1)), PAGE_OWNER_NOBODY);
}

KTF_TEST(page, memory_that_is_no_whole_page_is_left_out)
{
    machine.memory.at[0] = (struct pa_range){pa_make(FAKE_RAM_BASE + 1), FAKE_RAM_BYTES - 2};
    page_init();
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE)), PAGE_OWNER_NOBODY);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE + PAGE_SIZE)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_make(FAKE_RAM_BASE + FAKE_RAM_BYTES - 1)), PAGE_OWNER_NOBODY);
}

KTF_TEST(page, a_machine_without_room_for_the_pool_is_refused)
{
    machine.memory.at[0].bytes = 0x300000;
    EXPECT_PANIC(page_init());
    EXPECT_STREQ(panic_text, "no 6144 KiB of free memory near the image for the hypervisor");
}

KTF_TEST(page, pool_pages_are_zero_aligned_and_the_hypervisors)
{
    for (unsigned order = 0; order < 6; order++) {
        unsigned char *first = page_alloc(PAGE_OWNER_HV, order);
        unsigned char *second;

        ASSERT_NOT_NULL(first);
        EXPECT_TRUE(is_aligned(page_pa(first).pa, PAGE_SIZE << order));
        EXPECT_EQ(page_owner(pa_add(page_pa(first), (PAGE_SIZE << order) - 1)), PAGE_OWNER_HV);
        memset(first, 0xFF, PAGE_SIZE << order);
        page_free(first, order);
        EXPECT_EQ(page_owner(page_pa(first)), PAGE_OWNER_FREE);
        second = page_alloc(PAGE_OWNER_HV, order);
        EXPECT_EQ(second, first);
        for (size_t i = 0; i < PAGE_SIZE << order; i++)
            ASSERT_EQ(second[i], 0);
        page_free(second, order);
    }
}

KTF_TEST(page, the_pool_runs_out_and_comes_back)
{
    size_t before = page_nr_free();
    void *first = NULL;
    void *page;
    size_t nr = 0;

    while ((page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K))) {
        *(void **)page = first;
        first = page;
        nr++;
    }
    EXPECT_EQ(nr, before);
    EXPECT_EQ(page_nr_free(), 0);
    while (first) {
        page = first;
        first = *(void **)page;
        page_free(page, PAGE_ORDER_4K);
    }
    EXPECT_EQ(page_nr_free(), before);
    page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_2M); /* the pieces have merged again */
    ASSERT_NOT_NULL(page);
    page_free(page, PAGE_ORDER_2M);
    EXPECT_NULL(page_alloc(PAGE_OWNER_HV, PAGE_ORDER_MAX));
}

KTF_TEST(page, wrong_frees_are_found)
{
    void *page = page_alloc(PAGE_OWNER_HV, 1);
    pa_t block;

    ASSERT_TRUE(page_alloc_guest(3, PAGE_ORDER_2M, &block));
    EXPECT_PANIC(page_free(page, 0));
    lock = (struct spinlock){0};
    EXPECT_PANIC(page_free((char *)page + PAGE_SIZE, 0));
    lock = (struct spinlock){0};
    EXPECT_PANIC(page_free(page_va(block), PAGE_ORDER_2M));
    EXPECT_PANIC(page_free_guest(block, PAGE_ORDER_2M, 4));
    lock = (struct spinlock){0};
    EXPECT_PANIC(page_free_guest(page_pa(page), 0, 3));
    EXPECT_PANIC(page_free_guest(pa_make(0), 0, 3));
    page_free_guest(block, PAGE_ORDER_2M, 3);
    EXPECT_PANIC(page_free_guest(block, PAGE_ORDER_2M, 3));
    lock = (struct spinlock){0};
    page_free(page, 1);
    EXPECT_PANIC(page_free(page, 1));
}

KTF_TEST(page, books_that_do_not_add_up_are_found)
{
    guest_zone.nr_free--;
    EXPECT_PANIC(page_audit());
    memset(&lock, 0, sizeof(lock));
    guest_zone.nr_free++;
    EXPECT_EQ(page_audit(), 0);
}

KTF_TEST(page, a_block_may_come_back_in_pieces)
{
    size_t before = page_nr_free_guest();
    pa_t block;
    pa_t again;

    ASSERT_TRUE(page_alloc_guest(7, PAGE_ORDER_2M, &block));
    EXPECT_EQ(page_nr_free_guest(), before - 512);
    page_free_guest(pa_add(block, 5 * PAGE_SIZE), PAGE_ORDER_4K, 7);
    EXPECT_EQ(page_nr_free_guest(), before - 511);
    EXPECT_EQ(page_audit(), 511);
    EXPECT_EQ(page_owner(pa_add(block, 4 * PAGE_SIZE)), 7);
    EXPECT_EQ(page_owner(pa_add(block, 5 * PAGE_SIZE)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_add(block, 6 * PAGE_SIZE)), 7);
    EXPECT_EQ(page_owner(pa_add(block, BLOCK_2M - 1)), 7);
    for (unsigned i = 0; i < 512; i++) {
        if (i != 5)
            page_free_guest(pa_add(block, i * PAGE_SIZE), PAGE_ORDER_4K, 7);
    }
    EXPECT_EQ(page_nr_free_guest(), before);
    ASSERT_TRUE(page_alloc_guest(8, PAGE_ORDER_2M, &again));
    EXPECT_EQ(again.pa, block.pa);
    page_free_guest(again, PAGE_ORDER_2M, 8);
}

/* --- hand-over ----------------------------------------------------------------------------- */

KTF_TEST(page, a_block_is_handed_over_in_parts)
{
    pa_t block;

    fake_cache_flushed = fake_cache_code = 0;
    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M, &block));
    memset(page_va(block), 0x5A, BLOCK_2M);
    EXPECT_EQ(page_parts(block), 0);
    EXPECT_EQ(page_ready_part(pa_add(block, PAGE_PART_BYTES + 5), false), 2);
    EXPECT_EQ(fake_cache_flushed, PAGE_PART_BYTES);
    EXPECT_EQ(*(char *)page_va(pa_add(block, PAGE_PART_BYTES - 1)), 0x5A);
    EXPECT_EQ(*(char *)page_va(pa_add(block, PAGE_PART_BYTES)), 0);
    EXPECT_EQ(*(char *)page_va(pa_add(block, 2 * PAGE_PART_BYTES - 1)), 0);
    EXPECT_EQ(*(char *)page_va(pa_add(block, 2 * PAGE_PART_BYTES)), 0x5A);

    /* Not again. */
    memset(page_va(block), 0x5A, BLOCK_2M);
    EXPECT_EQ(page_ready_part(pa_add(block, PAGE_PART_BYTES), false), 2);
    EXPECT_EQ(*(char *)page_va(pa_add(block, PAGE_PART_BYTES)), 0x5A);
    EXPECT_EQ(fake_cache_flushed, PAGE_PART_BYTES);
    EXPECT_EQ(fake_cache_code, 0); /* it was nobody's before */
    for (uint64_t at = 0; at < BLOCK_2M; at += PAGE_PART_BYTES)
        (void)page_ready_part(pa_add(block, at), false);
    EXPECT_EQ(page_parts(block), PAGE_ALL_PARTS);
    EXPECT_EQ(fake_cache_flushed, BLOCK_2M);
    EXPECT_EQ(fake_windows_open, 0);
    page_free_guest(block, PAGE_ORDER_2M, 1);
}

KTF_TEST(page, who_is_next_has_to_be_handed_all_of_it)
{
    pa_t block;
    pa_t page;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M, &block));
    (void)page_ready_part(block, false);
    page_give_guest(block, PAGE_ORDER_2M, 1, 2);
    EXPECT_EQ(page_parts(block), 0);
    (void)page_ready_part(block, true);
    page_free_guest(block, PAGE_ORDER_2M, 2);

    /* It held somebody's code: instruction caches may. */
    fake_cache_flushed = fake_cache_code = 0;
    ASSERT_TRUE(page_alloc_guest(2, PAGE_ORDER_2M, &page));
    ASSERT_EQ(page.pa, block.pa);
    EXPECT_EQ(page_parts(page), 0);
    page_ready(pa_add(page, 3 * PAGE_SIZE + 7), false);
    EXPECT_EQ(fake_cache_code, PAGE_SIZE);
    fake_cache_dic = true;
    page_ready(page, false);
    EXPECT_EQ(fake_cache_code, PAGE_SIZE);
    fake_cache_fwb = true;
    page_ready(page, false);
    EXPECT_EQ(fake_cache_flushed, 2 * PAGE_SIZE);
    fake_cache_dic = fake_cache_fwb = false;
    page_free_guest(page, PAGE_ORDER_2M, 2);
}

KTF_TEST(page, cutting_a_block_leaves_what_is_ready_of_the_others)
{
    pa_t base;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M + 2, &base));
    for (unsigned i = 0; i < 4; i++)
        (void)page_ready_part(pa_add(base, i * (BLOCK_2M + PAGE_PART_BYTES)), false);
    page_free_guest(pa_add(base, BLOCK_2M), PAGE_ORDER_2M, 1);
    EXPECT_EQ(page_parts(base), 1);
    EXPECT_EQ(page_parts(pa_add(base, 2 * BLOCK_2M)), 4);
    EXPECT_EQ(page_parts(pa_add(base, 3 * BLOCK_2M)), 8);
    page_free_guest(base, PAGE_ORDER_2M, 1);
    page_free_guest(pa_add(base, 2 * BLOCK_2M), PAGE_ORDER_2M + 1, 1);
    for (unsigned i = 0; i < 4; i++)
        EXPECT_EQ(parts_of(pa_add(base, i * BLOCK_2M))->ready, 0);
}

KTF_TEST(page, a_page_of_the_pool_knows_that_a_guest_sees_it)
{
    void *page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

    fake_cache_flushed = 0;
    EXPECT_FALSE(page_is_shown(page_pa(page)));
    page_show(page);
    EXPECT_EQ(fake_cache_flushed, PAGE_SIZE);
    EXPECT_TRUE(page_is_shown(page_pa(page)));
    page_free(page, PAGE_ORDER_4K);
    EXPECT_FALSE(page_is_shown(page_pa(page)));
    EXPECT_PANIC(page_show(page));
}

/* --- budgets ------------------------------------------------------------------------------- */

#define UNIT (1u << PAGE_RESERVE_ORDER)

/* Takes all that a budget, or the pool, still has in single pages; returns how many. */
static size_t use_up(uint32_t owner, void **first)
{
    size_t nr = 0;
    void *page;

    while ((page = page_alloc(owner, PAGE_ORDER_4K))) {
        *(void **)page = *first;
        *first = page;
        nr++;
    }
    return nr;
}

KTF_TEST(page, a_budget_is_set_aside_and_comes_back)
{
    size_t before = page_nr_free();
    void *pages_of_4 = NULL;

    ASSERT_TRUE(page_reserve(4, 3 * UNIT));
    EXPECT_EQ(page_nr_free(), before - 3 * UNIT);
    EXPECT_EQ(page_budget(4).nr_pages, 3 * UNIT);
    EXPECT_EQ(page_budget(4).nr_used, 0);
    EXPECT_EQ(page_audit(), 3 * UNIT);
    EXPECT_EQ(use_up(4, &pages_of_4), 3 * UNIT);
    EXPECT_EQ(page_budget(4).nr_used, 3 * UNIT);
    EXPECT_EQ(page_owner(page_pa(pages_of_4)), PAGE_OWNER_HV);
    EXPECT_EQ(page_audit(), 3 * UNIT);
    EXPECT_PANIC(page_unreserve(4)); /* not while some of it is used */
    lock = (struct spinlock){0};
    fake_give_back(pages_of_4);
    EXPECT_EQ(page_budget(4).nr_used, 0);
    page_unreserve(4);
    page_unreserve(4); /* there is none: harmless */
    EXPECT_EQ(page_budget(4).nr_pages, 0);
    EXPECT_NULL(page_alloc(4, PAGE_ORDER_4K));
    EXPECT_EQ(page_nr_free(), before);
    EXPECT_EQ(page_audit(), 0);
}

KTF_TEST(page, what_is_not_left_is_not_set_aside)
{
    size_t before = page_nr_free();

    EXPECT_FALSE(page_reserve(1, align_down(before, UNIT) + UNIT));
    EXPECT_EQ(page_nr_free(), before);
    EXPECT_EQ(page_budget(1).nr_pages, 0);
    ASSERT_TRUE(page_reserve(1, align_down(before, UNIT) - UNIT));
    EXPECT_FALSE(page_reserve(2, 2 * UNIT));
    page_unreserve(1);
    EXPECT_EQ(page_nr_free(), before);
}

/* Neither how many pages another VM has, nor in which pieces it left the pool, is in the way. */
KTF_TEST(page, a_budget_is_there_whatever_others_do)
{
    void *of_1 = NULL, *of_2 = NULL, *of_hv = NULL;
    void *tree;

    ASSERT_TRUE(page_reserve(1, 4 * UNIT));
    ASSERT_TRUE(page_reserve(2, 4 * UNIT));
    for (unsigned round = 0; round < 5; round++) {
        EXPECT_EQ(use_up(1, &of_1), 4 * UNIT);
        EXPECT_GT(use_up(PAGE_OWNER_HV, &of_hv), 0);
        tree = page_alloc(2, PAGE_RESERVE_ORDER);
        ASSERT_NOT_NULL(tree);
        EXPECT_EQ(use_up(2, &of_2), 3 * UNIT);
        page_free(tree, PAGE_RESERVE_ORDER);
        fake_give_back(of_2);
        fake_give_back(of_1);
        fake_give_back(of_hv);
        of_1 = of_2 = of_hv = NULL;
    }
    page_unreserve(1);
    page_unreserve(2);
    EXPECT_EQ(page_audit(), 0);
}

/* --- at random ----------------------------------------------------------------------------- */

#define NR_PAGES (FAKE_RAM_BYTES / PAGE_SIZE)

static uint16_t owners[NR_PAGES]; /* what they should be */

struct held {
    pa_t base;
    unsigned order;
    uint32_t owner;
};

static void set_owner(pa_t base, unsigned order, uint32_t from, uint32_t to)
{
    size_t first = (base.pa - FAKE_RAM_BASE) >> PAGE_SHIFT;

    for (size_t i = first; i < first + ((size_t)1 << order); i++) {
        ASSERT_EQ(owners[i], from);
        owners[i] = (uint16_t)to;
    }
}

/* Of memory of which some is taken, any block that is free; nothing else. */
KTF_TEST(page, guest_memory_can_be_claimed_by_its_address)
{
    size_t before = page_nr_free_guest();
    pa_t first, base;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M + 1, &first));
    base = pa_add(first, BLOCK_2M);
    page_free_guest(base, PAGE_ORDER_2M, 1);
    EXPECT_FALSE(page_claim_guest(2, first, PAGE_ORDER_2M));
    EXPECT_FALSE(page_claim_guest(2, first, PAGE_ORDER_4K));
    EXPECT_FALSE(page_claim_guest(2, first, PAGE_ORDER_2M + 1));
    EXPECT_FALSE(page_claim_guest(2, pa_add(base, PAGE_SIZE), 1)); /* not aligned */
    EXPECT_FALSE(page_claim_guest(2, pa_make(0), 0));              /* not memory */
    EXPECT_FALSE(page_claim_guest(2, page_mapped_range().base, 0));
    EXPECT_TRUE(page_claim_guest(2, pa_add(base, 5 * PAGE_SIZE), 0));
    EXPECT_TRUE(page_claim_guest(2, pa_add(base, BLOCK_2M / 2), PAGE_ORDER_2M - 1));
    EXPECT_FALSE(page_claim_guest(2, base, PAGE_ORDER_2M));
    EXPECT_EQ(page_owner(pa_add(base, 4 * PAGE_SIZE)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_add(base, 5 * PAGE_SIZE)), 2);
    EXPECT_EQ(page_owner(pa_add(base, 6 * PAGE_SIZE)), PAGE_OWNER_FREE);
    EXPECT_EQ(page_owner(pa_add(base, BLOCK_2M - 1)), 2);
    EXPECT_EQ(page_nr_free_guest(), before - 512 - 1 - 256);
    EXPECT_EQ(page_audit(), 512 + 1 + 256);
    page_free_guest(pa_add(base, 5 * PAGE_SIZE), 0, 2);
    page_free_guest(pa_add(base, BLOCK_2M / 2), PAGE_ORDER_2M - 1, 2);
    page_free_guest(first, PAGE_ORDER_2M, 1);
    EXPECT_EQ(page_nr_free_guest(), before);
    EXPECT_TRUE(page_claim_guest(2, first, PAGE_ORDER_2M + 1));
    page_free_guest(first, PAGE_ORDER_2M + 1, 2);
}

/* It is in nobody's books, and stale to whoever claims it. */
KTF_TEST(page, what_devices_have_is_for_who_claims_it)
{
    pa_t base;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M, &base));
    memset(page_va(base), 0xA5, BLOCK_2M);
    page_give_guest(base, PAGE_ORDER_2M, 1, PAGE_OWNER_DEVICE);
    EXPECT_EQ(page_owner(base), PAGE_OWNER_DEVICE);
    EXPECT_EQ(page_audit(), 0);
    EXPECT_FALSE(page_claim_guest(2, pa_make(base.pa & ~BLOCK_2M), PAGE_ORDER_2M + 1));
    ASSERT_TRUE(page_claim_guest(2, pa_add(base, PAGE_SIZE), 0));
    ASSERT_TRUE(page_claim_guest(2, base, 0));
    EXPECT_EQ(page_owner(base), 2);
    EXPECT_EQ(page_owner(pa_add(base, 2 * PAGE_SIZE)), PAGE_OWNER_DEVICE);
    page_ready(base, false);
    EXPECT_EQ(*(unsigned char *)page_va(base), 0);
    page_free_guest(base, 0, 2);
}

static bool take(struct held *held)
{
    held->order = (unsigned)(fake_random() % 11);
    held->owner = (uint32_t)(fake_random() % 9);
    if (held->owner == 0 || held->owner == 8) { /* 8: what is set aside for it */
        void *page = page_alloc(held->owner == 0 ? PAGE_OWNER_HV : 8, held->order % 6);

        held->order %= 6;
        held->base = page_pa(page);
        held->owner = PAGE_OWNER_HV;
        return page != NULL;
    }
    if (fake_random() % 4 > 0)
        return page_alloc_guest(held->owner, held->order, &held->base);
    held->base = pa_make(FAKE_RAM_BASE +
                         align_down(fake_random() % FAKE_RAM_BYTES, PAGE_SIZE << held->order));
    return page_claim_guest(held->owner, held->base, held->order);
}

static void give_back(const struct held *held)
{
    unsigned order = held->order;

    if (held->owner == PAGE_OWNER_HV) {
        page_free(page_va(held->base), order);
        return;
    }
    if (order > 0 && fake_random() % 2)
        order = (unsigned)(fake_random() % order);
    for (uint64_t i = 0; i < UINT64_C(1) << held->order; i += UINT64_C(1) << order)
        page_free_guest(pa_add(held->base, i << PAGE_SHIFT), order, held->owner);
}

KTF_TEST(page, at_random_no_page_has_two_owners)
{
    static struct held held[300];
    size_t nr_held = 0;
    size_t pool_before = page_nr_free();
    size_t guest_before = page_nr_free_guest();

    memset(owners, 0, sizeof(owners));
    ASSERT_TRUE(page_reserve(8, 9 * UNIT));
    for (unsigned i = 0; i < 40000; i++) {
        if (nr_held < 300 && fake_random() % 2) {
            if (take(&held[nr_held])) {
                EXPECT_TRUE(is_aligned(held[nr_held].base.pa, PAGE_SIZE << held[nr_held].order));
                set_owner(held[nr_held].base, held[nr_held].order, 0, held[nr_held].owner);
                nr_held++;
            }
        } else if (nr_held > 0) {
            size_t which = fake_random() % nr_held;

            set_owner(held[which].base, held[which].order, held[which].owner, 0);
            give_back(&held[which]);
            held[which] = held[--nr_held];
        }
        size_t probe = fake_random() % NR_PAGES;
        uint32_t owner = page_owner(pa_make(FAKE_RAM_BASE + (probe << PAGE_SHIFT)));

        ASSERT_TRUE(owner == owners[probe] || (owner == PAGE_OWNER_NOBODY && owners[probe] == 0));
    }
    while (nr_held > 0)
        give_back(&held[--nr_held]);
    page_unreserve(8);
    EXPECT_EQ(page_nr_free(), pool_before);
    EXPECT_EQ(page_nr_free_guest(), guest_before);
    EXPECT_EQ(page_audit(), 0);

    /* Every block has merged again: as after page_init(). */
    uint32_t orders = guest_zone.orders;
    page_init();
    EXPECT_EQ(orders, guest_zone.orders);
}
