/* SPDX-License-Identifier: MIT */
/*
 * EL2's own translation tables: who may read, write or execute what of the hypervisor.
 *
 * Nothing is both writable and executable. The map of addresses is in mm/layout.h.
 */
#ifndef MM_EL2MAP_H
#define MM_EL2MAP_H

#include <stdint.h>

#include "mm/addr.h"

/* Fields of MAIR_EL2, as arch/boot.S sets it. */
#define EL2MAP_MAIR_DEVICE 0u /* Device-nGnRE, 0x04 */
#define EL2MAP_MAIR_NORMAL 1u /* Normal, write-back, 0xFF */

/** Physical address of the root table: what a further CPU loads into TTBR0_EL2. */
extern uint64_t el2map_root;

/**
 * el2map_init() - build the tables and switch to them
 *
 * Also allocates each CPU's stacks and puts their tops into pcpus[]. Panics if the pool is too
 * small. After page_init(), boot CPU.
 */
void el2map_init(void);

/**
 * el2map_device() - map device registers
 * @base:  page aligned, below HV_IDENTITY_END
 * @bytes: rounded up to pages
 *
 * Returns the virtual address, which is the physical one. Mapping a page again is harmless. Boot
 * CPU, before other CPUs run.
 */
uintptr_t el2map_device(pa_t base, uint64_t bytes);

/**
 * el2_switch_tables() - in arch/boot.S: load TTBR0_EL2 and forbid writable code (SCTLR_EL2.WXN)
 * @ttbr0: the root's physical address
 */
void el2_switch_tables(uint64_t ttbr0);

#endif
