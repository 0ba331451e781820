/* SPDX-License-Identifier: MIT */
/*
 * What a VM's tree says of the virtual functions of PCI devices (SR-IOV): that they are not the
 * VM's that has the physical one, or which ones a VM has.
 */
#ifndef CONFIG_VM_SRIOV_H
#define CONFIG_VM_SRIOV_H

#include "config/vm_device_node.h"

/**
 * vm_sriov_add_physical() - add a bridge's stile,physical-functions to what a VM has
 * @node: has the bridge, whose ranges are the VM's by now
 *
 * Returns NULL, or a text that says why it cannot be and names both nodes. What the functions
 * themselves say is not known yet: virt/sriov.h.
 */
const char *vm_sriov_add_physical(struct vm_config *config, const struct vm_device_node *node,
                                  const struct machine_device *device);

/**
 * vm_sriov_add_virtual() - add the virtual functions of a node to what a VM has
 * @node: has stile,virtual-functions: a bridge of the VM's own, behind which there are they alone
 *
 * Returns as above.
 */
const char *vm_sriov_add_virtual(struct vm_config *config, const struct vm_device_node *node,
                                 const struct machine_device *device);

#endif
