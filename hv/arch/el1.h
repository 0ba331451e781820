/* SPDX-License-Identifier: MIT */
/*
 * The state of EL1 and EL0 that is moved when one vCPU makes way for another.
 */
#ifndef ARCH_EL1_H
#define ARCH_EL1_H

#include <stdint.h>

/*
 * Every EL1 and EL0 system register of Armv8.0 that a vCPU owns, but for those two that decide
 * whether stage 1 is walked, which come last: EL1_REGS(P, R) expands P(name, name) for two that
 * are next to each other in memory, which one instruction stores or loads, and R(name) for the
 * last.
 */
#define EL1_REGS(P, R)                                                                             \
    P(cpacr_el1, mair_el1)                                                                         \
    P(ttbr0_el1, ttbr1_el1)                                                                        \
    P(amair_el1, vbar_el1)                                                                         \
    P(contextidr_el1, esr_el1)                                                                     \
    P(far_el1, afsr0_el1)                                                                          \
    P(afsr1_el1, par_el1)                                                                          \
    P(elr_el1, spsr_el1)                                                                           \
    P(sp_el0, sp_el1)                                                                              \
    P(tpidr_el0, tpidrro_el0)                                                                      \
    P(tpidr_el1, csselr_el1)                                                                       \
    P(cntv_cval_el0, cntv_ctl_el0)                                                                 \
    R(cntkctl_el1)

#define EL1_WALK_REGS(P) P(sctlr_el1, tcr_el1)

struct el1_state {
#define EL1_MEMBER(name)           uint64_t name;
#define EL1_MEMBERS(first, second) EL1_MEMBER(first) EL1_MEMBER(second)
    EL1_REGS(EL1_MEMBERS, EL1_MEMBER)
    EL1_WALK_REGS(EL1_MEMBERS)
#undef EL1_MEMBERS
#undef EL1_MEMBER
};

/** FP/SIMD registers; moved only when another vCPU uses them. */
struct fp_state {
    __extension__ unsigned __int128 v[32];
    uint64_t fpcr;
    uint64_t fpsr;
};

/** el1_save() - read the registers of EL1 and EL0 into @state */
void el1_save(struct el1_state *state);

/**
 * el1_forbid_walks() - have nobody walk EL1's stage 1 until el1_restore(), not even speculatively
 *
 * SCTLR_EL1 and TCR_EL1 are lost. For ERRATUM_SPECULATIVE_AT, before VTTBR_EL2 changes.
 */
void el1_forbid_walks(void);

/** el1_restore() - write them back. No isb(): the ERET to the guest synchronises. */
void el1_restore(const struct el1_state *state);

/** el1_reset() - the state in which a CPU comes out of reset, MMU off (Arm ARM D1.9.1) */
void el1_reset(struct el1_state *state);

/** fp_save() - in entry.S: store FP/SIMD registers; they must be accessible at EL2 */
void fp_save(struct fp_state *state);

/** fp_restore() - in entry.S: load FP/SIMD registers */
void fp_restore(const struct fp_state *state);

#endif
