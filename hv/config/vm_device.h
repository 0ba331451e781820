/* SPDX-License-Identifier: MIT */
/*
 * A node of a VM's tree that stands for a device of the machine's.
 */
#ifndef CONFIG_VM_DEVICE_H
#define CONFIG_VM_DEVICE_H

#include "config/dt.h"
#include "config/vm_device_node.h"
#include "vm/vm_config.h"

/** vm_device_read() - keep what there is of a node with stile,device */
void vm_device_read(struct vm_device_node *kept, const struct dt_node *node);

/**
 * vm_device_add() - add a device to what a VM has
 * @controller: the VM's
 *
 * Its registers and interrupts are in the same order as in the machine's tree, each where the VM's
 * tree has it. Returns NULL, or a text that says why it cannot be and names both nodes.
 */
const char *vm_device_add(struct vm_config *config, struct vm_device_node *node,
                          const struct dt_gic *controller);

/**
 * vm_device_check() - check all of a VM's devices together, and which DeviceIDs of its ITS are
 * theirs
 * @nodes: theirs, in their order
 *
 * Returns NULL, or a text as vm_device_add() does.
 */
const char *vm_device_check(struct vm_config *config, const struct vm_device_node *nodes);

#endif
