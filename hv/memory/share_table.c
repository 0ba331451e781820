/* SPDX-License-Identifier: MIT */
/*
 * The tables of shares and of loans. A handle is a place in the first and how often that place was
 * used.
 */
#include "memory/share_table.h"

#include "lib/check.h"
#include "mm/page.h"

_Static_assert(NR_SHARES <= INDEX_MASK + 1, "a handle holds it");
_Static_assert(NR_LOANS == 64, "so many bits has struct sharer");
_Static_assert(NR_LOANS * sizeof(struct loan) <= PAGE_SIZE, "they are a page");

struct spinlock share_lock;
struct share shares[NR_SHARES];
struct sharer sharers[CONFIG_NR_VMS];

/* --- shares -------------------------------------------------------------------------------- */

struct share *share_make(const struct vm *vm, uint32_t peer, const struct share_offer *offer)
{
    struct sharer *sharer = sharer_of(vm);
    uint32_t taken = sharer->in_use | (offer->kept ? 0 : sharer->reserved);
    unsigned place = (unsigned)__builtin_ctz(~taken);
    uint32_t index = (vm->id - 1) * STILE_SHARES_MAX + place;

    if (taken == IN_USE_ALL)
        return NULL;
    struct share *share = &shares[index];
    uint32_t use = (share->handle >> INDEX_BITS) + 1;

    use += use >> (32 - INDEX_BITS); /* never 0 */
    share->handle = use << INDEX_BITS | index;
    share->owner = vm->id;
    share->peer = peer;
    share->offer = *offer;
    share->settled = 0;
    share->loan = NULL;
    share->state = SHARE_OFFERED;
    sharer->in_use |= 1u << place;
    return share;
}

void share_free(struct share *share)
{
    struct sharer *sharer = &sharers[share->owner - 1];
    struct stage2_locked locked = stage2_lock(&sharer->vm->stage2);

    CHECK(!share->loan);
    share->state = SHARE_FREE;
    sharer->in_use &= ~(1u << (share->handle & INDEX_MASK) % STILE_SHARES_MAX);
    stage2_unlock(locked);
}

/* --- loans --------------------------------------------------------------------------------- */

bool loans_open(const struct vm *vm)
{
    sharer_of(vm)->loans = page_alloc(vm->id, PAGE_ORDER_4K);
    return sharer_of(vm)->loans;
}

void loans_close(const struct vm *vm)
{
    struct sharer *sharer = sharer_of(vm);

    CHECK(sharer->lent == 0);
    if (sharer->loans)
        page_free(sharer->loans, PAGE_ORDER_4K);
    sharer->loans = NULL;
}

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
    loan->state = LOAN_MAKING;
    loan->handle = share->handle;
    loan->owner = owner_of(share)->number;
    loan->rights = (uint8_t)wish->rights;
    loan->offered = (uint8_t)share->offer.rights;
    loan->share = share;
    loan->range.base = wish->base;
    loan->range.bytes = wish->bytes;
    loan->range.mapped = 0;
    loan->range.lent = 0;
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
