/* SPDX-License-Identifier: MIT */
/*
 * mm/page.c with CONFIG_POISON: a write to freed memory is found when the memory is used again.
 */
#undef CONFIG_POISON
#define CONFIG_POISON 1

#include "fakes/panic.h"

#include "fakes/memory.h"

#include "ktf.h"

KTF_SUITE(page_poison, .setup = fake_memory);

KTF_TEST(page_poison, a_write_to_a_freed_pool_page_is_found)
{
    char *page = page_alloc(PAGE_OWNER_HV, 0);

    page_free(page, 0);
    page[100] = 1;
    EXPECT_PANIC(for (;;)(void) page_alloc(PAGE_OWNER_HV, 0));
}

KTF_TEST(page_poison, a_write_to_freed_guest_memory_is_found)
{
    pa_t block;
    pa_t again;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M, &block));
    (void)page_ready_part(pa_add(block, BLOCK_2M - 1), false);
    page_free_guest(block, PAGE_ORDER_2M, 1);
    *(char *)page_va(pa_add(block, BLOCK_2M - 1)) = 1;
    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_2M, &again));
    ASSERT_EQ(again.pa, block.pa);
    EXPECT_PANIC(page_ready_part(pa_add(again, BLOCK_2M - 1), false));
}

KTF_TEST(page_poison, honest_use_goes_on)
{
    void *pool[40];
    pa_t guest[40];
    size_t before = page_nr_free() + page_nr_free_guest();

    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 40; i++) {
            pool[i] = page_alloc(PAGE_OWNER_HV, i % 4);
            ASSERT_NOT_NULL(pool[i]);
            ASSERT_TRUE(page_alloc_guest(2, i % 2 ? PAGE_ORDER_4K : PAGE_ORDER_2M, &guest[i]));
            for (uint64_t at = 0; at < BLOCK_2M && i % 2 == 0; at += PAGE_PART_BYTES)
                (void)page_ready_part(pa_add(guest[i], at), false);
            if (i % 2)
                page_ready(guest[i], false);
            memset(page_va(guest[i]), 0x77, PAGE_SIZE);
        }
        for (unsigned i = 0; i < 40; i++) {
            page_free(pool[i], i % 4);
            page_free_guest(guest[i], i % 2 ? PAGE_ORDER_4K : PAGE_ORDER_2M, 2);
        }
    }
    EXPECT_EQ(page_nr_free() + page_nr_free_guest(), before);
}
