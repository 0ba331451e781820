/* SPDX-License-Identifier: MIT */
/*
 * A physical CPU: which vCPU is loaded, which wait their turn.
 */
#ifndef DEV_PCPU_H
#define DEV_PCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "lib/list.h"

struct vcpu;
struct vm;

/** What forgets the CPU's branch predictors: dev/predictor.c. */
struct pcpu_predictor {
    uint32_t workaround;  /* SMCCC_ARCH_WORKAROUND_*: to be called; or 0 */
    uint8_t nr_branches;  /* to be taken; or 0 */
    bool has_instruction; /* CLRBHB does */
    bool has_firmware;    /* that may be asked for workarounds */
};

struct pcpu {
    struct vcpu *current; /* the vCPU that is loaded, or about to be; or NULL. Under sched_lock */
    uint64_t stack_top;
    uint64_t panic_stack_top;
    uint64_t mpidr; /* affinity fields of MPIDR_EL1 */
    uint32_t index;
    uint32_t kicked;   /* not 0: an IRQ_KICK is on its way to it, dev/kick.h; atomic */
    uint32_t switched; /* registers beyond Armv8.0 that it has and that are switched: baseline.h */
    uint32_t nr_counters; /* event counters of its performance monitors */
    uint32_t sve_bytes;   /* its longest vector; 0 without SVE */
    struct pcpu_predictor predictor;
    const struct vm *trained_by; /* the VM that ran here last, if it still exists */
    bool online;
    bool claimed;       /* it came up, or it was given up: whoever is first, atomically */
    bool serror_blamed; /* the SError that is pending is one for which a VM was stopped */

    /* Under sched_lock: */
    struct list_node run_queue; /* ready vCPUs, by virtual run time */
    struct list_node sleepers;  /* blocked vCPUs with an armed timer */
    uint64_t virtual_ticks;     /* the largest virtual run time of those that ran here */
    uint64_t slice_end_ticks;   /* when the current vCPU has had its turn, CNTPCT_EL0 */
    uint64_t short_until_ticks; /* up to when slices are short */
    uint64_t timer_ticks;       /* when the next thing is due, but for looks; or NEVER */
    uint32_t nr_vcpus;          /* that belong here */
};

extern struct pcpu pcpus[CONFIG_NR_PCPUS];
extern uint32_t nr_pcpus; /* found in the device tree, at most CONFIG_NR_PCPUS */

/** The physical CPU this runs on. */
static inline struct pcpu *pcpu_self(void)
{
    return (struct pcpu *)read_sysreg(tpidr_el2);
}

#endif
