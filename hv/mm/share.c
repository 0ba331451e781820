/* SPDX-License-Identifier: MIT */
/*
 * The table of shares. A handle is a place in it and how often that place was used.
 */
#include "mm/share.h"

#include "core/vm.h"
#include "lib/check.h"
#include "mm/page.h"
#include "mm/vmem.h"

enum share_state {
    SHARE_FREE,
    SHARE_OFFERED,
    SHARE_ACCEPTED,
};

struct share {
    enum share_state state;
    uint32_t use; /* how often this place was used, up to USE_MAX; then again from 1 */
    struct share_offer offer;
    ipa_t peer_base; /* where the peer has it, while accepted */
};

#define NR_SHARES  (CONFIG_NR_VMS * STILE_SHARES_MAX)
#define INDEX_BITS 8
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define USE_MAX    (UINT32_MAX >> INDEX_BITS)

_Static_assert(CONFIG_NR_VMS <= STILE_VMS_MAX && NR_SHARES <= INDEX_MASK + 1, "a handle holds it");
_Static_assert((STILE_VMS_MAX - 1) * STILE_SHARES_MAX == STILE_SHARES_OFFERED_MAX,
               "all that others can offer");

static struct spinlock share_lock;
static struct share shares[NR_SHARES]; /* STILE_SHARES_MAX for each VM, in their order */

/* By number - 1. */
static struct {
    struct vm *vm; /* NULL: it has no shares */
    bool open;     /* it may be offered more */
} vms[CONFIG_NR_VMS];

/* --- the table ----------------------------------------------------------------------------- */

static uint32_t index_of(const struct share *share)
{
    return (uint32_t)(share - shares);
}

static struct share *shares_of(const struct vm *vm)
{
    return &shares[(vm->id - 1) * STILE_SHARES_MAX];
}

static struct vm *owner_of(const struct share *share)
{
    return vms[index_of(share) / STILE_SHARES_MAX].vm;
}

static struct vm *peer_of(const struct share *share)
{
    return vms[share->offer.peer - 1].vm;
}

static uint32_t handle_of(const struct share *share)
{
    return share->use << INDEX_BITS | index_of(share);
}

static struct share *share_of(uint32_t handle)
{
    uint32_t index = handle & INDEX_MASK;

    if (index >= NR_SHARES || shares[index].state == SHARE_FREE ||
        handle_of(&shares[index]) != handle)
        return NULL;
    return &shares[index];
}

static struct share_terms terms_of(const struct share *share)
{
    uint32_t what = share->offer.rights;

    what |= share->offer.donated ? STILE_SHARE_DONATED : 0;
    what |= share->state == SHARE_ACCEPTED ? STILE_SHARE_ACCEPTED : 0;
    return (struct share_terms){handle_of(share), owner_of(share)->id,
                                share->offer.bytes >> PAGE_SHIFT, what};
}

/* --- what is lent -------------------------------------------------------------------------- */

/* How many of @bytes bytes from @base on there are up to the first page of @share. */
static uint64_t share_gap(const struct share *share, ipa_t base, uint64_t bytes)
{
    uint64_t first = share->offer.base.ipa;

    if (share->state == SHARE_FREE || first >= base.ipa + bytes ||
        first + share->offer.bytes <= base.ipa)
        return bytes;
    return first > base.ipa ? first - base.ipa : 0;
}

uint64_t share_unlent(struct stage2_locked locked, const struct vm *vm, ipa_t base, uint64_t bytes)
{
    const struct share *share = shares_of(vm);

    CHECK(locked.stage2 == &vm->stage2);
    for (unsigned i = 0; i < STILE_SHARES_MAX; i++)
        bytes = share_gap(share++, base, bytes);
    return bytes;
}

/* Whether an open donation is in the way of a share, or any share in the way of a donation. */
static bool is_promised(const struct vm *vm, const struct share_offer *offer)
{
    const struct share *share = shares_of(vm);

    for (unsigned i = 0; i < STILE_SHARES_MAX; i++, share++) {
        if ((offer->donated || share->offer.donated) &&
            share_gap(share, offer->base, offer->bytes) < offer->bytes)
            return true;
    }
    return false;
}

/* --- offer --------------------------------------------------------------------------------- */

static bool may_take(const struct vm *vm, uint32_t peer)
{
    return peer >= 1 && peer <= CONFIG_NR_VMS && peer != vm->id && vms[peer - 1].open;
}

static struct share *find_free(const struct vm *vm)
{
    struct share *share = shares_of(vm);

    for (unsigned i = 0; i < STILE_SHARES_MAX; i++, share++) {
        if (share->state == SHARE_FREE)
            return share;
    }
    return NULL;
}

static enum stile_error offer_locked(struct stage2_locked locked, struct vm *vm,
                                     const struct share_offer *offer, uint32_t *handle)
{
    struct share *share = find_free(vm);

    if (!may_take(vm, offer->peer))
        return STILE_INVALID_ARGUMENT;
    /* Once more: another vCPU may have changed the range meanwhile. */
    if (!vmem_ready_range(locked, offer->base, offer->bytes))
        return STILE_NOT_MAPPED;
    if (is_promised(vm, offer))
        return STILE_BUSY;
    if (!share)
        return STILE_LIMIT;
    share->use = share->use % USE_MAX + 1;
    share->offer = *offer;
    share->state = SHARE_OFFERED;
    *handle = handle_of(share);
    return STILE_SUCCESS;
}

enum stile_error share_offer(struct vm *vm, const struct share_offer *offer, uint32_t *handle)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    enum stile_error error;

    /* Scrubbing takes long: not while everybody's shares are locked. */
    (void)vmem_ready_range(locked, offer->base, offer->bytes);
    stage2_unlock(locked);

    spin_lock(&share_lock);
    locked = stage2_lock(&vm->stage2);
    error = offer_locked(locked, vm, offer, handle);
    stage2_unlock(locked);
    spin_unlock(&share_lock);
    return error;
}

/* --- accept -------------------------------------------------------------------------------- */

/** The stage 2 of both VMs of a share. */
struct both {
    struct stage2_locked owner;
    struct stage2_locked peer;
};

/* Two of a kind: in the order of the VMs' numbers. */
static struct both lock_both(const struct share *share)
{
    struct vm *owner = owner_of(share);
    struct vm *peer = peer_of(share);
    struct both both;

    if (owner->id < peer->id)
        both.owner = stage2_lock(&owner->stage2);
    both.peer = stage2_lock(&peer->stage2);
    if (owner->id > peer->id)
        both.owner = stage2_lock(&owner->stage2);
    return both;
}

static void unlock_both(struct both both)
{
    stage2_unlock(both.owner);
    stage2_unlock(both.peer);
}

static uint32_t peer_attrs(const struct share_offer *offer)
{
    if (offer->donated)
        return offer->rights | STAGE2_OWNED;
    return offer->rights | STAGE2_BORROWED | (offer->rights & STAGE2_WRITE ? STAGE2_MAY_WRITE : 0);
}

/* Maps the owner's pages at @base, a page or block at a time. All or nothing. */
static enum stile_error map_in_peer(struct both both, const struct share_offer *offer, ipa_t base)
{
    uint32_t attrs = peer_attrs(offer);
    struct stage2_mapping mapping;
    enum stile_error error = STILE_SUCCESS;
    uint64_t done = 0;
    uint64_t step;

    for (; done < offer->bytes; done += step) {
        ipa_t from = ipa_add(offer->base, done);

        CHECK(stage2_lookup_locked(both.owner, from, &mapping));
        CHECK((mapping.attrs & (STAGE2_OWNED | STAGE2_FRESH)) == STAGE2_OWNED);
        step = stage2_rest(from, &mapping);
        step = step < offer->bytes - done ? step : offer->bytes - done;
        error = stage2_map_locked(both.peer, ipa_add(base, done), mapping.pa, step, attrs);
        if (error)
            break;
    }
    if (error && done > 0)
        CHECK(stage2_unmap_locked(both.peer, base, done) == STILE_SUCCESS);
    return error;
}

/* Takes the pages from the owner, who is charged no more for them. */
static enum stile_error hand_over(struct both both, const struct share *share, ipa_t base)
{
    const struct share_offer *offer = &share->offer;
    enum stile_error error = stage2_unmap_locked(both.owner, offer->base, offer->bytes);
    uint64_t nr_pages = offer->bytes >> PAGE_SHIFT;
    struct stage2_mapping mapping;

    if (error) {
        CHECK(stage2_unmap_locked(both.peer, base, offer->bytes) == STILE_SUCCESS);
        return error;
    }
    for (uint64_t done = 0; done < offer->bytes; done += mapping.bytes) {
        CHECK(stage2_lookup_locked(both.peer, ipa_add(base, done), &mapping));
        page_give_guest(mapping.pa, page_order(mapping.bytes), owner_of(share)->id, offer->peer);
    }
    both.owner.stage2->nr_owned -= nr_pages;
    both.owner.stage2->quota -= nr_pages;
    both.peer.stage2->nr_owned += nr_pages;
    both.peer.stage2->quota += nr_pages;
    return STILE_SUCCESS;
}

static enum stile_error accept_locked(struct both both, struct share *share, ipa_t base)
{
    enum stile_error error = map_in_peer(both, &share->offer, base);

    if (!error && share->offer.donated)
        error = hand_over(both, share, base);
    if (error)
        return error;
    share->state = share->offer.donated ? SHARE_FREE : SHARE_ACCEPTED;
    share->peer_base = base;
    return STILE_SUCCESS;
}

static enum stile_error accept_share(struct vm *vm, struct share *share, ipa_t base)
{
    struct both both;
    enum stile_error error;

    if (!share || share->offer.peer != vm->id)
        return STILE_NOT_FOUND;
    if (share->state == SHARE_ACCEPTED)
        return STILE_BUSY;
    if (share->offer.bytes > STAGE2_IPA_END - base.ipa)
        return STILE_INVALID_ARGUMENT;
    if (mmio_gap(&vm->mmio, base, share->offer.bytes) < share->offer.bytes)
        return STILE_ALREADY_MAPPED;
    both = lock_both(share);
    error = accept_locked(both, share, base);
    unlock_both(both);
    return error;
}

enum stile_error share_accept(struct vm *vm, uint32_t handle, ipa_t base, struct share_terms *terms)
{
    struct share *share;
    enum stile_error error;

    spin_lock(&share_lock);
    share = share_of(handle);
    error = accept_share(vm, share, base);
    if (!error)
        *terms = terms_of(share);
    spin_unlock(&share_lock);
    return error;
}

/* --- the way back -------------------------------------------------------------------------- */

/* Takes the peer's mapping away, if there is one. */
static void unmap_in_peer(struct share *share)
{
    if (share->state != SHARE_ACCEPTED)
        return;
    CHECK(stage2_unmap(&peer_of(share)->stage2, share->peer_base, share->offer.bytes) ==
          STILE_SUCCESS);
    share->state = SHARE_OFFERED;
}

static void share_end(struct share *share)
{
    struct stage2_locked locked;

    unmap_in_peer(share);
    locked = stage2_lock(&owner_of(share)->stage2);
    share->state = SHARE_FREE;
    stage2_unlock(locked);
}

enum stile_error share_release(struct vm *vm, uint32_t handle)
{
    enum stile_error error = STILE_NOT_FOUND;
    struct share *share;

    spin_lock(&share_lock);
    share = share_of(handle);
    if (share && share->offer.peer == vm->id && share->state == SHARE_ACCEPTED) {
        unmap_in_peer(share);
        error = STILE_SUCCESS;
    }
    spin_unlock(&share_lock);
    return error;
}

enum stile_error share_revoke(struct vm *vm, uint32_t handle)
{
    enum stile_error error = STILE_NOT_FOUND;
    struct share *share;

    spin_lock(&share_lock);
    share = share_of(handle);
    if (share && owner_of(share) == vm) {
        share_end(share);
        error = STILE_SUCCESS;
    }
    spin_unlock(&share_lock);
    return error;
}

bool share_walk(const struct vm *vm, uint32_t index, struct share_terms *terms)
{
    bool found = false;

    /* Its own are left out. */
    if (index >= index_of(shares_of(vm)))
        index += STILE_SHARES_MAX;
    if (index >= NR_SHARES)
        return false;
    spin_lock(&share_lock);
    if (shares[index].state != SHARE_FREE && shares[index].offer.peer == vm->id) {
        *terms = terms_of(&shares[index]);
        found = true;
    }
    spin_unlock(&share_lock);
    return found;
}

/* --- VMs ----------------------------------------------------------------------------------- */

static void set_vm(uint32_t id, struct vm *vm, bool open)
{
    spin_lock(&share_lock);
    vms[id - 1].vm = vm;
    vms[id - 1].open = open;
    spin_unlock(&share_lock);
}

void share_vm_started(struct vm *vm)
{
    set_vm(vm->id, vm, true);
}

void share_vm_gone(struct vm *vm)
{
    set_vm(vm->id, vm, false);
    for (struct share *share = shares; share < &shares[NR_SHARES]; share++) {
        /* One at a time: others wait for the lock. */
        spin_lock(&share_lock);
        if (share->state != SHARE_FREE && (owner_of(share) == vm || peer_of(share) == vm))
            share_end(share);
        spin_unlock(&share_lock);
    }
    set_vm(vm->id, NULL, false);
}
