/* SPDX-License-Identifier: MIT */
/*
 * Whether a VM can be what its device tree says, without a look at the machine.
 */
#ifndef CONFIG_VM_CHECK_H
#define CONFIG_VM_CHECK_H

#include <stdint.h>

#include "vm/vm_config.h"

/** How many of a kind the tree has, beyond what struct vm_config has room for. */
struct vm_found {
    uint32_t nr_cpus;
    uint32_t nr_gics;
    uint32_t nr_uarts;
};

/** vm_check() - look for what is missing, too small, not aligned, or in each other's way
 *
 * Returns NULL, or a text that says what is wrong.
 */
const char *vm_check(const struct vm_config *config, const struct vm_found *found);

#endif
