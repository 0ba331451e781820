/* SPDX-License-Identifier: MIT */
/*
 * What accepting a share does to the address spaces of its two VMs.
 */
#include "memory/share_map.h"

#include "lib/check.h"
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
static enum stile_error hand_over(struct both both, uint32_t owner, const struct share_offer *offer,
                                  ipa_t base)
{
    enum stile_error error = stage2_unmap_locked(both.owner, offer->base, offer->bytes);
    uint64_t nr_pages = offer->bytes >> PAGE_SHIFT;
    struct stage2_mapping mapping;

    if (error) {
        CHECK(stage2_unmap_locked(both.peer, base, offer->bytes) == STILE_SUCCESS);
        return error;
    }
    for (uint64_t done = 0; done < offer->bytes; done += mapping.bytes) {
        CHECK(stage2_lookup_locked(both.peer, ipa_add(base, done), &mapping));
        page_give_guest(mapping.pa, page_order(mapping.bytes), owner, offer->peer);
    }
    both.owner.stage2->nr_owned -= nr_pages;
    both.owner.stage2->quota -= nr_pages;
    both.peer.stage2->nr_owned += nr_pages;
    both.peer.stage2->quota += nr_pages;
    return STILE_SUCCESS;
}

enum stile_error share_map(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                           ipa_t base)
{
    struct both both = lock_both(owner, peer);
    enum stile_error error = map_in_peer(both, offer, base);

    if (!error && offer->donated)
        error = hand_over(both, owner->id, offer, base);
    unlock_both(both);
    return error;
}
