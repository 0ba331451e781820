/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a stage 2, for who promises it, mm/stage2.h, and who writes its descriptors.
 */
#ifndef MM_STAGE2_STATE_H
#define MM_STAGE2_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/is_enabled.h"
#include "lib/spinlock.h"

/**
 * Who translates by the tables: CPUs, and the SMMU by twins, behind each table a second one. There
 * what a device has is not shown, and attributes are the SMMU's own, which may not have FEAT_S2FWB.
 */
enum stage2_walkers {
    STAGE2_CPUS,
    STAGE2_TWINS_1, /* the SMMU, too, by twins of stage 1's format */
    STAGE2_TWINS_2, /* by twins of stage 2's */
};

struct stage2 {
    enum stage2_walkers walkers;
    uint64_t *root;    /* 512 entries of 1 GiB */
    uint64_t vttbr;    /* VTTBR_EL2 while the VM runs */
    uint32_t vm_id;    /* whose budget its tables are in; also the VMID */
    uint64_t *scratch; /* a table, every entry of which is one page; NULL: not made */
    struct spinlock lock;
    uint64_t nr_owned; /* pages that are STAGE2_OWNED; counted by memory/vmem.c, as are the next */
    uint64_t quota;    /* pages it may own */
    uint64_t kept;     /* pages nobody else may: its quota, or what it starts anew with if more */
    uint64_t nr_ready; /* while it is filled: pages handed over, if all are to be */
    uint64_t gone;     /* while it is destroyed: nothing is left below this IPA */
};

/** Whether the SMMU translates as well. */
static inline bool stage2_has_twins(const struct stage2 *stage2)
{
    return IS_ENABLED(CONFIG_DEVICES) && stage2->walkers != STAGE2_CPUS;
}

#endif
