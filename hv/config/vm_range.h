/* SPDX-License-Identifier: MIT */
/*
 * The ranges of addresses that a VM has for devices of the machine's.
 */
#ifndef CONFIG_VM_RANGE_H
#define CONFIG_VM_RANGE_H

#include "vm/vm_config.h"

/**
 * vm_range_add() - add a range to a VM's, unless it has the same one already
 * @name: of the VM's node, for texts
 *
 * Returns NULL, or a text that says why it cannot be.
 */
const char *vm_range_add(struct vm_config *config, const struct vm_device_range *range,
                         const char *name);

#endif
