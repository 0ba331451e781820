/* SPDX-License-Identifier: MIT */
/*
 * EL1 and EL0 system registers, moved when the vCPU changes.
 */
#include "arch/el1.h"

#include "arch/cpu.h"

/* SCTLR_EL1 out of reset: MMU and caches off, and the bits that are RES1 in Armv8.0. */
#define SCTLR_EL1_RESET UINT64_C(0x30D00800)

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
#undef SAVE_TWO
#undef SAVE
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
}

void el1_reset(struct el1_state *state)
{
    *state = (struct el1_state){.sctlr_el1 = SCTLR_EL1_RESET};
}
