/* SPDX-License-Identifier: MIT */
/*
 * EL2's own translation tables: who may read, write or execute what of the hypervisor.
 *
 * Nothing is both writable and executable. The map of addresses is in mm/layout.h.
 */
#ifndef MM_EL2MAP_H
#define MM_EL2MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/machine.h"

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
 * el2map_early_device() - before el2map_init(): map the GiB that a device's registers lie in
 *
 * Returns false if the boot tables have memory there: EL2 cannot reach the device yet.
 */
bool el2map_early_device(pa_t registers);

/**
 * el2map_device() - map the pages that a device's registers lie in, one to one
 * @registers: below HV_IDENTITY_END
 *
 * Mapping a page again is harmless. Boot CPU, before any VM runs.
 */
void el2map_device(struct pa_range registers);

/**
 * el2_switch_tables() - in boot/boot.S: go from the boot tables to others
 * @ttbr0: the root's physical address; it maps the image as the boot tables do, in pages
 */
void el2_switch_tables(uint64_t ttbr0);

#endif
