/* SPDX-License-Identifier: MIT */
/*
 * Exceptions raised in a guest.
 */
#include "exits/inject.h"

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

#define SCTLR_SPAN  (UINT64_C(1) << 23) /* PAN stays as it is */
#define SCTLR_DSSBS (UINT64_C(1) << 44) /* what SSBS becomes */

#define MMFR1_PAN UINT64_C(0x00F00000)

/* PSTATE at the vector: what an exception keeps and what it sets (Arm ARM D1.10.1). */
static uint64_t pstate_at_vector(uint64_t spsr)
{
    uint64_t sctlr = read_sysreg(sctlr_el1);
    uint64_t kept = SPSR_NZCV | SPSR_PAN | (spsr & SPSR_AARCH32 ? 0 : SPSR_DIT);
    uint64_t pstate = SPSR_M_EL1H | SPSR_DAIF | (spsr & kept);

    if (!(sctlr & SCTLR_SPAN) && (read_sysreg(id_aa64mmfr1_el1) & MMFR1_PAN))
        pstate |= SPSR_PAN;
    if (sctlr & SCTLR_DSSBS)
        pstate |= SPSR_SSBS;
    return pstate;
}

/* Takes the guest to its vector with ESR_EL1 = @esr, as if EL1 had taken the exception. */
static void inject(uint64_t esr)
{
    uint64_t spsr = read_sysreg(spsr_el2);

    write_sysreg(esr_el1, esr);
    write_sysreg(elr_el1, read_sysreg(elr_el2));
    write_sysreg(spsr_el1, spsr);
    write_sysreg(elr_el2, read_sysreg(vbar_el1) + vector_offset(spsr));
    write_sysreg(spsr_el2, pstate_at_vector(spsr));
}

void inject_undefined(void)
{
    inject((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void inject_trapped_register(uint64_t esr)
{
    inject(esr);
}

void inject_abort(uint64_t esr, uint64_t fsc, uint64_t far)
{
    const uint64_t kept = ABORT_WNR | ABORT_CM | ABORT_FNV;
    uint64_t class = esr_class(esr);

    /* The classes "from the same level" are the next number. */
    if (!spsr_is_el0(read_sysreg(spsr_el2)))
        class ++;
    write_sysreg(far_el1, far);
    inject(class << ESR_EC_SHIFT | ESR_IL | (esr & kept) | fsc); /* IL is 1 where ISV is not */
}
