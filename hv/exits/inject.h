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
 * inject_external_abort() - the access that trapped got no answer from the bus
 * @esr: the syndrome of the stage-2 abort: EC_DABT_LOWER or EC_IABT_LOWER
 */
void inject_external_abort(uint64_t esr);

#endif
