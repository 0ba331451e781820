/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a vCPU's performance monitors (virt/vpmu.h).
 */
#ifndef VM_VPMU_STATE_H
#define VM_VPMU_STATE_H

#include <stdbool.h>
#include <stdint.h>

/** The most event counters that the architecture has, beside the one of cycles. */
#define VPMU_NR_COUNTERS 31

/** Registers by their names; what the CPU holds of a loaded vCPU is valid while it is not. */
struct vpmu {
    uint64_t pmselr;   /* never in the CPU */
    uint64_t pmintens; /* PMINTENSET_EL1; in the CPU while is_raised is not set */
    bool is_raised;    /* the input of IRQ_PMU is high */

    uint64_t pmcr; /* and what follows: not valid while loaded */
    uint64_t pmcntens;
    uint64_t pmovs;
    uint64_t pmuserenr;
    uint64_t pmccntr;
    uint64_t pmccfiltr;
    uint64_t pmevcntr[VPMU_NR_COUNTERS];
    uint64_t pmevtyper[VPMU_NR_COUNTERS];
};

#endif
