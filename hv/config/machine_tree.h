/* SPDX-License-Identifier: MIT */
/*
 * Reading the device tree that the firmware gave the hypervisor, into the one struct machine.
 */
#ifndef CONFIG_MACHINE_TREE_H
#define CONFIG_MACHINE_TREE_H

#include "lib/addr.h"

/**
 * machine_tree_parse() - fill in the machine from its device tree
 * @dtb:   the tree, mapped one to one; NULL if there is none
 * @image: where the hypervisor's image was loaded
 *
 * Returns NULL, or a text that says what the tree lacks that the hypervisor cannot do without:
 * memory, a GIC it drives, a console. What was found by then is in the machine in any case, so that
 * the text can be printed where the tree names a UART. Boot CPU, before anything else.
 */
const char *machine_tree_parse(const void *dtb, pa_t image);

#endif
