/* SPDX-License-Identifier: MIT */
/*
 * Reading the device tree that the firmware gave the hypervisor, into the one struct machine.
 */
#ifndef CONFIG_MACHINE_TREE_H
#define CONFIG_MACHINE_TREE_H

#include "lib/addr.h"

/**
 * machine_tree_parse() - fill in the machine from its device tree
 * @dtb:   the tree, mapped one to one
 * @image: where the hypervisor's image was loaded
 *
 * Panics with one line if the tree lacks what the hypervisor cannot do without: memory, a GIC it
 * drives, a console, CPUs. Boot CPU, before anything else.
 */
void machine_tree_parse(const void *dtb, pa_t image);

#endif
