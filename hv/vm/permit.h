/* SPDX-License-Identifier: MIT */
/*
 * Which calls of the table a VM may make: by the version it has agreed on, and by its privilege.
 */
#ifndef VM_PERMIT_H
#define VM_PERMIT_H

#include <stdint.h>

struct vm;

/** In vm->calls: a call the VM may not make, or that does not exist. */
#define PERMIT_NONE 0u

/**
 * permit_first() - set which calls a VM may make before it has agreed on a version
 * @vm: its configuration set
 *
 * Those by which it does: core_version and core_features. As permit_calls() otherwise.
 */
void permit_first(struct vm *vm);

/**
 * permit_calls() - set which calls a VM may make from now on
 * @vm: its configuration set
 * @minor: the minor version agreed on
 *
 * Those of the version, and of group control only if the VM is privileged. No vCPU of the VM runs,
 * or vm->lock is held: a call made meanwhile is answered as before or as afterwards.
 */
void permit_calls(struct vm *vm, uint32_t minor);

/**
 * permit_features() - which calls of a group a VM may make
 * @group: 0 to STILE_NR_GROUPS - 1
 *
 * Returns a bit for each, call number group * STILE_CALLS_PER_GROUP at bit 0.
 */
uint32_t permit_features(const struct vm *vm, uint32_t group);

#endif
