/* SPDX-License-Identifier: MIT */
/*
 * The performance monitors of the CPU this runs on (Arm ARM D7, D17.5).
 */
#ifndef ARCH_PMU_H
#define ARCH_PMU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/id.h"

/* PMCR_EL0: it counts; what resets counters; what is kept; what says how many there are. */
#define PMCR_E       (UINT64_C(1) << 0)
#define PMCR_RESETS  (UINT64_C(3) << 1)
#define PMCR_KEPT    UINT64_C(0x79)
#define PMCR_ABOUT   UINT64_C(0xFFFFF800)
#define PMCR_N(pmcr) ((uint32_t)((pmcr) >> 11) & 0x1F)

/* The counter of cycles, by number and as a set; every counter. */
#define PMU_CYCLE_COUNTER UINT64_C(31)
#define PMU_CYCLES        (UINT64_C(1) << PMU_CYCLE_COUNTER)
#define PMU_ALL           UINT64_C(0xFFFFFFFF)

/* PMEVTYPERn_EL0: P, U, NSK and NSU, but not NSH, which counts EL2; the event. */
#define PMU_FILTERS       UINT64_C(0xF0000000)
#define PMU_EVENT         UINT64_C(0xFFFF)
#define PMU_EVENT_SW_INCR 0

#define PMUSERENR_BITS UINT64_C(0xF)
#define PMUSERENR_EN   UINT64_C(1) /* all may be accessed; the others let some be */

/* ID_AA64DFR0_EL1.PMUVer: none, or one of another kind; what is shown at most is PMUv3p1. */
#define DFR0_PMUVER_SHIFT 8
#define PMUVER_IMP_DEF    0xFu
#define PMUVER_V3P1       4u

/** pmu_is_there() - whether the CPU has any: if not, their registers are undefined */
static inline bool pmu_is_there(void)
{
    uint64_t version = id_field(read_sysreg(id_aa64dfr0_el1), DFR0_PMUVER_SHIFT);

    return version != 0 && version != PMUVER_IMP_DEF;
}

/** pmu_nr_counters() - how many event counters there are, 0 to 31 */
static inline uint32_t pmu_nr_counters(void)
{
    return PMCR_N(read_sysreg(pmcr_el0));
}

/**
 * pmu_stop() - nothing counts or interrupts
 *
 * What programs access traps to EL2 alone then, where MDCR_EL2.TPM is set: not to EL1, which would
 * be told of monitors that its VM has not.
 */
static inline void pmu_stop(void)
{
    write_sysreg(pmcr_el0, 0);
    write_sysreg(pmcntenclr_el0, PMU_ALL);
    write_sysreg(pmintenclr_el1, PMU_ALL);
    write_sysreg(pmovsclr_el0, PMU_ALL);
    write_sysreg(pmuserenr_el0, PMUSERENR_EN);
}

#endif
