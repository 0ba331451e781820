/* SPDX-License-Identifier: MIT */
/*
 * The cache geometry a guest reads: the hardware's, from a copy made at boot. EL2 never reads
 * CCSIDR_EL1 for a guest: with a cache selected that is not there, the read may be undefined
 * (Arm ARM D17.2.26).
 */
#ifndef VIRT_VCACHE_H
#define VIRT_VCACHE_H

#include <stdint.h>

/** vcache_init() - copy the geometry of this CPU's caches. Boot. */
void vcache_init(void);

/**
 * vcache_ccsidr() - CCSIDR_EL1
 * @csselr: CSSELR_EL1 as the guest has it; any value
 *
 * Returns 0 where the CPU has no such cache.
 */
uint64_t vcache_ccsidr(uint64_t csselr);

#endif
