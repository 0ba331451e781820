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
    uint64_t *words = start;

    for (size_t i = 0; IS_ENABLED(CONFIG_POISON) && i < bytes / sizeof(*words); i++)
        words[i] = PATTERN;
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
    const uint64_t *words = start;

    for (size_t i = 0; IS_ENABLED(CONFIG_POISON) && i < bytes / sizeof(*words); i++) {
        if (words[i] != PATTERN)
            panic("freed memory was written at %p: %lx", (const void *)&words[i],
                  (unsigned long)words[i]);
    }
}
