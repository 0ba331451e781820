/* SPDX-License-Identifier: MIT */
/*
 * For tests that look at all VMs' memory at once: is every page mapped only where it belongs?
 * Included after ktf.h.
 */
#ifndef FAKES_BOOKS_H
#define FAKES_BOOKS_H

#include "memory/share_table.h"
#include "mm/page.h"
#include "mm/stage2_pte.h"

/* Whether that is the page at a place of a share: the owner's, or one of the pool. */
static inline bool books_is_at(const struct share *share, uint64_t offset, pa_t pa)
{
    struct stage2_mapping mapping;

    if (share->offer.page)
        return page_pa(share->offer.page).pa == pa.pa;
    return stage2_lookup(&owner_of(share)->stage2, ipa_add(share->offer.base, offset), &mapping) &&
           mapping.pa.pa == pa.pa;
}

/* Whether a share of which the VM has something has the page at that place. */
static inline bool books_is_lent(const struct vm *vm, uint64_t ipa, pa_t pa)
{
    for (const struct share *share = shares; share < &shares[NR_SHARES]; share++) {
        const struct loan *loan = share->loan;
        uint64_t offset = loan ? ipa - loan->range.base.ipa : 0;

        if (share->state != SHARE_FREE && loan && peer_of(share) == vm &&
            offset < loan->range.lent && books_is_at(share, offset, pa))
            return true;
    }
    return false;
}

/* Whether the VM has a loan there that its owner has ended, or ends. */
static inline bool books_is_retired(const struct vm *vm, uint64_t ipa)
{
    const struct sharer *sharer = sharer_of(vm);

    for (unsigned i = 0; i < NR_LOANS && sharer->loans; i++) {
        const struct loan *loan = &sharer->loans[i];
        uint64_t offset = ipa - loan->range.base.ipa;

        if (loan->state != LOAN_FREE && offset >= loan->range.lent && offset < loan->range.mapped)
            return true;
    }
    return false;
}

/** books_loans() - check that loans and shares know of each other */
static inline void books_loans(const struct vm *vm)
{
    const struct sharer *sharer = sharer_of(vm);

    EXPECT_TRUE(!sharer->loans || vm->stage2.scratch);
    EXPECT_TRUE(sharer->loans || sharer->lent == 0);
    for (unsigned i = 0; i < NR_LOANS && sharer->loans; i++) {
        const struct loan *loan = &sharer->loans[i];

        EXPECT_EQ(loan->state != LOAN_FREE, sharer->lent >> i & 1);
        if (loan->state == LOAN_FREE)
            continue;
        EXPECT_LE(loan->range.lent, loan->range.mapped);
        EXPECT_LE(loan->range.mapped, loan->range.bytes);
        if (loan->share) {
            EXPECT_TRUE(loan->share->loan == loan && peer_of(loan->share) == vm);
            EXPECT_EQ(loan->share->handle, loan->handle);
        } else {
            EXPECT_TRUE(loan_is_told(loan) && loan->range.lent == 0);
        }
    }
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
        EXPECT_TRUE(books_is_lent(vm, ipa, pa));
        EXPECT_EQ(attrs & STAGE2_EXECUTE, 0);
    } else if (attrs & STAGE2_DEVICE) {
        EXPECT_EQ(page_owner(pa), PAGE_OWNER_NOBODY);
    } else if (vm->stage2.scratch && (leaf & S2_SCRATCH || leaf == vm->stage2.scratch[0])) {
        EXPECT_TRUE(books_is_retired(vm, ipa));
        EXPECT_TRUE(!(leaf & S2_SCRATCH) || page_va(pa) == vm->stage2.scratch);
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
        if (stage2_is_table(table[i], level))
            nr += books_table(vm, pte_table(table[i]), level + 1, ipa);
        else if (table[i] != 0)
            nr += books_leaf(vm, table[i], pte_span(level), ipa);
    }
    return nr;
}

#endif
