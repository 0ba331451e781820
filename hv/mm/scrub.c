/* SPDX-License-Identifier: MIT */
/*
 * Zeroing by cache blocks, and the poison of freed memory.
 */
#include "mm/scrub.h"

#include "arch/cache.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "mm/page.h"
#include "mm/window.h"

/* The pattern of freed memory with CONFIG_POISON. */
#define POISON UINT64_C(0xDEADBEEFDEADBEEF)

static void poison_fill(void *start, size_t bytes)
{
    uint64_t *end = (uint64_t *)start + bytes / sizeof(*end);

    for (uint64_t *word = start; word < end; word++)
        *word = POISON;
}

static void poison_check(const void *start, size_t bytes)
{
    const uint64_t *end = (const uint64_t *)start + bytes / sizeof(*end);

    for (const uint64_t *word = start; word < end; word++) {
        if (*word != POISON)
            panic("freed memory was written at %p: %lx", (const void *)word, (unsigned long)*word);
    }
}

void scrub_pool(void *start, size_t bytes, bool stale)
{
    if (IS_ENABLED(CONFIG_POISON) && stale)
        poison_check(start, bytes);
    cache_zero(start, bytes);
}

static void scrub_mapped(void *start, size_t bytes, bool stale)
{
    scrub_pool(start, bytes, stale);
    if (!stale)
        return;
    /* A guest with its MMU off reads memory itself: there, too, nothing of the last owner. */
    cache_clean_poc(start, bytes);
    /* Nor may it execute what the last owner's code left in instruction caches. */
    cache_invalidate_instructions();
}

void scrub_guest(pa_t base, unsigned order, bool stale)
{
    if (order == PAGE_ORDER_2M) {
        scrub_mapped(window_map_block(base), BLOCK_2M, stale);
        window_unmap_block();
    } else {
        scrub_mapped(window_map(base), PAGE_SIZE, stale);
        window_unmap();
    }
}

void scrub_poison_pool(void *start, size_t bytes)
{
    if (IS_ENABLED(CONFIG_POISON))
        poison_fill(start, bytes);
}

void scrub_poison_guest(pa_t base, unsigned order)
{
    if (!IS_ENABLED(CONFIG_POISON))
        return;
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        poison_fill(window_map(pa_add(base, i << PAGE_SHIFT)), PAGE_SIZE);
        window_unmap();
    }
}
