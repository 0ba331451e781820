/* SPDX-License-Identifier: MIT */
/*
 * The tables of shares and of loans. A handle is a place in the first and how often that place was
 * used.
 */
#include "memory/share_table.h"

#include "arch/clamp.h"
#include "lib/check.h"
#include "vm/vm.h"

_Static_assert(CONFIG_NR_VMS <= STILE_VMS_MAX && NR_SHARES <= INDEX_MASK + 1, "a handle holds it");
_Static_assert(NR_LOANS == 64, "so many bits has struct sharer");

struct share shares[NR_SHARES];
struct sharer sharers[CONFIG_NR_VMS];

/* --- shares -------------------------------------------------------------------------------- */

struct sharer *sharer_of(const struct vm *vm)
{
    return &sharers[vm->id - 1];
}

struct share *shares_of(const struct vm *vm)
{
    return &shares[(vm->id - 1) * STILE_SHARES_MAX];
}

struct share *share_of(uint32_t handle)
{
    uint32_t index = handle & INDEX_MASK;

    if (index >= NR_SHARES)
        return NULL;
    struct share *share = &shares[clamp(index, NR_SHARES)];
    return share->state != SHARE_FREE && share->handle == handle ? share : NULL;
}

struct share *share_make(const struct vm *vm, const struct share_offer *offer)
{
    struct sharer *sharer = sharer_of(vm);
    unsigned place = (unsigned)__builtin_ctz(~sharer->in_use);
    struct share *share = shares_of(vm) + place;
    uint32_t use = (share->handle >> INDEX_BITS) + 1;

    use += use >> (32 - INDEX_BITS); /* never 0 */
    share->handle = use << INDEX_BITS | ((vm->id - 1) * STILE_SHARES_MAX + place);
    share->owner = vm->id;
    share->offer = *offer;
    share->settled = 0;
    share->loan = NULL;
    share->state = SHARE_OFFERED;
    sharer->in_use |= 1u << place;
    return share;
}

void share_free(struct share *share)
{
    struct vm *owner = owner_of(share);
    struct stage2_locked locked = stage2_lock(&owner->stage2);

    CHECK(!share->loan);
    share->state = SHARE_FREE;
    sharer_of(owner)->in_use &= ~(1u << (share - shares_of(owner)));
    stage2_unlock(locked);
}

/* --- loans --------------------------------------------------------------------------------- */

struct loan *loan_of(const struct vm *vm, uint32_t handle)
{
    struct sharer *sharer = sharer_of(vm);
    struct loan *loan = sharer->loans;

    for (uint64_t lent = sharer->lent; lent != 0; lent >>= 1, loan++)
        if ((lent & 1) && loan->handle == handle)
            return loan;
    return NULL;
}

struct loan *loan_any(const struct vm *vm)
{
    struct sharer *sharer = sharer_of(vm);

    return sharer->lent != 0 ? &sharer->loans[__builtin_ctzll(sharer->lent)] : NULL;
}

struct loan *loan_make(const struct vm *vm, struct share *share, const struct share_wish *wish)
{
    struct sharer *sharer = sharer_of(vm);
    struct loan *loan;
    unsigned place;

    if (sharer->lent == UINT64_MAX)
        return NULL;
    place = (unsigned)__builtin_ctzll(~sharer->lent);
    loan = &sharer->loans[place];
    *loan = (struct loan){.state = LOAN_MAKING,
                          .handle = share->handle,
                          .owner = share->owner,
                          .rights = wish->rights,
                          .offered = share->offer.rights,
                          .share = share,
                          .range = {wish->base, wish->bytes, 0, 0}};
    sharer->lent |= UINT64_C(1) << place;
    share->loan = loan;
    return loan;
}

void loan_free(const struct vm *vm, struct loan *loan)
{
    struct sharer *sharer = sharer_of(vm);

    CHECK(loan->range.mapped == 0);
    if (loan->share)
        loan->share->loan = NULL;
    loan->state = LOAN_FREE;
    sharer->lent &= ~(UINT64_C(1) << (loan - sharer->loans));
}
