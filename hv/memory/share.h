/* SPDX-License-Identifier: MIT */
/*
 * Memory that a VM lends to another, or gives away: who offered what to whom, and what came of it.
 *
 * A share is offered, perhaps accepted and released again, and ends when its owner revokes it, when
 * either VM ends or starts anew, or, if it is a donation, when it was accepted. While it lasts its
 * pages stay where the owner has them. So EL2 finds them there, and the peer's mapping of them can
 * always be taken away without a new table: scratch memory of the peer's own takes its place until
 * the peer releases it. So the owner never waits for its peer, and the peer never faults.
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
    uint32_t owner; /* a VM's number, as is the next */
    uint32_t peer;
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
 * share_vm_reset() - a step of revoking what the VM offers, and of releasing what it has accepted
 *
 * Returns whether there may be more: it is to be called again. What others offer the VM, and it has
 * not accepted, stays offered, and so does what the hypervisor offers of it.
 */
bool share_vm_reset(struct vm *vm);

/**
 * share_offer() - offer pages to a peer
 * @offer:  of a donation, its bytes become what is offered: from its start, a whole block of 2 MiB,
 *          or 64 pages at most, up to the first page that cannot be
 * @handle: where to put the handle
 *
 * INVALID_ARGUMENT: the peer is the VM itself
 * NOT_FOUND: no VM of that number runs
 * NOT_MAPPED: the first page, or the last of what is to be lent, is not the VM's own
 * BUSY: a page is part of a donation, or the first page of this one is part of a share
 * LIMIT: the VM has STILE_SHARES_MAX shares, less those that the hypervisor may offer of it
 */
enum stile_error share_offer(struct vm *vm, struct share_offer *offer, uint32_t *handle);

/**
 * share_accept() - map what was offered
 *
 * First memory is made ready, and the caches let go of what is lent: a peer that reads past them
 * finds what the owner sees, not what was there before. SHARE_AGAIN: not yet all of it is there.
 *
 * NOT_FOUND: no share of that handle is offered to the VM
 * INVALID_ARGUMENT: it has another size
 * DENIED: it grants less, or is a donation and was not taken for one, or the other way round
 * BUSY: it was accepted already
 * NOT_MAPPED: a page is not the owner's
 * ALREADY_MAPPED: something is in the range
 * LIMIT: the VM has accepted STILE_SHARES_ACCEPTED_MAX shares
 * NO_MEMORY: the pool has no page for a table or for scratch, or, of a donation, the machine cannot
 *            keep as much
 */
enum stile_error share_accept(struct vm *vm, uint32_t handle, const struct share_wish *wish);

/**
 * share_release() - unmap what was accepted, or was in part
 *
 * SHARE_AGAIN: not yet all of it. NOT_FOUND: the VM has accepted no such share
 */
enum stile_error share_release(struct vm *vm, uint32_t handle);

/**
 * share_revoke() - end a share
 *
 * No CPU reaches the pages on the peer's behalf when this returns SUCCESS. SHARE_AGAIN: not yet all
 * of them. NOT_FOUND: the VM owns no such share, or it is the hypervisor's
 */
enum stile_error share_revoke(struct vm *vm, uint32_t handle);

/**
 * share_next_own() - look at what a VM offers: the share of the least handle above @after
 * share_next_offered() - look at what others offer a VM, and at what has ended and it has still
 *
 * Return false if there is none.
 */
bool share_next_own(const struct vm *vm, uint32_t after, struct share_terms *terms);
bool share_next_offered(const struct vm *vm, uint32_t after, struct share_terms *terms);

/**
 * share_unlent() - find what a VM may change
 * @locked: its stage 2
 *
 * Returns how many of @bytes bytes from @base on there are up to the first page that is part of a
 * share of its own.
 */
uint64_t share_unlent(struct stage2_locked locked, const struct vm *vm, ipa_t base, uint64_t bytes);

#endif
