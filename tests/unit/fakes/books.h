/* SPDX-License-Identifier: MIT */
/*
 * For tests that look at all VMs' memory at once: is every page mapped only where it belongs?
 * Included by a file that includes memory/share.c, after it and after ktf.h.
 */
#ifndef FAKES_BOOKS_H
#define FAKES_BOOKS_H

#include "mm/page.h"
#include "mm/stage2_pte.h"

/* Whether an accepted share has the page at that place of the VM's. */
static inline bool books_is_accepted(const struct vm *vm, uint64_t ipa, pa_t pa)
{
    for (const struct share *share = shares; share < &shares[NR_SHARES]; share++) {
        struct stage2_mapping mapping;
        uint64_t offset = ipa - share->peer_base.ipa;

        if (share->state == SHARE_ACCEPTED && peer_of(share) == vm && offset < share->offer.bytes &&
            stage2_lookup(&owner_of(share)->stage2, ipa_add(share->offer.base, offset), &mapping) &&
            mapping.pa.pa == pa.pa)
            return true;
    }
    return false;
}

/* Checks one page or block. Returns how many pages of it are the VM's own. */
static inline uint64_t books_leaf(const struct vm *vm, uint64_t leaf, uint64_t bytes, uint64_t ipa)
{
    uint32_t attrs = stage2_leaf_attrs(leaf);
    pa_t pa = pa_make(leaf & PTE_ADDRESS);

    if (attrs & STAGE2_OWNED) {
        EXPECT_EQ(page_owner(pa), vm->id);
        EXPECT_EQ(page_owner(pa_add(pa, bytes - PAGE_SIZE)), vm->id);
        EXPECT_EQ(attrs & (STAGE2_BORROWED | STAGE2_DEVICE), 0);
        return bytes >> PAGE_SHIFT;
    }
    EXPECT_EQ(attrs & STAGE2_FRESH, 0);
    if (attrs & STAGE2_BORROWED) {
        EXPECT_TRUE(books_is_accepted(vm, ipa, pa));
        EXPECT_EQ(attrs & STAGE2_EXECUTE, 0);
    } else if (attrs & STAGE2_DEVICE) {
        EXPECT_EQ(page_owner(pa), PAGE_OWNER_NOBODY);
    } else {
        EXPECT_EQ(page_owner(pa), PAGE_OWNER_HV);
        EXPECT_TRUE(page_is_shown(pa));
    }
    return 0;
}

/** books_table() - check all that a table of a VM's stage 2, at @ipa, maps; pages as above */
static inline uint64_t books_table(const struct vm *vm, uint64_t *table, unsigned level,
                                   uint64_t ipa)
{
    uint64_t nr = 0;

    for (unsigned i = 0; i < PTE_NR_ENTRIES; i++, ipa += pte_span(level)) {
        if (pte_is_table(table[i], level))
            nr += books_table(vm, pte_table(table[i]), level + 1, ipa);
        else if (table[i] != 0)
            nr += books_leaf(vm, table[i], pte_span(level), ipa);
    }
    return nr;
}

#endif
