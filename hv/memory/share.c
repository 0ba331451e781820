/* SPDX-License-Identifier: MIT */
/*
 * The table of shares. A handle is a place in it and how often that place was used.
 */
#include "memory/share.h"

#include "arch/clamp.h"
#include "lib/check.h"
#include "memory/share_map.h"
#include "memory/vmem.h"
#include "virt/events.h"
#include "vm/mmio_map.h"
#include "vm/vm.h"

enum share_state {
    SHARE_FREE,
    SHARE_OFFERED,
    SHARE_ACCEPTED,
};

struct share {
    enum share_state state;
    uint32_t handle; /* of its last use, if it is free */
    uint32_t owner;  /* a VM's place, as is the next; while the share lasts, so does the VM */
    uint32_t peer;
    struct share_offer offer;
    ipa_t peer_base;  /* where the peer has it, while accepted */
    uint64_t settled; /* bytes from its start on that caches have let go of since it was offered */
};

#define NR_SHARES  (CONFIG_NR_VMS * STILE_SHARES_MAX)
#define INDEX_BITS 8
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define IN_USE_ALL ((1u << STILE_SHARES_MAX) - 1)

_Static_assert(NR_SHARES <= INDEX_MASK + 1, "a handle holds it");
_Static_assert((CONFIG_NR_VMS - 1) * STILE_SHARES_MAX <= STILE_SHARES_OFFERED_MAX,
               "all that others can offer");

static struct spinlock share_lock;
static struct share shares[NR_SHARES]; /* STILE_SHARES_MAX for each VM, in their order */

/* By number - 1. */
static struct {
    struct vm *vm;   /* NULL: it has no shares */
    bool open;       /* it may be offered more */
    uint32_t in_use; /* its own shares that are not free, a bit for each */
} sharers[CONFIG_NR_VMS];

/* --- the table ----------------------------------------------------------------------------- */

static struct share *shares_of(const struct vm *vm)
{
    return &shares[(vm->id - 1) * STILE_SHARES_MAX];
}

static struct vm *owner_of(const struct share *share)
{
    return sharers[share->owner - 1].vm;
}

static struct vm *peer_of(const struct share *share)
{
    return sharers[share->peer - 1].vm;
}

static struct share *share_of(uint32_t handle)
{
    uint32_t index = handle & INDEX_MASK;

    if (index >= NR_SHARES)
        return NULL;
    struct share *share = &shares[clamp(index, NR_SHARES)];
    return share->state != SHARE_FREE && share->handle == handle ? share : NULL;
}

static struct share_terms terms_of(const struct share *share)
{
    uint32_t what = share->offer.rights;

    what |= share->offer.donated ? STILE_SHARE_DONATED : 0;
    what |= share->state == SHARE_ACCEPTED ? STILE_SHARE_ACCEPTED : 0;
    return (struct share_terms){share->handle, owner_of(share)->number,
                                share->offer.bytes >> PAGE_SHIFT, what};
}

/* Tells a VM that one of its shares is not what it was. */
static void tell(struct vm *vm)
{
    events_virq(vm, STILE_VIRQ_SHARE);
}

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
    for (uint32_t in_use = sharers[vm->id - 1].in_use; in_use != 0; in_use >>= 1, share++) {
        if (in_use & 1)
            bytes = share_gap(&share->offer, base, bytes);
    }
    return bytes;
}

/* Whether an open donation is in the way of a share, or any share in the way of a donation. */
static bool is_promised(const struct vm *vm, const struct share_offer *offer)
{
    const struct share *share = shares_of(vm);

    for (uint32_t in_use = sharers[vm->id - 1].in_use; in_use != 0; in_use >>= 1, share++) {
        if ((in_use & 1) && (offer->donated || share->offer.donated) &&
            share_gap(&share->offer, offer->base, offer->bytes) < offer->bytes)
            return true;
    }
    return false;
}

/* --- offer --------------------------------------------------------------------------------- */

/* The place of the VM of a number, if that takes part; or 0. */
static uint32_t find_peer(uint32_t number)
{
    const struct vm *peer = vm_numbered(number);

    return peer && sharers[peer->id - 1].open ? peer->id : 0;
}

/* Sets whether a place is in use. The stage 2 of its owner is locked. */
static void set_state(struct share *share, enum share_state state)
{
    uint32_t bit = 1u << (share->handle & INDEX_MASK) % STILE_SHARES_MAX;
    uint32_t *in_use = &sharers[share->owner - 1].in_use;

    share->state = state;
    *in_use = state == SHARE_FREE ? *in_use & ~bit : *in_use | bit;
}

/* A new share of a VM that has fewer than it may. */
static struct share *make(const struct vm *vm, uint32_t peer, const struct share_offer *offer)
{
    unsigned place = (unsigned)__builtin_ctz(~sharers[vm->id - 1].in_use);
    struct share *share = shares_of(vm) + place;
    uint32_t use = (share->handle >> INDEX_BITS) + 1;

    use += use >> (32 - INDEX_BITS); /* never 0 */
    share->handle = use << INDEX_BITS | ((vm->id - 1) * STILE_SHARES_MAX + place);
    share->owner = vm->id;
    share->peer = peer;
    share->offer = *offer;
    share->settled = 0;
    set_state(share, SHARE_OFFERED);
    return share;
}

static enum stile_error offer_locked(struct stage2_locked locked, struct vm *vm,
                                     const struct share_offer *offer, uint32_t *handle)
{
    uint32_t peer = find_peer(offer->peer);
    enum stile_error error;

    if (offer->peer == vm->number)
        return STILE_INVALID_ARGUMENT;
    if (peer == 0)
        return STILE_NOT_FOUND;
    error = vmem_ready_range(locked, offer->base, offer->bytes, 0);
    if (error)
        return error == STILE_BUSY ? SHARE_AGAIN : error;
    if (is_promised(vm, offer))
        return STILE_BUSY;
    if (sharers[vm->id - 1].in_use == IN_USE_ALL)
        return STILE_LIMIT;
    *handle = make(vm, peer, offer)->handle;
    return STILE_SUCCESS;
}

static enum stile_error offer_once(struct vm *vm, const struct share_offer *offer, uint32_t *handle)
{
    struct stage2_locked locked;
    enum stile_error error;

    spin_lock(&share_lock);
    locked = stage2_lock(&vm->stage2);
    error = offer_locked(locked, vm, offer, handle);
    stage2_unlock(locked);
    if (!error)
        tell(peer_of(share_of(*handle)));
    spin_unlock(&share_lock);
    return error;
}

enum stile_error share_offer(struct vm *vm, const struct share_offer *offer, uint32_t *handle)
{
    enum stile_error error = offer_once(vm, offer, handle);
    struct stage2_locked locked;

    if (error != SHARE_AGAIN)
        return error;
    /* Handing memory over takes long: not while all shares are locked. */
    locked = stage2_lock(&vm->stage2);
    (void)vmem_ready_range(locked, offer->base, offer->bytes, VMEM_STEP);
    stage2_unlock(locked);
    return SHARE_AGAIN;
}

/* --- the peer ------------------------------------------------------------------------------ */

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
    set_state(share, SHARE_FREE);
    stage2_unlock(locked);
}

/*
 * Caches let go of what is lent, a step at a time. What is no more than that share_map() does, and
 * a donation waits until it is touched. Returns whether there was nothing to do.
 */
static bool is_settled(struct share *share)
{
    uint64_t bytes = share->offer.bytes;

    if (share->offer.donated || bytes <= VMEM_STEP || share->settled == bytes)
        return true;
    share->settled += share_settle(owner_of(share), &share->offer, share->settled);
    return false;
}

static enum stile_error accept_share(struct vm *vm, struct share *share, ipa_t base)
{
    enum stile_error error;

    if (!share || share->peer != vm->id)
        return STILE_NOT_FOUND;
    if (share->state == SHARE_ACCEPTED)
        return STILE_BUSY;
    if (share->offer.bytes > STAGE2_IPA_END - base.ipa)
        return STILE_INVALID_ARGUMENT;
    if (mmio_gap(&vm->mmio, base, share->offer.bytes) < share->offer.bytes)
        return STILE_ALREADY_MAPPED;
    if (!is_settled(share))
        return SHARE_AGAIN;
    error = share_map(owner_of(share), vm, &share->offer, base);
    if (error)
        return error;
    share->peer_base = base;
    if (share->offer.donated)
        share_end(share);
    else
        share->state = SHARE_ACCEPTED;
    return STILE_SUCCESS;
}

enum stile_error share_accept(struct vm *vm, uint32_t handle, ipa_t base, struct share_terms *terms)
{
    struct share *share;
    enum stile_error error;

    spin_lock(&share_lock);
    share = share_of(handle);
    error = accept_share(vm, share, base);
    if (!error) {
        *terms = terms_of(share);
        tell(owner_of(share));
    }
    spin_unlock(&share_lock);
    return error;
}

enum stile_error share_release(struct vm *vm, uint32_t handle)
{
    enum stile_error error = STILE_NOT_FOUND;
    struct share *share;

    spin_lock(&share_lock);
    share = share_of(handle);
    if (share && share->peer == vm->id && share->state == SHARE_ACCEPTED) {
        unmap_in_peer(share);
        tell(owner_of(share));
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
        tell(peer_of(share));
        error = STILE_SUCCESS;
    }
    spin_unlock(&share_lock);
    return error;
}

bool share_walk(const struct vm *vm, uint32_t index, struct share_terms *terms)
{
    bool found = false;

    /* Its own are left out. */
    if (index >= (vm->id - 1) * STILE_SHARES_MAX)
        index += STILE_SHARES_MAX;
    if (index >= NR_SHARES)
        return false;
    index = (uint32_t)clamp(index, NR_SHARES);
    spin_lock(&share_lock);
    if (shares[index].state != SHARE_FREE && shares[index].peer == vm->id) {
        *terms = terms_of(&shares[index]);
        found = true;
    }
    spin_unlock(&share_lock);
    return found;
}

/* A share of the VM's own, or one that it has accepted; or NULL. The lock is held. */
static struct share *find_held(const struct vm *vm)
{
    for (struct share *share = shares; share < &shares[NR_SHARES]; share++)
        if (share->state != SHARE_FREE &&
            (owner_of(share) == vm || (peer_of(share) == vm && share->state == SHARE_ACCEPTED)))
            return share;
    return NULL;
}

bool share_vm_reset(struct vm *vm)
{
    struct share *share;

    spin_lock(&share_lock);
    share = find_held(vm);
    if (share && owner_of(share) == vm) {
        share_end(share);
        tell(peer_of(share));
    } else if (share) {
        unmap_in_peer(share);
        tell(owner_of(share));
    }
    spin_unlock(&share_lock);
    return share;
}

/* --- VMs ----------------------------------------------------------------------------------- */

void share_vm_started(struct vm *vm)
{
    spin_lock(&share_lock);
    sharers[vm->id - 1].vm = vm;
    sharers[vm->id - 1].open = true;
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

bool share_vm_gone(struct vm *vm)
{
    struct share *share;

    spin_lock(&share_lock);
    sharers[vm->id - 1].open = false;
    share = find_of(vm);
    if (share) {
        share_end(share);
        tell(owner_of(share) == vm ? peer_of(share) : owner_of(share));
    } else {
        sharers[vm->id - 1].vm = NULL;
    }
    spin_unlock(&share_lock);
    return share;
}
