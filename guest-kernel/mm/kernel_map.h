/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the address space. It is the same for every process.
 */
#ifndef MM_KERNEL_MAP_H
#define MM_KERNEL_MAP_H

#include <stdint.h>

/**
 * kernel_map_init() - build the kernel's own tables, with W^X and the linear map, and go over to
 *                     them from the boot tables
 *
 * Once, on the boot CPU.
 */
void kernel_map_init(void);

/** kernel_map_root() - physical address of the kernel's level 1 table */
uint64_t kernel_map_root(void);

/** kernel_map_leave_boot() - give up the identity map on this CPU */
void kernel_map_leave_boot(void);

/** kernel_map_device() - map device registers; their virtual address. Panics if it cannot */
uint64_t kernel_map_device(uint64_t pa, uint64_t bytes);

/**
 * kernel_map_shared() - map memory that is not the machine's own RAM, cacheable: what a hypervisor
 *                       shares. Panics if it cannot
 */
void *kernel_map_shared(uint64_t pa, uint64_t bytes);

/** kernel_map_stack() - make the stack of slot @slot; the address of its top, 0 without memory */
uint64_t kernel_map_stack(uint32_t slot);

/** kernel_map_free_stack() - free the stack of slot @slot */
void kernel_map_free_stack(uint32_t slot);

#endif
