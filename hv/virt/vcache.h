/* SPDX-License-Identifier: MIT */
/*
 * The cache geometry a guest reads. CTR_EL0 and CLIDR_EL1 are the hardware's: line sizes, levels,
 * and what maintenance is needed. CCSIDR_EL1 tells of one set and one way in each cache: EL2 does
 * maintenance by set and way by address (memory/set_way.h), so that a guest's loop over sets and
 * ways need not be more than one exit a level.
 *
 * On a CPU without FEAT_EVT, the bit that traps CCSIDR_EL1 traps CTR_EL0 too (HCR_EL2.TID2, Arm ARM
 * D17.2.48), and there are kernels that read CTR_EL0 for each instruction they patch. So a guest
 * that reads CTR_EL0 often and has never read CCSIDR_EL1 is given the hardware's CCSIDR_EL1, and
 * nothing traps any more. What a VM is shown is decided once: it does not change until the VM
 * starts anew.
 */
#ifndef VIRT_VCACHE_H
#define VIRT_VCACHE_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** vcache_init() - copy the geometry of this CPU's caches. Boot. */
void vcache_init(void);

/** vcache_reset() - the VM starts: its guest has read nothing yet. No vCPU of it runs. */
void vcache_reset(struct vm *vm);

/** vcache_ctr() - CTR_EL0, trapped; @vcpu is loaded */
uint64_t vcache_ctr(struct vcpu *vcpu);

/**
 * vcache_ccsidr() - CCSIDR_EL1, trapped
 * @vm: of the vCPU that reads
 * @csselr: CSSELR_EL1 as the guest has it; any value
 *
 * Returns 0 where the CPU has no such cache. EL2 does not read CCSIDR_EL1 for a guest: with a cache
 * selected that is not there, the read may be undefined (Arm ARM D17.2.26).
 */
uint64_t vcache_ccsidr(struct vm *vm, uint64_t csselr);

/** vcache_has_ccsidr2() - whether there is CCSIDR2_EL1 (FEAT_CCIDX); of one set it reads as 0 */
bool vcache_has_ccsidr2(void);

#endif
