/* SPDX-License-Identifier: MIT */
/*
 * Memory ranges of any length: the loop around calls that are bounded.
 */
#include "stile/hypercall.h"

typedef struct stile_result range_call(stile_ipa_t base, stile_nr_pages_t count);

static int64_t repeat(range_call *call, stile_ipa_t base, stile_nr_pages_t count, uint64_t *done)
{
    int64_t status = STILE_SUCCESS;
    uint64_t mapped = 0;

    while (mapped < count.pages) {
        uint64_t left = count.pages - mapped;
        uint64_t step = left < STILE_MEMORY_MAX_PAGES ? left : STILE_MEMORY_MAX_PAGES;
        struct stile_result result =
            call(stile_ipa(base.ipa + mapped * STILE_PAGE_SIZE), stile_nr_pages(step));

        status = result.status;
        /* No page, or more than asked for: no Stile answers so, and this would not end. */
        if (status == STILE_SUCCESS && result.value[0] - 1 >= step)
            status = STILE_NOT_SUPPORTED;
        if (status != STILE_SUCCESS)
            break;
        mapped += result.value[0];
    }
    if (done)
        *done = mapped;
    return status;
}

int64_t stile_memory_map_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done)
{
    return repeat(stile_memory_map, base, count, done);
}

int64_t stile_memory_unmap_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done)
{
    return repeat(stile_memory_unmap, base, count, done);
}

int64_t stile_memory_discard_all(stile_ipa_t base, stile_nr_pages_t count, uint64_t *done)
{
    return repeat(stile_memory_discard, base, count, done);
}
