/* SPDX-License-Identifier: MIT */
/*
 * Which calls of the table a VM may make: by the version it has agreed on, by its privilege, and by
 * what the hypervisor was built with.
 */
#ifndef VM_PERMIT_H
#define VM_PERMIT_H

#include <stdint.h>

#include "lib/is_enabled.h"

struct vm;

/* Whether the calls of a group are compiled in: CALLS_<group>. */
#define CALLS_core      1
#define CALLS_console   1
#define CALLS_vcpu      1
#define CALLS_time      1
#define CALLS_irq       1
#define CALLS_memory    IS_ENABLED(CONFIG_CALLS_MEMORY)
#define CALLS_power     1
#define CALLS_event     IS_ENABLED(CONFIG_CALLS_EVENT)
#define CALLS_directory IS_ENABLED(CONFIG_CALLS_DIRECTORY)
#define CALLS_control   IS_ENABLED(CONFIG_CALLS_CONTROL)
#define CALLS_vm        IS_ENABLED(CONFIG_CALLS_VM)

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
 * Those of the version that are compiled in, of the groups control and vm only if the VM is
 * privileged or has a quota, and none that moves memory if devices write to it. No vCPU of the VM
 * runs, or vm->lock is held: a call made meanwhile is answered as before or as afterwards.
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
