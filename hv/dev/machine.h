/* SPDX-License-Identifier: MIT */
/*
 * The machine the hypervisor runs on, as the device tree it was booted with describes it. The tree
 * is read once at boot, by config/machine_tree.c; nothing else looks into it.
 */
#ifndef DEV_MACHINE_H
#define DEV_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/ranges.h"
#include "lib/addr.h"

#define MACHINE_NR_GICR        16
#define MACHINE_RNG_SEED_BYTES 64

struct machine {
    uint32_t nr_cpus;                    /* that will be used; at most CONFIG_NR_PCPUS */
    uint64_t cpu_mpidr[CONFIG_NR_PCPUS]; /* affinity fields; [0] is the CPU that booted */
    struct ranges memory;
    struct ranges reserved; /* /memreserve/ and /reserved-memory */
    struct pa_range bundle; /* linux,initrd-start and -end */
    struct pa_range dtb;    /* bytes 0: it could not be read */
    struct pa_range image;
    uint32_t gic_version; /* 2 or 3 */
    struct pa_range gicd;
    struct pa_range gicc; /* GICv2 */
    struct pa_range gich; /* GICv2 */
    struct pa_range gicv; /* GICv2 */
    uint32_t nr_gicr;
    struct pa_range gicr[MACHINE_NR_GICR]; /* GICv3: the regions of redistributors */
    uint64_t gicr_stride;                  /* from one to the next; 0: as they say themselves */
    struct pa_range uart;                  /* a PL011 */
    uint32_t uart_intid;                   /* 0 if the tree does not say */
    struct pa_range rtc;                   /* a PL031, if there is one */
    struct pa_range smmu;                  /* an SMMUv3, the first, if there is one */
    uint32_t smmu_phandle;                 /* 0: nobody names it */
    uint32_t smmu_event_intid;             /* as of uart_intid */
    uint32_t smmu_error_intid;
    bool smmu_edge;                           /* both are edges */
    bool has_psci;                            /* PSCI is there, called by SMC */
    const char *bootargs;                     /* in the tree, which stays where it is; or "" */
    uint8_t rng_seed[MACHINE_RNG_SEED_BYTES]; /* random; wiped once it has been used */
    uint32_t rng_seed_bytes;
};

/** Filled in by config/machine_tree.c; constant afterwards. */
extern struct machine machine;

/** machine_option() - whether the machine's command line has the word @word, which has no spaces */
bool machine_option(const char *word);

#endif
