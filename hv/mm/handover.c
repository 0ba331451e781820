/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance of what changes hands. Who owns it is mm/page.c's.
 */
#include "mm/handover.h"

#include "arch/cache.h"
#include "mm/poison.h"
#include "mm/window.h"

/* Memory itself gets what caches hold, and caches hold nothing. @code: nor instruction caches. */
static void settle(const void *at, size_t bytes, bool code)
{
    if (code && !cache_code_is_coherent())
        cache_flush_code(at, bytes);
    else if (!cache_has_fwb())
        cache_flush(at, bytes);
}

/* A window on a page, or on the block that a larger range lies in. */
static void *open_window(pa_t base, size_t bytes)
{
    enum window_memory kind = cache_has_fwb() ? WINDOW_CACHED : WINDOW_UNCACHED;

    if (bytes == PAGE_SIZE)
        return window_map(base, kind);
    return (char *)window_map_block(pa_make(align_down(base.pa, BLOCK_2M)), kind) +
           (base.pa & (BLOCK_2M - 1));
}

static void close_window(size_t bytes)
{
    if (bytes == PAGE_SIZE)
        window_unmap();
    else
        window_unmap_block();
}

void handover_zeroed(pa_t base, size_t bytes, bool stale)
{
    void *at = open_window(base, bytes);

    /* First: a dirty line of the last owner's must not be written back over the zeroes. */
    settle(at, bytes, stale);
    if (stale)
        poison_check(at, bytes);
    cache_zero(at, bytes);
    dsb_sy();
    close_window(bytes);
}

void handover_filled(pa_t base, size_t bytes, bool code)
{
    settle(open_window(base, bytes), bytes, code);
    close_window(bytes);
}

void handover_to_el2(void *start, size_t bytes, bool stale)
{
    if (stale)
        poison_check(start, bytes);
    cache_zero(start, bytes);
}

void handover_pool(const void *page)
{
    settle(page, PAGE_SIZE, false);
}
