/* SPDX-License-Identifier: MIT */
/*
 * Filling freed memory, and looking at it when it is used again.
 */
#include "mm/poison.h"

#include <stdint.h>

#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "mm/window.h"

#define PATTERN UINT64_C(0xDEADBEEFDEADBEEF)

void poison_pool(void *start, size_t bytes)
{
    uint64_t *end = (uint64_t *)start + bytes / sizeof(*end);

    if (!IS_ENABLED(CONFIG_POISON))
        return;
    for (uint64_t *word = start; word < end; word++)
        *word = PATTERN;
}

void poison_guest(pa_t base, unsigned order)
{
    if (!IS_ENABLED(CONFIG_POISON))
        return;
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        poison_pool(window_map(pa_add(base, i << PAGE_SHIFT), WINDOW_CACHED), PAGE_SIZE);
        window_unmap();
    }
}

void poison_check(const void *start, size_t bytes)
{
    const uint64_t *end = (const uint64_t *)start + bytes / sizeof(*end);

    if (!IS_ENABLED(CONFIG_POISON))
        return;
    for (const uint64_t *word = start; word < end; word++) {
        if (*word != PATTERN)
            panic("freed memory was written at %p: %lx", (const void *)word, (unsigned long)*word);
    }
}
