/* SPDX-License-Identifier: MIT */
/*
 * Self-hosted debug as a guest has it: breakpoints, watchpoints, software step, the OS lock (Arm
 * ARM D2). What ID_AA64DFR0_EL1 shows works.
 *
 * The registers of a vCPU are in memory, and every access to them traps. A vCPU whose MDSCR_EL1
 * lets debug exceptions happen has them in the CPU as well, while it is loaded: VCPU_HAS_DEBUG.
 * While any other vCPU is loaded MDSCR_EL1 is 0, so that what is left in the other registers is
 * never looked at.
 *
 * A guest's debug exceptions go to EL1 (MDCR_EL2.TDE is 0), and what goes to EL1 is masked at EL2
 * (D2.5): no breakpoint, whatever its conditions say, disturbs the hypervisor.
 *
 * Not there, and reading as zero: the channel to an external debugger, the double lock, the address
 * of the ROM table.
 */
#ifndef VIRT_VDEBUG_H
#define VIRT_VDEBUG_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** vdebug_reset() - nothing is set, the OS lock is; the vCPU has no debug registers in the CPU */
void vdebug_reset(struct vcpu *vcpu);

/**
 * vdebug_read() - the loaded vCPU reads a register of Op0 = 2
 * @name: NAME() of the register
 *
 * Returns false if there is no such register to read, or not for EL0.
 */
bool vdebug_read(struct vcpu *vcpu, uint64_t name, uint64_t *value);

/** vdebug_write() - it writes one; false if there is no such register to write, or not for EL0 */
bool vdebug_write(struct vcpu *vcpu, uint64_t name, uint64_t value);

/** vdebug_didr() - DBGDIDR, which AArch32 has instead of ID_AA64DFR0_EL1 (Arm ARM G8.3.17) */
uint32_t vdebug_didr(const struct vm *vm);

/**
 * vdebug_is_denied() - whether EL1 has asked that the access trap to itself
 * @name: NAME() of the register that EL0 or EL1 accesses
 */
bool vdebug_is_denied(const struct vcpu *vcpu, uint64_t name);

/** vdebug_load() - put the registers of a vCPU with VCPU_HAS_DEBUG, about to run, into the CPU */
void vdebug_load(const struct vcpu *vcpu);

/** vdebug_put() - no register of the loaded vCPU's is in force any longer */
void vdebug_put(void);

#endif
