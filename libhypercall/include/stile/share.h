/* SPDX-License-Identifier: MIT */
/*
 * Memory lent to another VM, and borrowed from one: found by a key in the directory, or by the
 * owner alone.
 *
 * Ordering: what the owner wrote before it offered is there when the other has accepted. From then
 * on both see each other's stores as two CPUs do; who signals by a word in there stores it with
 * release and loads it with acquire. When stile_share_revoke() returns, the peer reaches nothing of
 * the owner's: it finds scratch memory of its own, which is to be taken for no more than noise.
 */
#ifndef STILE_SHARE_H
#define STILE_SHARE_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is offered, to this VM or by it: memory_next_offered and memory_next_shared, taken apart.
 */
struct stile_share_info {
    stile_share_t share;
    stile_vm_id_t peer; /**< the other VM: who owns it, or to whom it is offered */
    uint64_t nr_pages;
    uint32_t flags; /**< STILE_ACCESS_*, STILE_SHARE_* */
};

/**
 * stile_share_offer() - lend pages to a peer, and publish the handle
 * @key: under which the peer finds it: see stile_directory_set()
 * @base: the first address, a multiple of PAGE_BYTES
 * @count: how many pages
 * @peer: to whom
 * @access: STILE_ACCESS_READ, or READ and WRITE
 * @share: where to put the handle
 *
 * Returns 0, or the error of memory_share or directory_publish; then nothing is lent.
 */
int64_t stile_share_offer(const char *key, stile_ipa_t base, stile_nr_pages_t count,
                          stile_vm_id_t peer, uint32_t access, stile_share_t *share);

/**
 * stile_share_next_offered() - go on with a walk of what others offer to this VM
 * @info: with @share as the last call left it, or 0 at first; becomes the next one
 *
 * Returns false after the last one.
 */
bool stile_share_next_offered(struct stile_share_info *info);

/** stile_share_next_own() - the same of what this VM offers to others */
bool stile_share_next_own(struct stile_share_info *info);

/**
 * stile_share_find() - what a VM offers to this one
 * @owner: the VM, or number 0 for any
 * @info: where to put the first that is not accepted yet
 *
 * Returns 0 or STILE_NOT_FOUND.
 */
int64_t stile_share_find(stile_vm_id_t owner, struct stile_share_info *info);

/**
 * stile_share_is_over() - whether what this VM has accepted is the owner's memory no more
 * @share: the handle
 *
 * Then what is there is scratch memory, until it is released. One call.
 */
bool stile_share_is_over(stile_share_t share);

/**
 * stile_share_accept() - borrow pages, if they are what was agreed on
 * @share: the handle
 * @base: where to map them, a multiple of PAGE_BYTES
 * @count: how many there must be
 * @access: STILE_ACCESS_* bits with which they are mapped, and that must be among the rights;
 *          STILE_SHARE_DONATED if they are to be this VM's own for good
 *
 * Returns 0 or the error of memory_accept; then nothing is mapped.
 */
int64_t stile_share_accept(stile_share_t share, stile_ipa_t base, stile_nr_pages_t count,
                           uint32_t access);

/**
 * stile_share_accept_from() - stile_share_accept() of what an owner has published
 * @owner: the VM
 * @key: as it said to stile_share_offer()
 * @share: where to put the handle
 */
int64_t stile_share_accept_from(stile_vm_id_t owner, const char *key, stile_ipa_t base,
                                stile_nr_pages_t count, uint32_t access, stile_share_t *share);

/**
 * stile_share_revoke() - take pages back, and what was published
 * @key: as for stile_share_offer()
 * @share: the handle
 *
 * Returns 0 or the error of memory_revoke.
 */
int64_t stile_share_revoke(const char *key, stile_share_t share);

#ifdef __cplusplus
}
#endif

#endif
