/* SPDX-License-Identifier: MIT */
/*
 * Group memory: what pages hold, told to be needed no more.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/printk.h"
#include "machine/machine.h"
#include "memory_rig.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"
#include "support.h"

#define STAMP 0x5354414D50

/* Of the address space that shows a block; no process has it. */
#define SCRATCH_ASID 0xFE

KTF_SUITE(hc_memory_discard, .suite_setup = support_need_hypervisor);

static struct stile_result discard(uint64_t pa, uint64_t pages)
{
    return stile_memory_discard(stile_ipa(pa), stile_nr_pages(pages));
}

/** A block mapped for the test, with interrupts masked meanwhile. */
struct window {
    uint64_t root;
    uint64_t flags;
};

static struct window open_window(uint64_t block)
{
    uint64_t root = page_alloc_zeroed();
    struct space space = {root, SCRATCH_ASID};

    for (uint64_t at = 0; at < BLOCK_SIZE; at += PAGE_SIZE) /* as close_window() unmaps them */
        EXPECT_TRUE(map_range(root, USER_VA + at, block + at, PAGE_SIZE, MAP_KERNEL_DATA));
    struct window window = {root, irq_save()};
    space_use(&space);
    return window;
}

static void close_window(struct window window)
{
    space_use(NULL);
    for (uint64_t page = 0; page < BLOCK_PAGES; page++)
        (void)map_unmap_page(window.root, USER_VA + page * PAGE_SIZE);
    irq_restore(window.flags);
    map_free_user(window.root);
}

/* Another word in each page. */
static volatile uint64_t *word_of(uint64_t page)
{
    return (volatile uint64_t *)(USER_VA + page * PAGE_SIZE + 8 * page);
}

static void stamp(void)
{
    for (uint64_t page = 0; page < BLOCK_PAGES; page++)
        *word_of(page) = STAMP + page;
}

/* Which pages hold nothing any more; all others hold what stamp() wrote. */
static void expect_empty(uint64_t first, uint64_t nr)
{
    uint64_t nr_wrong = 0;

    for (uint64_t page = 0; page < BLOCK_PAGES; page++)
        nr_wrong += *word_of(page) != (page - first < nr ? 0 : STAMP + page);
    EXPECT_EQ(nr_wrong, 0);
}

KTF_TEST(hc_memory_discard, a_page_is_empty_when_it_is_touched_again)
{
    uint64_t pa = page_alloc();
    uint64_t owned = stile_core_info(STILE_INFO_PAGES).value[0];

    ASSERT_NE(pa, 0);
    for (int round = 0; round < 3; round++) {
        *(uint64_t *)phys_to_virt(pa + 8) = STAMP;
        expect_done(discard(pa, 1), 1);
        expect_done(discard(pa, 1), 1); /* nothing is left to be discarded */
        EXPECT_EQ(stile_core_info(STILE_INFO_PAGES).value[0], owned);
        EXPECT_EQ(*(uint64_t *)phys_to_virt(pa + 8), 0);
    }
    page_free(pa);
}

KTF_TEST(hc_memory_discard, a_whole_block_stays_one)
{
    uint64_t block = make_block();
    struct window window = open_window(block);

    for (int round = 0; round < 2; round++) {
        stamp();
        expect_empty(0, 0);
        expect_done(discard(block, BLOCK_PAGES), BLOCK_PAGES);
        EXPECT_EQ(stile_memory_query_length(stile_memory_query(stile_ipa(block))).bytes,
                  BLOCK_SIZE);
        expect_empty(0, BLOCK_PAGES);
    }
    close_window(window);
    free_block(block);
}

KTF_TEST(hc_memory_discard, of_a_block_only_what_is_told_goes)
{
    uint64_t block = make_block();
    struct window window = open_window(block);

    stamp();
    expect_done(discard(block + 3 * PAGE_SIZE, 5), 5);
    expect_empty(3, 5);
    stamp();
    for (uint64_t at = 0; at < BLOCK_PAGES;) { /* in single pages by now: not all at once */
        struct stile_result result = discard(block + at * PAGE_SIZE, BLOCK_PAGES - at);

        EXPECT_EQ(result.status, STILE_SUCCESS);
        if (result.status != STILE_SUCCESS)
            break;
        at += stile_memory_discard_done(result).pages;
    }
    expect_empty(0, BLOCK_PAGES);
    close_window(window);
    free_block(block);
}

/* The hypervisor touches for its VM: the page is handed over then, as when the VM does. */
static void touch_by_call(uint64_t pa)
{
    EXPECT_EQ(stile_console_write_buffer(stile_ipa(pa), stile_nr_bytes(1)).status, STILE_SUCCESS);
    printk("\n"); /* a line of its own */
}

KTF_TEST(hc_memory_discard, a_call_that_reads_finds_zeros)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    *(uint32_t *)phys_to_virt(pa) = 0xFFFFFFFF;
    expect_done(discard(pa, 1), 1);
    touch_by_call(pa);
    EXPECT_EQ(*(uint32_t *)phys_to_virt(pa), 0);
    page_free(pa);
}

/* Of the block one part was handed over: the pages of the others are empty as well. */
KTF_TEST(hc_memory_discard, a_block_of_which_only_a_part_was_touched)
{
    uint64_t block = make_block();
    struct fault fault = {0, 0, 0};

    expect_done(discard(block, BLOCK_PAGES), BLOCK_PAGES); /* none of it was */
    touch_by_call(block);
    expect_done(discard(block + PAGE_SIZE, 1), 1);
    EXPECT_FALSE(support_touch(block, true, &fault));
    struct window window = open_window(block);
    stamp();
    expect_done(discard(block, 1), 1);
    expect_empty(0, 1);
    close_window(window);
    free_block(block);
}

/* What the VM may do with a page is not changed by what it holds. */
KTF_TEST(hc_memory_discard, rights_stay)
{
    uint64_t pa = page_alloc();
    struct fault fault = {0, 0, 0};

    ASSERT_NE(pa, 0);
    expect_done(stile_memory_protect(stile_ipa(pa), stile_nr_pages(1), STILE_ACCESS_READ), 1);
    expect_done(discard(pa, 1), 1);
    EXPECT_FALSE(support_touch(pa, false, &fault));
    EXPECT_TRUE(support_touch(pa, true, &fault));
    expect_done(discard(pa, 1), 1); /* and before it is touched */
    expect_done(stile_memory_protect(stile_ipa(pa), stile_nr_pages(1), RWX), 1);
    EXPECT_FALSE(support_touch(pa, true, &fault));
    page_free(pa);
}

KTF_TEST(hc_memory_discard, only_memory_of_the_guests_is_discarded)
{
    uint64_t vm_page = stile_core_info(STILE_INFO_VM_PAGE).value[0];
    uint64_t end = support_beyond_memory();

    EXPECT_EQ(discard(end, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(discard(machine.gicd.base, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(discard(vm_page, 1).status, STILE_NOT_MAPPED);
    expect_bad(discard(end + 8, 1), 1);
    expect_bad(discard(end, 0), 2);
    expect_bad(discard(end, 513), 2);
}

KTF_TEST(hc_memory_discard, a_range_of_any_length)
{
    uint64_t block = make_block();
    uint64_t done = 0;

    EXPECT_EQ(stile_memory_discard_all(stile_ipa(block), stile_nr_pages(BLOCK_PAGES + 1), &done),
              STILE_NOT_MAPPED);
    EXPECT_EQ(done, BLOCK_PAGES);
    free_block(block);
}
