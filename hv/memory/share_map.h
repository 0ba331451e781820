/* SPDX-License-Identifier: MIT */
/*
 * Accepting a share, as far as the tables of its two VMs go. For memory/share.c alone.
 */
#ifndef MEMORY_SHARE_MAP_H
#define MEMORY_SHARE_MAP_H

#include "memory/share_offer.h"
#include "stile/errors.h"

struct vm;

/**
 * share_settle() - have caches let go of what is lent, and memory hold it, before share_map()
 * @offer: of more than VMEM_STEP bytes; share_map() does it for others
 * @from:  of the offer's bytes, where to begin
 *
 * Returns how many bytes that was: at least a page, at most VMEM_STEP.
 */
uint64_t share_settle(struct vm *owner, const struct share_offer *offer, uint64_t from);

/**
 * share_map() - map what was offered; a donation changes hands, and is handed over when touched
 * @owner: @peer: both held by the lock over all shares
 * @offer: its pages are the owner's, ready, and stay so
 * @base:  where in the peer; the range is inside the IPA space and has no device
 *
 * ALREADY_MAPPED, NO_MEMORY: as share_accept(); nothing has changed
 */
enum stile_error share_map(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                           ipa_t base);

#endif
