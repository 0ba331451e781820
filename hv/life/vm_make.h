/* SPDX-License-Identifier: MIT */
/*
 * Making VMs: those of the bundle at boot, and others by a VM that may.
 */
#ifndef LIFE_VM_MAKE_H
#define LIFE_VM_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "stile/errors.h"

struct vm;
struct vm_files;

/**
 * vm_make_at_boot() - make a VM from its folder in the bundle
 * @from: the folder
 *
 * Nothing of the VM runs before vm_start_at_boot(); it counts as one that has not ended. A VM
 * that cannot be made is refused with one line in the log, and leaves nothing behind: NULL.
 */
struct vm *vm_make_at_boot(const struct vm_files *from);

/**
 * vm_start_at_boot() - let the first vCPU of such a VM run
 *
 * All VMs are made before the first one starts: what ends while others are made would be the last.
 */
void vm_start_at_boot(struct vm *vm);

/**
 * vm_make() - begin to make a VM for another one
 * @maker:  the caller's VM, which may: vm_config_makes_vms()
 * @image:  where it has a struct stile_vm_image and a device tree
 * @bytes:  of both; more than the struct, up to STILE_VM_IMAGE_MAX, and the range does not wrap
 * @number: set to the new VM's
 *
 * What is refused for its contents has a number, too, and has ended: remains_read_crash() says why.
 * Else the VM is made in turns of its own, and waits then: vm_build_start(). The tree is read in
 * one go: docs/vms.md says how long that may take.
 *
 * INVALID_ARGUMENT: the struct's fields; NOT_MAPPED, NO_MEMORY, LIMIT, BUSY: as vm_create of
 * stile/calls/vm.h. Nothing has changed then.
 */
enum stile_error vm_make(struct vm *maker, ipa_t image, uint64_t bytes, uint32_t *number);

#endif
