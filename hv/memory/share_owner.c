/* SPDX-License-Identifier: MIT */
/*
 * What a VM may offer, and what it may not change since it has offered it.
 */
#include "lib/check.h"
#include "memory/share.h"
#include "memory/share_table.h"
#include "vm/vm.h"

/* --- what is lent -------------------------------------------------------------------------- */

/* How many of @bytes bytes from @base on there are up to the first page of a share. */
static uint64_t share_gap(const struct share_offer *offer, ipa_t base, uint64_t bytes)
{
    uint64_t first = offer->base.ipa;

    if (first >= base.ipa + bytes || first + offer->bytes <= base.ipa)
        return bytes;
    return first > base.ipa ? first - base.ipa : 0;
}

uint64_t share_unlent(struct stage2_locked locked, const struct vm *vm, ipa_t base, uint64_t bytes)
{
    const struct share *share = shares_of(vm);

    CHECK(locked.stage2 == &vm->stage2);
    for (uint32_t in_use = sharer_of(vm)->in_use; in_use != 0; in_use >>= 1, share++) {
        if (in_use & 1)
            bytes = share_gap(&share->offer, base, bytes);
    }
    return bytes;
}

/* Whether an open donation is in the way of what is to be lent. */
static bool is_promised(const struct vm *vm, const struct share_offer *offer)
{
    const struct share *share = shares_of(vm);

    for (uint32_t in_use = sharer_of(vm)->in_use; in_use != 0; in_use >>= 1, share++) {
        if ((in_use & 1) && share->offer.donated &&
            share_gap(&share->offer, offer->base, offer->bytes) < offer->bytes)
            return true;
    }
    return false;
}

/* --- offer --------------------------------------------------------------------------------- */

/* The place of the VM of a number, if that may be offered something; or 0. */
static uint32_t find_peer(uint32_t number)
{
    const struct vm *peer = vm_numbered(number);

    return peer && sharer_of(peer)->open ? peer->id : 0;
}

/* What is between the ends is looked at when it is accepted: that is bounded in its steps. */
static bool owns_ends(struct stage2_locked locked, const struct share_offer *offer)
{
    return stage2_owns_locked(locked, offer->base) &&
           (offer->bytes == PAGE_SIZE ||
            stage2_owns_locked(locked, ipa_add(offer->base, offer->bytes - 1)));
}

static enum stile_error check_lent(struct stage2_locked locked, const struct vm *vm,
                                   const struct share_offer *offer)
{
    if (offer->page)
        return STILE_SUCCESS;
    if (!owns_ends(locked, offer))
        return STILE_NOT_MAPPED;
    return is_promised(vm, offer) ? STILE_BUSY : STILE_SUCCESS;
}

/* The most single pages of a donation: it is accepted in one step. */
#define DONATED_PAGES (64 * PAGE_SIZE)

/* Whether a range of the VM's is a whole block, which nothing can split while it is offered. */
static bool is_whole_block(struct stage2_locked locked, ipa_t base, uint64_t bytes)
{
    struct stage2_mapping mapping;

    return bytes == BLOCK_2M && is_aligned(base.ipa, BLOCK_2M) &&
           stage2_lookup_locked(locked, base, &mapping) && mapping.bytes >= BLOCK_2M;
}

/* Takes from the end of a donation what is more than it may be: it changes hands in one step. */
static enum stile_error cut_donated(struct stage2_locked locked, const struct vm *vm,
                                    struct share_offer *offer)
{
    uint64_t most;

    if (!stage2_owns_locked(locked, offer->base))
        return STILE_NOT_MAPPED;
    most = share_unlent(locked, vm, offer->base, offer->bytes);
    if (most == 0)
        return STILE_BUSY;
    if (is_whole_block(locked, offer->base, most))
        return STILE_SUCCESS;
    if (most > DONATED_PAGES)
        most = DONATED_PAGES;
    offer->bytes = PAGE_SIZE;
    while (offer->bytes < most && stage2_owns_locked(locked, ipa_add(offer->base, offer->bytes)))
        offer->bytes += PAGE_SIZE;
    return STILE_SUCCESS;
}

static enum stile_error offer_locked(struct stage2_locked locked, struct vm *vm,
                                     struct share_offer *offer, uint32_t *handle)
{
    uint32_t peer = find_peer(offer->peer);
    enum stile_error error;
    struct share *share;

    if (offer->peer == vm->number)
        return STILE_INVALID_ARGUMENT;
    if (peer == 0 || !sharer_of(vm)->open)
        return STILE_NOT_FOUND;
    error = offer->donated ? cut_donated(locked, vm, offer) : check_lent(locked, vm, offer);
    if (error)
        return error;
    share = share_make(vm, peer, offer);
    if (!share)
        return STILE_LIMIT;
    *handle = share->handle;
    return STILE_SUCCESS;
}

enum stile_error share_offer(struct vm *vm, struct share_offer *offer, uint32_t *handle)
{
    struct stage2_locked locked;
    enum stile_error error;

    spin_lock(&share_lock);
    locked = stage2_lock(&vm->stage2);
    error = offer_locked(locked, vm, offer, handle);
    stage2_unlock(locked);
    if (!error)
        share_tell(peer_of(share_of(*handle)));
    spin_unlock(&share_lock);
    return error;
}
