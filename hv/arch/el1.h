/* SPDX-License-Identifier: MIT */
/*
 * The state of EL1 and EL0 that is moved when one vCPU makes way for another.
 */
#ifndef ARCH_EL1_H
#define ARCH_EL1_H

#include <stdint.h>

/* Every EL1 and EL0 system register a vCPU owns: EL1_REGS(R) expands R(name) for each. */
#define EL1_REGS(R)                                                                                \
    R(sctlr_el1)                                                                                   \
    R(cpacr_el1)                                                                                   \
    R(ttbr0_el1)                                                                                   \
    R(ttbr1_el1)                                                                                   \
    R(tcr_el1)                                                                                     \
    R(mair_el1)                                                                                    \
    R(amair_el1)                                                                                   \
    R(vbar_el1)                                                                                    \
    R(contextidr_el1)                                                                              \
    R(esr_el1)                                                                                     \
    R(far_el1)                                                                                     \
    R(afsr0_el1)                                                                                   \
    R(afsr1_el1)                                                                                   \
    R(par_el1)                                                                                     \
    R(elr_el1)                                                                                     \
    R(spsr_el1)                                                                                    \
    R(sp_el0)                                                                                      \
    R(sp_el1)                                                                                      \
    R(tpidr_el0)                                                                                   \
    R(tpidrro_el0)                                                                                 \
    R(tpidr_el1)                                                                                   \
    R(csselr_el1)                                                                                  \
    R(cntkctl_el1)                                                                                 \
    R(cntv_cval_el0)                                                                               \
    R(cntv_ctl_el0)

struct el1_state {
#define EL1_MEMBER(name) uint64_t name;
    EL1_REGS(EL1_MEMBER)
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

/** el1_restore() - write them back. No isb(): the ERET to the guest synchronises. */
void el1_restore(const struct el1_state *state);

/** el1_reset() - the state in which a CPU comes out of reset, MMU off (Arm ARM D1.9.1) */
void el1_reset(struct el1_state *state);

/** fp_save() - in entry.S: store FP/SIMD registers; they must be accessible at EL2 */
void fp_save(struct fp_state *state);

/** fp_restore() - in entry.S: load FP/SIMD registers */
void fp_restore(const struct fp_state *state);

#endif
