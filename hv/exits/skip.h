/* SPDX-License-Identifier: MIT */
/*
 * Going on behind an instruction that trapped, once it was emulated.
 */
#ifndef EXITS_SKIP_H
#define EXITS_SKIP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/esr.h"

/**
 * skip_condition_holds() - whether an instruction that trapped is one that does anything
 * @spsr: SPSR_EL2
 * @esr: ESR_EL2, of a class whose ISS has a condition: WFI, WFE, coprocessor accesses
 *
 * A CPU may trap a conditional instruction of AArch32 though its condition fails (Arm ARM D1.10.3);
 * then it is to be skipped, and nothing else.
 */
bool skip_condition_holds(uint64_t spsr, uint64_t esr);

/** skip_other() - skip_instruction() of what is not plain; @spsr: SPSR_EL2 */
void skip_other(uint64_t spsr, uint64_t esr);

/**
 * skip_instruction() - have the guest go on behind the instruction at ELR_EL2
 * @esr: ESR_EL2, which has its length
 *
 * Leaves PSTATE as the instruction would have: ITSTATE has advanced, BTYPE is 0, and a single step
 * has been made (Arm ARM C5.2.18). Not for HVC, after which ELR_EL2 is behind it already.
 */
static inline void skip_instruction(uint64_t esr)
{
    uint64_t spsr = read_sysreg(spsr_el2);

    if (spsr & (SPSR_AARCH32 | SPSR_BTYPE | SPSR_SS))
        skip_other(spsr, esr);
    else
        write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
}

#endif
