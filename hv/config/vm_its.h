/* SPDX-License-Identifier: MIT */
/*
 * A node of a VM's tree that stands for the machine's ITS, and the bridge whose devices interrupt
 * by it. Without CONFIG_ITS nobody calls these.
 */
#ifndef CONFIG_VM_ITS_H
#define CONFIG_VM_ITS_H

#include "config/vm_device_node.h"

/** vm_its_note() - keep what vm_its_check() needs of the machine's node for one of the VM's */
void vm_its_note(struct vm_device_node *node, const struct machine_device *device);

/** vm_its_add() - where the VM and the machine have the ITS. Returns as vm_device_add(). */
const char *vm_its_add(struct vm_config *config, const struct vm_device_node *node,
                       const struct machine_device *device);

/** vm_its_check() - which DeviceIDs are the VM's, by both msi-maps. Returns as vm_device_add(). */
const char *vm_its_check(struct vm_config *config, const struct vm_device_node *nodes);

#endif
