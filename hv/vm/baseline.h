/* SPDX-License-Identifier: MIT */
/*
 * The baseline: the classes of EL1 and EL0 system registers that no guest is given, whatever the
 * CPU has, but for those whose VM is configured to have them (SVE, the PMU). Each line says by
 * which field of the identification registers the class is known, how accesses are made to trap,
 * and what a guest then finds.
 *
 * Three places follow from the table: vm/trap_control.c sets the trap registers by it, virt/vid.c
 * shows no guest a field that promises a hidden class, and exits/sysreg.c refuses what traps. What
 * is not in the table is a register of Armv8.0, which is switched (arch/el1.h), or a key of pointer
 * authentication, which is switched where the CPU has it (arch/pauth.h), or has a field that
 * virt/vid.c leaves out and no state.
 */
#ifndef VM_BASELINE_H
#define VM_BASELINE_H

#include <stdint.h>

#include "arch/id.h"
#include "arch/pauth.h"

/** The registers of EL2 whose bits make accesses trap. */
enum baseline_register {
    BASELINE_HCR,
    BASELINE_CPTR,
    BASELINE_MDCR,
    BASELINE_HCRX,  /* if there is FEAT_HCX */
    BASELINE_FGT,   /* HFGRTR_EL2 and the others of FEAT_FGT: zero, for what has a bit of its own */
    BASELINE_MPAM2, /* if there is MPAM */
};

/** What a guest finds where a class is hidden. */
enum baseline_answer {
    BASELINE_UNDEFINED, /* no such register, and no field that promises it */
    BASELINE_EMULATED,  /* the architecture demands it: virt/vdebug.h */
};

/* HCR_EL2 (Arm ARM D17.2.48): set, they trap. */
#define BASELINE_HCR_TLOR (UINT64_C(1) << 35)
#define BASELINE_HCR_TERR (UINT64_C(1) << 36)
#define BASELINE_HCR_TEA  (UINT64_C(1) << 37) /* external aborts go to EL2 */
#define BASELINE_HCR_TID5 (UINT64_C(1) << 58)
/* Clear, they trap. */
#define BASELINE_HCR_TME    (UINT64_C(1) << 39)
#define BASELINE_HCR_FIEN   (UINT64_C(1) << 47)
#define BASELINE_HCR_ENSCXT (UINT64_C(1) << 53)
#define BASELINE_HCR_ATA    (UINT64_C(1) << 56)

/* CPTR_EL2 (D17.2.31, HCR_EL2.E2H = 0) */
#define BASELINE_CPTR_TZ  (UINT64_C(1) << 8)
#define BASELINE_CPTR_TSM (UINT64_C(1) << 12)
#define BASELINE_CPTR_TTA (UINT64_C(1) << 20)
#define BASELINE_CPTR_TAM (UINT64_C(1) << 30)

/* MDCR_EL2 (D17.3.17) */
#define BASELINE_MDCR_TPMCR (UINT64_C(1) << 5)
#define BASELINE_MDCR_TPM   (UINT64_C(1) << 6)
#define BASELINE_MDCR_TDA   (UINT64_C(1) << 9)
#define BASELINE_MDCR_TDOSA (UINT64_C(1) << 10)
#define BASELINE_MDCR_TDRA  (UINT64_C(1) << 11)
#define BASELINE_MDCR_E2PB  (UINT64_C(3) << 12) /* clear: the profiling buffer is EL2's */
#define BASELINE_MDCR_TPMS  (UINT64_C(1) << 14)
#define BASELINE_MDCR_TTRF  (UINT64_C(1) << 19)
#define BASELINE_MDCR_E2TB  (UINT64_C(3) << 24) /* clear: the trace buffer is EL2's */
#define BASELINE_MDCR_PMU   (BASELINE_MDCR_TPM | BASELINE_MDCR_TPMCR)
#define BASELINE_MDCR_DEBUG (BASELINE_MDCR_TDA | BASELINE_MDCR_TDOSA | BASELINE_MDCR_TDRA)

/* HCRX_EL2 (D17.2.49) */
#define BASELINE_HCRX_LS64     UINT64_C(7)
#define BASELINE_HCRX_TALLINT  (UINT64_C(1) << 6)
#define BASELINE_HCRX_MSCEN    (UINT64_C(1) << 11)
#define BASELINE_HCRX_TCR2EN   (UINT64_C(1) << 14)
#define BASELINE_HCRX_SCTLR2EN (UINT64_C(1) << 15)
#define BASELINE_HCRX_D128EN   (UINT64_C(1) << 17)
#define BASELINE_HCRX_GCSEN    (UINT64_C(1) << 22)
#define BASELINE_HCRX_ENFPM    (UINT64_C(1) << 24)

/* MPAM2_EL2 (DDI 0598, 7.4): TRAPMPAM0EL1 and TRAPMPAM1EL1 */
#define BASELINE_MPAM2_TRAPS (UINT64_C(3) << 48)

#define BASELINE_FGT_ALL UINT64_MAX

/*
 * C(class, identification register, shift of its field, the least value that means the class is
 *   there, register, bits that are set, bits that are clear, answer)
 */
#define BASELINE(C)                                                                                \
    C(RAS, ID_AA64PFR0, 28, 1, HCR, BASELINE_HCR_TERR | BASELINE_HCR_TEA, BASELINE_HCR_FIEN,       \
      UNDEFINED)                                                                                   \
    C(SCXTNUM, ID_AA64PFR0, 56, 2, HCR, 0, BASELINE_HCR_ENSCXT, UNDEFINED)                         \
    C(LOREGIONS, ID_AA64MMFR1, 16, 1, HCR, BASELINE_HCR_TLOR, 0, UNDEFINED)                        \
    C(MTE, ID_AA64PFR1, 8, 2, HCR, BASELINE_HCR_TID5, BASELINE_HCR_ATA, UNDEFINED)                 \
    C(TRANSACTIONS, ID_AA64ISAR0, 24, 1, HCR, 0, BASELINE_HCR_TME, UNDEFINED)                      \
    C(SVE, ID_AA64PFR0, 32, 1, CPTR, BASELINE_CPTR_TZ, 0, UNDEFINED)                               \
    C(SME, ID_AA64PFR1, 24, 1, CPTR, BASELINE_CPTR_TSM, 0, UNDEFINED)                              \
    C(ACTIVITY_MONITORS, ID_AA64PFR0, 44, 1, CPTR, BASELINE_CPTR_TAM, 0, UNDEFINED)                \
    C(TRACE, ID_AA64DFR0, 4, 1, CPTR, BASELINE_CPTR_TTA, 0, UNDEFINED)                             \
    C(DEBUG, ID_AA64DFR0, 0, 6, MDCR, BASELINE_MDCR_DEBUG, 0, EMULATED)                            \
    C(PMU, ID_AA64DFR0, 8, 1, MDCR, BASELINE_MDCR_PMU, 0, UNDEFINED)                               \
    C(PROFILING, ID_AA64DFR0, 32, 1, MDCR, BASELINE_MDCR_TPMS, BASELINE_MDCR_E2PB, UNDEFINED)      \
    C(TRACE_FILTER, ID_AA64DFR0, 40, 1, MDCR, BASELINE_MDCR_TTRF, 0, UNDEFINED)                    \
    C(TRACE_BUFFER, ID_AA64DFR0, 44, 1, MDCR, 0, BASELINE_MDCR_E2TB, UNDEFINED)                    \
    C(BRANCH_RECORDS, ID_AA64DFR0, 52, 1, FGT, 0, BASELINE_FGT_ALL, UNDEFINED)                     \
    C(NMI, ID_AA64PFR1, 36, 1, HCRX, BASELINE_HCRX_TALLINT, 0, UNDEFINED)                          \
    C(LS64, ID_AA64ISAR1, 60, 1, HCRX, 0, BASELINE_HCRX_LS64, UNDEFINED)                           \
    C(MEMCPY, ID_AA64ISAR2, 16, 1, HCRX, 0, BASELINE_HCRX_MSCEN, UNDEFINED)                        \
    C(TCR2, ID_AA64MMFR3, 0, 1, HCRX, 0, BASELINE_HCRX_TCR2EN, UNDEFINED)                          \
    C(SCTLR2, ID_AA64MMFR3, 4, 1, HCRX, 0, BASELINE_HCRX_SCTLR2EN, UNDEFINED)                      \
    C(D128, ID_AA64MMFR3, 32, 1, HCRX, 0, BASELINE_HCRX_D128EN, UNDEFINED)                         \
    C(GCS, ID_AA64PFR1, 44, 1, HCRX, 0, BASELINE_HCRX_GCSEN, UNDEFINED)                            \
    C(FPMR, ID_AA64PFR2, 32, 1, HCRX, 0, BASELINE_HCRX_ENFPM, UNDEFINED)                           \
    C(PERMISSION_INDIRECTION, ID_AA64MMFR3, 8, 1, FGT, 0, BASELINE_FGT_ALL, UNDEFINED)             \
    C(PERMISSION_OVERLAY, ID_AA64MMFR3, 16, 1, FGT, 0, BASELINE_FGT_ALL, UNDEFINED)                \
    C(MEMORY_ATTRIBUTES, ID_AA64MMFR3, 28, 1, FGT, 0, BASELINE_FGT_ALL, UNDEFINED)                 \
    C(MPAM, ID_AA64PFR0, 40, 1, MPAM2, BASELINE_MPAM2_TRAPS, 0, UNDEFINED)                         \
    C(MPAM_MINOR, ID_AA64PFR1, 16, 1, MPAM2, BASELINE_MPAM2_TRAPS, 0, UNDEFINED)

/*
 * Registers of a class that is hidden, which nothing makes trap all the same: they are switched.
 * S(member, name, identification register, shift, least value)
 *
 * VDISR_EL2 is what DISR_EL1 means to EL1 while HCR_EL2.AMO is set (D17.2.179). TPIDR2_EL0 traps
 * only where FEAT_FGT is.
 */
#define BASELINE_SWITCHED(S)                                                                       \
    S(vdisr, s3_4_c12_c1_1, ID_AA64PFR0, 28, 1)                                                    \
    S(tpidr2, s3_3_c13_c0_5, ID_AA64PFR1, 24, 1)

enum {
#define BASELINE_NUMBER(member, ...) BASELINE_SWITCHED_##member,
    BASELINE_SWITCHED(BASELINE_NUMBER)
#undef BASELINE_NUMBER
        BASELINE_SWITCHED_keys,
};

/** What a vCPU holds of them, and its keys; 0 out of reset, and valid while it is not loaded. */
struct baseline_state {
#define BASELINE_MEMBER(member, ...) uint64_t member;
    BASELINE_SWITCHED(BASELINE_MEMBER)
#undef BASELINE_MEMBER
    struct pauth_keys keys;
};

/** Bits of a trap register that are set, and that are clear, by the table: constants. */
#define BASELINE_SET_IN(of, class, id, shift, least, reg, set, clear, answer)                      \
    | (BASELINE_##reg == (of) ? (set) : 0)
#define BASELINE_CLEAR_IN(of, class, id, shift, least, reg, set, clear, answer)                    \
    | (BASELINE_##reg == (of) ? (clear) : 0)

#define BASELINE_SET_HCR(...)   BASELINE_SET_IN(BASELINE_HCR, __VA_ARGS__)
#define BASELINE_SET_CPTR(...)  BASELINE_SET_IN(BASELINE_CPTR, __VA_ARGS__)
#define BASELINE_SET_MDCR(...)  BASELINE_SET_IN(BASELINE_MDCR, __VA_ARGS__)
#define BASELINE_SET_HCRX(...)  BASELINE_SET_IN(BASELINE_HCRX, __VA_ARGS__)
#define BASELINE_SET_MPAM2(...) BASELINE_SET_IN(BASELINE_MPAM2, __VA_ARGS__)
#define BASELINE_CLEAR_HCR(...) BASELINE_CLEAR_IN(BASELINE_HCR, __VA_ARGS__)

#define BASELINE_HCR_BITS   (UINT64_C(0) BASELINE(BASELINE_SET_HCR))
#define BASELINE_CPTR_BITS  (UINT64_C(0) BASELINE(BASELINE_SET_CPTR))
#define BASELINE_MDCR_BITS  (UINT64_C(0) BASELINE(BASELINE_SET_MDCR))
#define BASELINE_HCRX_BITS  (UINT64_C(0) BASELINE(BASELINE_SET_HCRX))
#define BASELINE_MPAM2_BITS (UINT64_C(0) BASELINE(BASELINE_SET_MPAM2))
#define BASELINE_HCR_CLEAR  (UINT64_C(0) BASELINE(BASELINE_CLEAR_HCR))

/** A line of the table. */
struct baseline_class {
    uint64_t set;   /* bits of trap_register */
    uint64_t clear; /* the same */
    uint8_t id;     /* ID_INDEX() */
    uint8_t shift;
    uint8_t least;
    uint8_t trap_register; /* enum baseline_register */
    uint8_t answer;        /* enum baseline_answer */
};

/**
 * baseline_hide() - take every hidden class out of what a guest is shown
 * @registers: the identification registers it is to see, by ID_INDEX(); changed
 *
 * A field that promises a class is lowered to the largest value that does not.
 */
void baseline_hide(uint64_t registers[ID_NR_REGISTERS]);

/**
 * baseline_init_pcpu() - the trap registers that only newer CPUs have, on the calling CPU
 *
 * Returns which of BASELINE_SWITCHED() this CPU has, a bit for each, and one for the keys.
 */
uint32_t baseline_init_pcpu(void);

/** baseline_save() - read those of the set @there into @state */
void baseline_save(struct baseline_state *state, uint32_t there);

/** baseline_restore() - write them back. No isb(): the ERET to the guest synchronises. */
void baseline_restore(const struct baseline_state *state, uint32_t there);

#endif
