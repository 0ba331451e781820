/* SPDX-License-Identifier: MIT */
/*
 * The pages shared with a guest (stile/shared.h): where they are in its address space, and their
 * life. Those of a vCPU are allocated with it; stolen times are pvtime's.
 */
#ifndef MEMORY_VM_PAGES_H
#define MEMORY_VM_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "stile/errors.h"
#include "vm/vm_config.h"

struct vm;

#define VM_PAGE_IPA         VM_SHARED_IPA
#define VM_VCPU_PAGE_IPA(i) (VM_PAGE_IPA + ((uint64_t)(i) + 1) * PAGE_SIZE)
#define VM_RING_IPA         VM_WRITTEN_IPA
#define VM_MAILBOX_IPA(i)   (VM_WRITTEN_IPA + ((uint64_t)(i) + 1) * PAGE_SIZE)
_Static_assert(VM_VCPU_PAGE_IPA(CONFIG_NR_VCPUS) <= VM_STOLEN_IPA, "they do not overlap");
_Static_assert(VM_SHARED_IPA % 0x10000 == 0 && VM_STOLEN_IPA % 0x10000 == 0 &&
                   VM_WRITTEN_IPA % 0x10000 == 0 && VM_STOLEN_IPA < VM_WRITTEN_IPA,
               "what is written and what is not are never in the same 64 KiB");
_Static_assert(VM_MAILBOX_IPA(CONFIG_NR_VCPUS) <= VM_SHARED_IPA + VM_SHARED_BYTES, "nor these");

/** vm_pages_alloc() - allocate the pages of a new VM; false if the pool is exhausted */
bool vm_pages_alloc(struct vm *vm);

/** vm_pages_free() - free them; also after vm_pages_alloc() failed */
void vm_pages_free(struct vm *vm);

/**
 * vm_pages_show() - fill the pages as at a VM's start, and map all of them
 * @vm: starts, for the first time or anew; its vCPUs and its stage 2 are there
 *
 * ALREADY_MAPPED: the VM's memory or a device is there; NO_MEMORY: the pool is exhausted
 */
enum stile_error vm_pages_show(struct vm *vm);

#endif
