/* SPDX-License-Identifier: MIT */
/*
 * What the suites of group memory share: what a call is expected to answer, and a block of memory.
 */
#ifndef GUEST_MEMORY_RIG_H
#define GUEST_MEMORY_RIG_H

#include <stdint.h>

#include "stile/hypercall.h"

#define BLOCK_PAGES 512
#define RWX         (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)
#define RW          (STILE_ACCESS_READ | STILE_ACCESS_WRITE)

/** expect_done() - that a call succeeded with so many pages */
void expect_done(struct stile_result result, uint64_t pages);

/** expect_bad() - that a call found nothing wrong but an argument, the number of which is given */
void expect_bad(struct stile_result result, uint64_t argument);

/** make_block() - give single pages up, for a block of 2 MiB elsewhere; its address */
uint64_t make_block(void);

/** free_block() - the other way round; all pages of the block are mapped */
void free_block(uint64_t block);

#endif
