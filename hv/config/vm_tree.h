/* SPDX-License-Identifier: MIT */
/*
 * Reading the device tree of a VM, into its struct vm_config.
 */
#ifndef CONFIG_VM_TREE_H
#define CONFIG_VM_TREE_H

#include <stddef.h>

#include "vm/vm_config.h"

/**
 * vm_tree_parse() - read a VM's device tree
 * @dtb: the tree, at EL2
 * @bytes: how long the file is
 * @config: where to put the result; its name is set already, everything else is zero
 *
 * Returns NULL, or a text that says what is wrong with the tree, as long-lived as a refusal()'s.
 * Checks everything that can be checked without the machine: structure, alignment, overlap, limits.
 */
const char *vm_tree_parse(const void *dtb, size_t bytes, struct vm_config *config);

#endif
