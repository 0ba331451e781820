/* SPDX-License-Identifier: MIT */
/*
 * EL1 and EL0 system registers, moved when the vCPU changes.
 */
#include "arch/el1.h"

#include "arch/cpu.h"
#include "arch/errata.h"

/* SCTLR_EL1 out of reset: MMU and caches off, and the bits that are RES1 in Armv8.0. */
#define SCTLR_EL1_RESET UINT64_C(0x30D00800)
#define SCTLR_EL1_M     (UINT64_C(1) << 0)

/* TCR_EL1: no walks by TTBR0_EL1, or TTBR1_EL1. */
#define TCR_EL1_EPD0 (UINT64_C(1) << 7)
#define TCR_EL1_EPD1 (UINT64_C(1) << 23)

void el1_save(struct el1_state *state)
{
#define SAVE(name) state->name = read_sysreg(name);
#define SAVE_TWO(first, second)                                                                    \
    do {                                                                                           \
        uint64_t a_ = read_sysreg(first), b_ = read_sysreg(second);                                \
        state->first = a_;                                                                         \
        state->second = b_;                                                                        \
    } while (0);
    EL1_REGS(SAVE_TWO, SAVE)
    EL1_WALK_REGS(SAVE_TWO)
#undef SAVE_TWO
#undef SAVE
}

void el1_forbid_walks(void)
{
    write_sysreg(tcr_el1, TCR_EL1_EPD0 | TCR_EL1_EPD1);
    isb();
    write_sysreg(sctlr_el1, SCTLR_EL1_RESET | SCTLR_EL1_M);
    isb();
}

void el1_restore(const struct el1_state *state)
{
#define RESTORE(name) write_sysreg(name, state->name);
#define RESTORE_TWO(first, second)                                                                 \
    do {                                                                                           \
        uint64_t a_ = state->first, b_ = state->second;                                            \
        write_sysreg(first, a_);                                                                   \
        write_sysreg(second, b_);                                                                  \
    } while (0);
    EL1_REGS(RESTORE_TWO, RESTORE)
#undef RESTORE_TWO
#undef RESTORE
    uint64_t sctlr = state->sctlr_el1, tcr = state->tcr_el1;

    if (errata_have(ERRATUM_SPECULATIVE_AT)) {
        isb(); /* stage 2 and the tables of stage 1 are the vCPU's */
        write_sysreg(sctlr_el1, sctlr);
        isb();
    } else {
        write_sysreg(sctlr_el1, sctlr);
    }
    write_sysreg(tcr_el1, tcr);
}

void el1_reset(struct el1_state *state)
{
    *state = (struct el1_state){.sctlr_el1 = SCTLR_EL1_RESET};
}
