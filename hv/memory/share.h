/* SPDX-License-Identifier: MIT */
/*
 * Memory that a VM lends to another, or gives away: who offered what to whom, and what came of it.
 *
 * A share is offered, perhaps accepted and released again, and ends when its owner revokes it, when
 * either VM ends or starts anew, or, if it is a donation, when it was accepted. While it lasts its
 * pages stay where the owner has them. So EL2 finds them there, and the peer's mapping of them,
 * made in one piece by accept and only split since, can always be taken away without a new table.
 *
 * One lock holds over all shares, and over that a VM with shares is not taken down. A VM's own
 * shares change only while its stage 2 is locked too.
 */
#ifndef MEMORY_SHARE_H
#define MEMORY_SHARE_H

#include <stdint.h>

#include "memory/share_offer.h"
#include "mm/stage2.h"
#include "stile/abi.h"

struct vm;

/** What a peer is told of a share. */
struct share_terms {
    uint32_t handle;
    uint32_t owner; /* a VM's number */
    uint64_t nr_pages;
    uint32_t what; /* STILE_ACCESS_*, STILE_SHARE_* */
};

/** No error of a guest: a step was done of what takes long; call again, once interrupts were taken.
 */
#define SHARE_AGAIN ((enum stile_error)1)

/** share_vm_started() - the VM may share from now on; its memory is there */
void share_vm_started(struct vm *vm);

/**
 * share_vm_gone() - the VM ends, for good or to start anew: one of its shares ends, on both sides
 *
 * No vCPU of it is loaded or will be; its memory is still there. Returns whether there may be more:
 * it is to be called again. Nobody can offer the VM a new one. Harmless for a VM that had not
 * started.
 */
bool share_vm_gone(struct vm *vm);

/**
 * share_offer() - offer pages to a peer
 * @handle: where to put the handle
 *
 * Makes them ready: the peer finds what the owner would. SHARE_AGAIN: not yet all of them.
 *
 * INVALID_ARGUMENT: the peer is the VM itself
 * NOT_FOUND: no VM of that number runs
 * NOT_MAPPED: a page is not the VM's own
 * BUSY: a page was donated already, or is to be and is shared
 * LIMIT: the VM has STILE_SHARES_MAX shares
 */
enum stile_error share_offer(struct vm *vm, const struct share_offer *offer, uint32_t *handle);

/**
 * share_accept() - map what was offered
 * @base:  where, page aligned, inside the IPA space
 * @terms: where to put what was accepted
 *
 * First the caches let go of what is lent: a peer that reads past them finds what the owner sees,
 * not what was there before. SHARE_AGAIN: they have not yet done so for all of it.
 *
 * INVALID_ARGUMENT: the range leaves the IPA space
 * NOT_FOUND: no share of that handle is offered to the VM
 * BUSY: it was accepted already
 * ALREADY_MAPPED: something is in the range
 * NO_MEMORY: the pool has no page for a table
 */
enum stile_error share_accept(struct vm *vm, uint32_t handle, ipa_t base,
                              struct share_terms *terms);

/** share_release() - unmap what was accepted. NOT_FOUND: the VM has accepted no such share */
enum stile_error share_release(struct vm *vm, uint32_t handle);

/**
 * share_revoke() - end a share
 *
 * No CPU reaches the pages on the peer's behalf when this returns. NOT_FOUND: the VM owns no such
 * share
 */
enum stile_error share_revoke(struct vm *vm, uint32_t handle);

/**
 * share_vm_reset() - revoke a share of the VM's own, or release one that it has accepted
 *
 * Returns whether there may be more: it is to be called again.
 */
bool share_vm_reset(struct vm *vm);

/**
 * share_walk() - look at what is offered to a VM
 * @index: 0 to STILE_SHARES_OFFERED_MAX - 1
 *
 * Returns false if that is nothing.
 */
bool share_walk(const struct vm *vm, uint32_t index, struct share_terms *terms);

/**
 * share_unlent() - find what a VM may change
 * @locked: its stage 2
 *
 * Returns how many of @bytes bytes from @base on there are up to the first page that is part of a
 * share of its own.
 */
uint64_t share_unlent(struct stage2_locked locked, const struct vm *vm, ipa_t base, uint64_t bytes);

#endif
