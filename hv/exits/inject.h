/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that the hypervisor raises in a guest, as the hardware would (Arm ARM D1.10).
 *
 * All act on the vCPU loaded on this CPU, and need its EL1 registers in the CPU.
 */
#ifndef EXITS_INJECT_H
#define EXITS_INJECT_H

#include <stdint.h>

/** The instruction at ELR_EL2 is undefined. */
void inject_undefined(void);

/**
 * inject_trapped_register() - EL1 has said that the access is to trap, and to itself
 * @esr: the syndrome with which it came to EL2, EC_SYS64
 */
void inject_trapped_register(uint64_t esr);

/**
 * inject_abort() - the access that trapped has failed
 * @esr: the syndrome of the stage-2 abort: EC_DABT_LOWER or EC_IABT_LOWER
 * @fsc: what the guest is told of it, ABORT_FSC_*, with its level
 * @far: the virtual address
 */
void inject_abort(uint64_t esr, uint64_t fsc, uint64_t far);

#endif
