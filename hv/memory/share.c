/* SPDX-License-Identifier: MIT */
/*
 * Shares from acceptance to end. Offers are in memory/share_owner.c, what is kept of shares in
 * memory/share_table.c, what they do to tables of stage 2 in memory/share_map.c, walks in
 * memory/share_walk.c.
 */
#include "memory/share.h"

#include "lib/check.h"
#include "lib/is_enabled.h"
#include "lib/spinlock.h"
#include "memory/share_map.h"
#include "memory/share_table.h"
#include "memory/vmem.h"
#include "vm/mmio_map.h"
#include "vm/vm.h"

/* --- accept -------------------------------------------------------------------------------- */

/* Whether a step of the same acceptance may be what the peer asks for. */
static bool goes_on(const struct loan *loan, const struct share_wish *wish)
{
    return (loan->state == LOAN_MAKING || loan->state == LOAN_UNDOING) &&
           loan->range.base.ipa == wish->base.ipa && loan->rights == wish->rights;
}

static enum stile_error accept_check(const struct vm *vm, const struct share *share,
                                     const struct share_wish *wish)
{
    if (!share || share->peer != vm->id || share->state != SHARE_OFFERED)
        return STILE_NOT_FOUND;
    if (wish->bytes != share->offer.bytes)
        return STILE_INVALID_ARGUMENT;
    if (wish->donated != share->offer.donated || (wish->rights & ~share->offer.rights))
        return STILE_DENIED;
    if (share->loan)
        return goes_on(share->loan, wish) ? STILE_SUCCESS : STILE_BUSY;
    if (mmio_gap(&vm->mmio, wish->base, wish->bytes) < wish->bytes)
        return STILE_ALREADY_MAPPED;
    return STILE_SUCCESS;
}

/* What a VM needs for its first loan, and keeps for others: room for them, and scratch. */
static enum stile_error prepare_loans(struct vm *vm)
{
    struct stage2_locked locked;
    enum stile_error error;

    if (!loans_open(vm))
        return STILE_NO_MEMORY;
    locked = stage2_lock(&vm->stage2);
    error = stage2_make_scratch(locked);
    stage2_unlock(locked);
    if (error)
        loans_close(vm);
    return error;
}

/* Makes a loan, and sure that scratch can take its place. */
static enum stile_error begin_loan(struct vm *vm, struct share *share,
                                   const struct share_wish *wish)
{
    enum stile_error error = sharer_of(vm)->loans ? STILE_SUCCESS : prepare_loans(vm);

    if (error)
        return error;
    return loan_make(vm, share, wish) ? STILE_SUCCESS : STILE_LIMIT;
}

/* A step of undoing what was accepted in part. Returns why, in the end, or SHARE_AGAIN. */
static enum stile_error undo(struct vm *vm, struct loan *loan)
{
    enum stile_error error = loan->error;
    struct stage2_locked locked;

    share_unmap(vm, &loan->range);
    if (loan->range.mapped > 0)
        return SHARE_AGAIN;
    loan_free(vm, loan);
    if (!loan_any(vm)) { /* a call that fails leaves nothing behind */
        loans_close(vm);
        locked = stage2_lock(&vm->stage2);
        stage2_free_scratch(locked);
        stage2_unlock(locked);
    }
    return error;
}

/* A step of accepting what is lent. */
static enum stile_error borrow(struct vm *vm, struct share *share, const struct share_wish *wish)
{
    enum stile_error error = share->loan ? STILE_SUCCESS : begin_loan(vm, share, wish);
    struct loan *loan = share->loan;

    if (error)
        return error;
    if (loan->state == LOAN_MAKING) {
        error = share_lend(owner_of(share), vm, &share->offer, wish->rights, &loan->range);
        if (!error && loan->range.mapped < loan->range.bytes)
            return SHARE_AGAIN;
        loan->state = error ? LOAN_UNDOING : LOAN_HELD;
        loan->error = error;
    }
    return loan->state == LOAN_UNDOING ? undo(vm, loan) : STILE_SUCCESS;
}

static enum stile_error take(struct vm *vm, struct share *share, const struct share_wish *wish)
{
    enum stile_error error;

    if (!share->offer.donated)
        return borrow(vm, share, wish);
    error = share_donate(owner_of(share), vm, &share->offer, wish);
    if (!error)
        share_free(share);
    return error;
}

/*
 * Settles a step of a share that takes several. The owner's stage 2 is locked before all shares are
 * unlocked: whoever ends the share, and with it perhaps the owner, waits for that lock.
 */
static enum stile_error settle_apart(struct share *share)
{
    struct stage2_locked locked = stage2_lock(&owner_of(share)->stage2);
    enum stile_error error;

    spin_unlock(&share_lock);
    error = share_settle(locked, &share->offer, &share->settled);
    stage2_unlock(locked);
    return error ? error : SHARE_AGAIN;
}

/* The same of a small donation: one step, but for one that is of two parts of a block. */
static enum stile_error settle_small(struct share *share)
{
    struct stage2_locked locked = stage2_lock(&owner_of(share)->stage2);
    enum stile_error error = share_settle(locked, &share->offer, &share->settled);

    stage2_unlock(locked);
    if (!error && share->settled < share->offer.bytes)
        return SHARE_AGAIN;
    return error;
}

enum stile_error share_accept(struct vm *vm, uint32_t handle, const struct share_wish *wish)
{
    enum stile_error error;
    struct share *share;
    struct vm *owner;

    spin_lock(&share_lock);
    share = share_of(handle);
    error = accept_check(vm, share, wish);
    if (!error && share->settled < share->offer.bytes) {
        if (share->offer.bytes > SHARE_SMALL_BYTES)
            return settle_apart(share);
        if (share->offer.donated)
            error = settle_small(share);
    }
    if (!error) {
        owner = owner_of(share);
        error = take(vm, share, wish);
        if (!error)
            share_tell(owner);
    }
    spin_unlock(&share_lock);
    return error;
}

/* --- ends ---------------------------------------------------------------------------------- */

/* A step of letting go of what was accepted. Returns whether that was the last one. */
static bool leave(struct vm *vm, struct loan *loan)
{
    loan->state = LOAN_LEAVING;
    share_unmap(vm, &loan->range);
    if (loan->range.mapped > 0)
        return false;
    loan_free(vm, loan);
    return true;
}

enum stile_error share_release(struct vm *vm, uint32_t handle)
{
    enum stile_error error = STILE_NOT_FOUND;
    struct loan *loan;

    spin_lock(&share_lock);
    loan = loan_of(vm, handle);
    if (loan) {
        struct share *share = loan->share;

        error = leave(vm, loan) ? STILE_SUCCESS : SHARE_AGAIN;
        if (!error && share)
            share_tell(owner_of(share));
    }
    spin_unlock(&share_lock);
    return error;
}

/* A step of taking back what the peer has. Returns whether that was the last one. */
static bool take_back(struct vm *peer, struct loan *loan)
{
    if (!loan_is_told(loan)) {
        loan->state = LOAN_UNDOING;
        loan->error = STILE_NOT_FOUND;
        return undo(peer, loan) != SHARE_AGAIN;
    }
    share_retire(peer, &loan->range);
    if (loan->range.lent > 0)
        return false;
    loan->share->loan = NULL;
    loan->share = NULL;
    return true;
}

/* A step towards the end of a share, for its owner's sake. Returns whether that was the last one.
 */
static bool share_end(struct share *share)
{
    share->state = SHARE_ENDING;
    if (share->loan && !take_back(peer_of(share), share->loan))
        return false;
    share_free(share);
    return true;
}

enum stile_error share_revoke(struct vm *vm, uint32_t handle)
{
    enum stile_error error = STILE_NOT_FOUND;
    struct share *share;

    spin_lock(&share_lock);
    share = share_of(handle);
    if (share && owner_of(share) == vm && !share->offer.kept) {
        error = share_end(share) ? STILE_SUCCESS : SHARE_AGAIN;
        if (!error)
            share_tell(peer_of(share));
    }
    spin_unlock(&share_lock);
    return error;
}

/* --- VMs ----------------------------------------------------------------------------------- */

void share_vm_started(struct vm *vm)
{
    spin_lock(&share_lock);
    sharer_of(vm)->vm = vm;
    sharer_of(vm)->reserved = (1u << vm->config.nr_virtio_shares) - 1;
    sharer_of(vm)->open = true;
    spin_unlock(&share_lock);
}

/* A share that the VM has with another, on either side; or NULL. The lock is held. */
static struct share *find_of(const struct vm *vm)
{
    for (struct share *share = shares; share < &shares[NR_SHARES]; share++)
        if (share->state != SHARE_FREE && (owner_of(share) == vm || peer_of(share) == vm))
            return share;
    return NULL;
}

/* A step of ending what a VM has with others. Returns whether there was anything. */
static bool end_some(struct vm *vm)
{
    struct loan *loan = loan_any(vm);
    struct share *share;
    struct vm *other;

    if (loan) {
        (void)leave(vm, loan);
        return true;
    }
    share = find_of(vm);
    if (!share)
        return false;
    other = owner_of(share) == vm ? peer_of(share) : owner_of(share);
    if (share_end(share))
        share_tell(other);
    return true;
}

/* One of the VM's own that a reset ends, or NULL. The lock is held. */
static struct share *find_own(const struct vm *vm)
{
    struct share *share = shares_of(vm);

    for (uint32_t in_use = sharer_of(vm)->in_use; in_use != 0; in_use >>= 1, share++)
        if ((in_use & 1) && !share->offer.kept)
            return share;
    return NULL;
}

bool share_vm_reset(struct vm *vm)
{
    struct share *own = NULL;
    struct loan *loan;

    if (!IS_ENABLED(CONFIG_CALLS_MEMORY))
        return false;
    spin_lock(&share_lock);
    loan = loan_any(vm);
    if (loan) {
        struct share *share = loan->share;

        if (leave(vm, loan) && share)
            share_tell(owner_of(share));
    } else {
        own = find_own(vm);
        if (own && share_end(own))
            share_tell(peer_of(own));
    }
    spin_unlock(&share_lock);
    return loan || own;
}

bool share_vm_gone(struct vm *vm)
{
    bool found;

    spin_lock(&share_lock);
    sharer_of(vm)->open = false;
    found = IS_ENABLED(CONFIG_CALLS_MEMORY) && end_some(vm);
    if (!found) {
        loans_close(vm);
        sharer_of(vm)->vm = NULL;
    }
    spin_unlock(&share_lock);
    return found;
}
