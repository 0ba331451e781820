/* SPDX-License-Identifier: MIT */
/*
 * Shares, as far as the tables of their two VMs go. For memory/share.c alone.
 *
 * Each function does a step that is bounded whatever the size of the share, and tells how far it
 * has come in what it is given.
 */
#ifndef MEMORY_SHARE_MAP_H
#define MEMORY_SHARE_MAP_H

#include "memory/share_offer.h"
#include "mm/stage2.h"
#include "stile/errors.h"

struct vm;

/**
 * share_settle() - have memory hold what is offered, and caches let go of what is lent
 * @owner:   its stage 2
 * @settled: of the offer's bytes: where to begin; grows
 *
 * What the owner has not touched yet is made ready. A donation is handed over when it is touched.
 *
 * NOT_MAPPED: a page is not the owner's
 */
enum stile_error share_settle(struct stage2_locked owner, const struct share_offer *offer,
                              uint64_t *settled);

/**
 * share_lend() - map more of what was offered, all of which is settled, or is small
 * @owner: @peer: both held by the lock over all shares
 *
 * NOT_MAPPED, ALREADY_MAPPED, NO_MEMORY: as share_accept(); what earlier steps mapped is still
 * mapped
 */
enum stile_error share_lend(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                            uint32_t rights, struct share_range *range);

/** share_retire() - take what is lent back: scratch of the peer's own takes its place */
void share_retire(struct vm *peer, struct share_range *range);

/** share_unmap() - unmap what is there, from its end */
void share_unmap(struct vm *peer, struct share_range *range);

/**
 * share_donate() - move what was offered, all of which is settled; in one step
 *
 * ALREADY_MAPPED, NO_MEMORY: as share_accept(); nothing has changed
 */
enum stile_error share_donate(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                              const struct share_wish *wish);

#endif
