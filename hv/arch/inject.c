/* SPDX-License-Identifier: MIT */
/*
 * Exceptions raised in a guest.
 */
#include "arch/inject.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/esr.h"

/* Offsets of synchronous exceptions in the guest's vector table. */
#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER_64    0x400
#define VECTOR_LOWER_32    0x600

static uint64_t vector_offset(uint64_t spsr)
{
    if (spsr & SPSR_AARCH32)
        return VECTOR_LOWER_32;
    switch (spsr & SPSR_M_MASK) {
    case SPSR_M_EL0T:
        return VECTOR_LOWER_64;
    case SPSR_M_EL1T:
        return VECTOR_CURRENT_SP0;
    default:
        return VECTOR_CURRENT_SPX;
    }
}

static bool from_el0(uint64_t spsr)
{
    return (spsr & SPSR_AARCH32) || (spsr & SPSR_M_MASK) == SPSR_M_EL0T;
}

/* Takes the guest to its vector with ESR_EL1 = @esr, as if EL1 had taken the exception. */
static void inject(uint64_t esr)
{
    uint64_t spsr = read_sysreg(spsr_el2);

    write_sysreg(esr_el1, esr);
    write_sysreg(elr_el1, read_sysreg(elr_el2));
    write_sysreg(spsr_el1, spsr);
    write_sysreg(elr_el2, read_sysreg(vbar_el1) + vector_offset(spsr));
    write_sysreg(spsr_el2, SPSR_M_EL1H | SPSR_DAIF);
}

void inject_undefined(void)
{
    inject((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void inject_external_abort(uint64_t esr)
{
    uint64_t class = esr_class(esr);

    /* The classes "from the same level" are the next number. */
    if (!from_el0(read_sysreg(spsr_el2)))
        class ++;
    write_sysreg(far_el1, read_sysreg(far_el2));
    inject(class << ESR_EC_SHIFT | (esr & (ESR_IL | ABORT_WNR)) | ABORT_FSC_EXTERNAL);
}
