/* SPDX-License-Identifier: MIT */
/*
 * The memory of a VM: given at creation, changed by its calls, taken back at its end.
 *
 * A VM's quota is what its device tree gives it. All of that is set aside for the VM when it is
 * made, but scrubbed and mapped only when it is first touched, 2 MiB at a time: starting a VM costs
 * the same whatever its size.
 */
#ifndef MM_VMEM_H
#define MM_VMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/addr.h"
#include "mm/stage2.h"

struct vm;

/**
 * vmem_create() - make the VM's stage 2 and populate the memory of its device tree
 * @vm: with config and id
 *
 * The guest finds its memory zeroed. On an error nothing is left behind.
 *
 * NO_MEMORY: the machine has not enough
 */
enum stile_error vmem_create(struct vm *vm);

/**
 * vmem_destroy() - take the VM's memory back and end its stage 2
 *
 * Pages shared with the VM and devices are unmapped but stay their owner's. No vCPU of the VM is
 * loaded or will be. vmem_create() may follow, for a reboot.
 */
void vmem_destroy(struct vm *vm);

/** What vmem_fault() found; by what it cost, so that it can be counted. */
enum vmem_fault {
    VMEM_NOT_THERE, /* nothing is mapped */
    VMEM_PAGE,      /* it is ready now, after at most a page was scrubbed */
    VMEM_BLOCK,     /* the same, after a whole block was */
};

/**
 * vmem_fault() - answer a stage-2 translation fault
 * @vm:  whose vCPU faulted
 * @ipa: where
 *
 * Unless nothing is there, the guest shall try again: the memory was touched for the first time
 * and is ready now, or another CPU made it ready or was splitting the block meanwhile. For
 * translation faults of data, instructions and stage-1 walks, after emulated devices were tried; a
 * permission fault is the guest's own and not for here.
 */
enum vmem_fault vmem_fault(struct vm *vm, ipa_t ipa);

/**
 * vmem_ready() - make sure memory was scrubbed, before the hypervisor touches it
 * @locked:  the VM's stage 2
 * @ipa:     in @mapping
 * @mapping: what stage2_lookup_locked() found there
 */
void vmem_ready(struct stage2_locked locked, ipa_t ipa, const struct stage2_mapping *mapping);

/**
 * vmem_map() - populate pages: what memory_map does
 * @base:     page aligned
 * @nr_pages: 1 to STILE_MEMORY_MAX_PAGES, the range being inside the IPA space
 *
 * Returns how many pages were mapped, at least 1, or a negative enum stile_error. Bounded: one
 * block of 2 MiB or VMEM_BATCH pages at a time.
 */
int64_t vmem_map(struct vm *vm, ipa_t base, uint64_t nr_pages);

/** vmem_unmap() - give pages back: what memory_unmap does. As vmem_map(). */
int64_t vmem_unmap(struct vm *vm, ipa_t base, uint64_t nr_pages);

/** The most single pages one call maps or unmaps, so that EL2 is not held for long. */
#define VMEM_BATCH 64

#endif
