/* SPDX-License-Identifier: MIT */
/*
 * Telling a VM, in its device tree, that there is Stile and where its pages are.
 */
#ifndef CONFIG_VM_NODE_H
#define CONFIG_VM_NODE_H

#include "vm/vm_config.h"

/**
 * vm_node_add() - add the hypervisor's node to a VM's tree
 * @config: what the tree says
 * @tree: sound, and the VM's own copy
 *
 * Changes nothing if the tree has no room for it behind its last block (dtc's -p makes some), has
 * such a node already, or has its blocks in another order than dtc and libfdt.
 */
void vm_node_add(const struct vm_config *config, void *tree);

#endif
