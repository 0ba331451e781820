/* SPDX-License-Identifier: MIT */
/*
 * What accepting a share does to the address spaces of its two VMs.
 */
#include "memory/share_map.h"

#include "lib/check.h"
#include "memory/vmem.h"
#include "mm/handover.h"
#include "mm/page.h"
#include "vm/vm.h"

/** The stage 2 of both VMs of a share. */
struct both {
    struct stage2_locked owner;
    struct stage2_locked peer;
};

/* Two of a kind: in the order of the VMs' numbers. */
static struct both lock_both(struct vm *owner, struct vm *peer)
{
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
        return offer->rights | STAGE2_OWNED | STAGE2_FRESH | STAGE2_FILLED;
    return offer->rights | STAGE2_BORROWED | (offer->rights & STAGE2_WRITE ? STAGE2_MAY_WRITE : 0);
}

/*
 * Finds what the owner has at @from, which is ready since it was offered. Returns how much of
 * @bytes that is in one piece.
 */
static uint64_t find_ready(struct stage2_locked owner, ipa_t from, uint64_t bytes,
                           struct stage2_mapping *mapping)
{
    uint64_t ready;

    CHECK(stage2_lookup_locked(owner, from, mapping) && (mapping->attrs & STAGE2_OWNED));
    ready = vmem_ready_bytes(from, mapping);
    CHECK(ready > 0);
    return ready < bytes ? ready : bytes;
}

uint64_t share_settle(struct vm *owner, const struct share_offer *offer, uint64_t from)
{
    struct stage2_locked locked = stage2_lock(&owner->stage2);
    uint64_t most = offer->bytes - from < VMEM_STEP ? offer->bytes - from : VMEM_STEP;
    uint64_t done = 0;

    while (done < most) {
        struct stage2_mapping mapping;
        uint64_t step =
            find_ready(locked, ipa_add(offer->base, from + done), most - done, &mapping);

        handover_filled(mapping.pa, step, false);
        done += step;
    }
    stage2_unlock(locked);
    return done;
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

        step = find_ready(both.owner, from, offer->bytes - done, &mapping);
        if (!offer->donated && offer->bytes <= VMEM_STEP)
            handover_filled(mapping.pa, step, false);
        error = stage2_map_locked(both.peer, ipa_add(base, done), mapping.pa, step, attrs);
        if (error)
            break;
    }
    if (error && done > 0)
        CHECK(stage2_unmap_locked(both.peer, base, done) == STILE_SUCCESS);
    return error;
}

/* Takes the pages out of the owner's address space, and makes them the peer's in all books. */
static enum stile_error hand_over(struct both both, struct vm *owner, struct vm *peer,
                                  const struct share_offer *offer, ipa_t base)
{
    uint64_t nr_pages = offer->bytes >> PAGE_SHIFT;
    struct stage2_mapping mapping;
    enum stile_error error;

    if (!vmem_donate_prepare(owner, peer, nr_pages))
        return STILE_NO_MEMORY;
    error = stage2_unmap_locked(both.owner, offer->base, offer->bytes);
    if (error) {
        vmem_donate_cancel(owner, peer, nr_pages);
        return error;
    }
    for (uint64_t done = 0; done < offer->bytes; done += mapping.bytes) {
        CHECK(stage2_lookup_locked(both.peer, ipa_add(base, done), &mapping));
        page_give_guest(mapping.pa, page_order(mapping.bytes), owner->id, peer->id);
    }
    vmem_donate(owner, peer, nr_pages);
    return STILE_SUCCESS;
}

enum stile_error share_map(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                           ipa_t base)
{
    struct both both = lock_both(owner, peer);
    enum stile_error error = map_in_peer(both, offer, base);
    bool is_mapped = error == STILE_SUCCESS;

    if (!error && offer->donated)
        error = hand_over(both, owner, peer, offer, base);
    if (error && is_mapped)
        CHECK(stage2_unmap_locked(both.peer, base, offer->bytes) == STILE_SUCCESS);
    unlock_both(both);
    return error;
}
