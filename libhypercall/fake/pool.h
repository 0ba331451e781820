/* SPDX-License-Identifier: MIT */
/*
 * The pages of all VMs, and what each VM has where. Below the calls: nothing is refused here but
 * for want of pages.
 */
#ifndef FAKE_POOL_H
#define FAKE_POOL_H

#include "fake.h"

/** Forgets which pages are whose. */
void fake_pool_reset(void);

/** Makes a VM's memory and shared pages; whether there was enough. */
bool fake_pool_start(struct fake_vm *vm);

/** Frees all that a VM owns, and empties its window. */
void fake_pool_end(struct fake_vm *vm);

/** The hypervisor's view of a page. */
void *fake_pool_pointer(uint32_t page);

/** The number of the VM that owns a page; 0: none does. */
uint32_t fake_pool_owner(uint32_t page);

/** Points page @number of a VM's address space to what @mapping says, or to nothing. */
void fake_pool_set(struct fake_vm *vm, uint64_t number, struct fake_mapping mapping);

/** Maps a new page, whose view by the hypervisor is put in @view; whether there was one. */
bool fake_pool_populate(struct fake_vm *vm, uint64_t number, enum fake_kind kind, uint8_t access,
                        void **view);

/** Makes the VM's page of scratch, if it has none; whether there was one. */
bool fake_pool_scratch(struct fake_vm *vm);

/** Unmaps a page of the VM's own, and frees it. */
void fake_pool_free(struct fake_vm *vm, uint64_t number);

/** Moves a page, by its number, to another VM, and to its quota. */
void fake_pool_give(struct fake_vm *from, uint64_t number, struct fake_vm *to, uint64_t at);

#endif
