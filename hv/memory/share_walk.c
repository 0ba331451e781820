/* SPDX-License-Identifier: MIT */
/*
 * What a VM is told of its shares: the next one, in the order of the handles.
 */
#include "lib/spinlock.h"
#include "memory/share.h"
#include "memory/share_table.h"
#include "mm/page.h"
#include "vm/vm.h"

static uint32_t what_of(uint32_t rights, const struct loan *loan, bool ended)
{
    rights |= loan && loan_is_told(loan) ? STILE_SHARE_ACCEPTED : 0;
    return rights | (ended ? STILE_SHARE_ENDED : 0);
}

static struct share_terms terms_of(const struct share *share)
{
    uint32_t rights = share->offer.rights | (share->offer.donated ? STILE_SHARE_DONATED : 0) |
                      (share->offer.page ? STILE_SHARE_DEVICE : 0);

    return (struct share_terms){share->handle, owner_of(share)->number, share->offer.peer,
                                share->offer.bytes >> PAGE_SHIFT,
                                what_of(rights, share->loan, share->state == SHARE_ENDING)};
}

static bool is_next(uint32_t handle, uint32_t after, const struct share_terms *best)
{
    return handle > after && (best->handle == 0 || handle < best->handle);
}

bool share_next_own(const struct vm *vm, uint32_t after, struct share_terms *terms)
{
    const struct share *share = shares_of(vm);

    *terms = (struct share_terms){.handle = 0};
    spin_lock(&share_lock);
    for (uint32_t in_use = sharer_of(vm)->in_use; in_use != 0; in_use >>= 1, share++)
        if ((in_use & 1) && is_next(share->handle, after, terms))
            *terms = terms_of(share);
    spin_unlock(&share_lock);
    return terms->handle != 0;
}

/* Of what the VM has accepted and its owner has ended. */
static void next_ended(const struct vm *vm, uint32_t after, struct share_terms *terms)
{
    const struct loan *loan = sharer_of(vm)->loans;

    for (uint64_t lent = sharer_of(vm)->lent; lent != 0; lent >>= 1, loan++)
        if ((lent & 1) && !loan->share && is_next(loan->handle, after, terms))
            *terms = (struct share_terms){loan->handle, loan->owner, vm->number,
                                          loan->range.bytes >> PAGE_SHIFT,
                                          what_of(loan->offered, loan, true)};
}

bool share_next_offered(const struct vm *vm, uint32_t after, struct share_terms *terms)
{
    *terms = (struct share_terms){.handle = 0};
    spin_lock(&share_lock);
    next_ended(vm, after, terms);
    for (const struct share *share = shares; share < &shares[NR_SHARES]; share++)
        if (share->state != SHARE_FREE && share->peer == vm->id &&
            is_next(share->handle, after, terms))
            *terms = terms_of(share);
    spin_unlock(&share_lock);
    return terms->handle != 0;
}
