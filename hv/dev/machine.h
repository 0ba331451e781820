/* SPDX-License-Identifier: MIT */
/*
 * The machine the hypervisor runs on, as the device tree it was booted with describes it. The tree
 * is read once at boot, by config/machine_tree.c; nothing else looks into it.
 */
#ifndef DEV_MACHINE_H
#define DEV_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define MACHINE_NR_MEMORY      8
#define MACHINE_NR_RESERVED    16
#define MACHINE_BOOTARGS_BYTES 256
#define MACHINE_RNG_SEED_BYTES 64

/** A range of physical addresses. bytes is 0 if there is no such thing. */
struct pa_range {
    pa_t base;
    uint64_t bytes;
};

struct machine {
    uint32_t nr_cpus;                    /* that will be used; at most CONFIG_NR_PCPUS */
    uint64_t cpu_mpidr[CONFIG_NR_PCPUS]; /* affinity fields; [0] is the CPU that booted */
    uint32_t nr_memory;
    struct pa_range memory[MACHINE_NR_MEMORY];
    uint32_t nr_reserved;
    struct pa_range reserved[MACHINE_NR_RESERVED]; /* /memreserve/ and /reserved-memory */
    struct pa_range bundle;                        /* linux,initrd-start and -end */
    struct pa_range dtb;
    struct pa_range image;
    uint32_t gic_version; /* 2 or 3 */
    struct pa_range gicd;
    struct pa_range gicc; /* GICv2 */
    struct pa_range gich; /* GICv2 */
    struct pa_range gicv; /* GICv2 */
    struct pa_range gicr; /* GICv3: the first region of redistributors */
    struct pa_range uart; /* a PL011 */
    uint32_t uart_intid;  /* 0 if the tree does not say */
    struct pa_range rtc;  /* a PL031, if there is one */
    bool has_psci;        /* PSCI is there, called by SMC */
    char bootargs[MACHINE_BOOTARGS_BYTES];
    uint8_t rng_seed[MACHINE_RNG_SEED_BYTES]; /* random; wiped once it has been used */
    uint32_t rng_seed_bytes;
};

/** Filled in by config/machine_tree.c; constant afterwards. */
extern struct machine machine;

/** machine_option() - whether the machine's command line has the word @word, which has no spaces */
bool machine_option(const char *word);

#endif
