/* SPDX-License-Identifier: MIT */
/*
 * The cycle counter (Arm ARM D7.1). Under QEMU's icount a cycle is an instruction, so a counter
 * that counts at EL1 only lacks what was spent at EL2.
 */
#ifndef MEASURE_PMU_H
#define MEASURE_PMU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"

#define PMCR_E  (UINT64_C(1) << 0)
#define PMCR_LC (UINT64_C(1) << 6)

#define PMU_CYCLE_COUNTER (UINT64_C(1) << 31)

/* ID_AA64DFR0_EL1.PMUVer: 0 is none, 15 is one of another kind. */
#define PMUVER_SHIFT 8
#define PMUVER_OTHER 0xF

static inline bool pmu_present(void)
{
    uint64_t version = (read_sysreg(id_aa64dfr0_el1) >> PMUVER_SHIFT) & 0xF;

    return version != 0 && version != PMUVER_OTHER;
}

/* What is counted, as PMCCFILTR_EL0 says it: NSH adds EL2. */
#define PMU_EL1         UINT64_C(0)
#define PMU_EL1_AND_EL2 (UINT64_C(1) << 27)

/** Starts the counter. */
static inline void pmu_start(uint64_t filter)
{
    write_sysreg(pmccfiltr_el0, filter);
    write_sysreg(pmcntenset_el0, PMU_CYCLE_COUNTER);
    write_sysreg(pmcr_el0, PMCR_E | PMCR_LC);
    isb();
}

#endif
