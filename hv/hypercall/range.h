/* SPDX-License-Identifier: MIT */
/*
 * The range of pages that most memory calls begin with.
 */
#ifndef HYPERCALL_RANGE_H
#define HYPERCALL_RANGE_H

#include "mm/stage2.h"
#include "stile/abi.h"

/**
 * The number of the first argument that is wrong, the base's or the count's, or 0; of a call that
 * takes @most pages.
 */
static inline unsigned range_bad_of(stile_ipa_t base, stile_nr_pages_t count, uint64_t most)
{
    if (!is_aligned(base.ipa, PAGE_SIZE) || base.ipa >= STAGE2_IPA_END)
        return 1;
    if (count.pages == 0 || count.pages > most ||
        count.pages << PAGE_SHIFT > STAGE2_IPA_END - base.ipa)
        return 2;
    return 0;
}

/** The same for most calls. */
static inline unsigned range_bad_argument(stile_ipa_t base, stile_nr_pages_t count)
{
    return range_bad_of(base, count, STILE_MEMORY_MAX_PAGES);
}

/** The same for what is shared, which may be all there is. */
static inline unsigned range_bad_large(stile_ipa_t base, stile_nr_pages_t count)
{
    return range_bad_of(base, count, STAGE2_IPA_END >> PAGE_SHIFT);
}

#endif
