/* SPDX-License-Identifier: MIT */
/*
 * A node of a VM's tree that stands for a device of the machine's.
 */
#ifndef CONFIG_VM_DEVICE_H
#define CONFIG_VM_DEVICE_H

#include "config/dt.h"
#include "config/machine_device.h"
#include "vm/vm_config.h"

/** Such a node, until all of the tree is read, which is as long as the tree is there. */
struct vm_device_node {
    const char *name;    /* with its unit address */
    struct dt_prop path; /* stile,device */
    bool has_no_dma;     /* stile,no-dma */
    bool has_dma;        /* stile,trusted-dma */
    uint32_t nr_regs;
    struct ipa_range regs[MACHINE_DEVICE_RANGES];
    uint32_t nr_windows; /* of a PCI host bridge */
    struct dt_window windows[MACHINE_DEVICE_RANGES];
    struct dt_interrupts interrupts;
    struct dt_interrupts map; /* of a PCI host bridge, as are the windows */
    struct dt_prop first_msi; /* of a GICv2m, as is the next */
    struct dt_prop nr_msis;
};

/** vm_device_read() - keep what there is of a node with stile,device */
void vm_device_read(struct vm_device_node *kept, const struct dt_node *node);

/**
 * vm_device_add() - add a device to what a VM has
 * @controller: the VM's
 *
 * Its registers and interrupts are in the same order as in the machine's tree, each where the VM's
 * tree has it. Returns NULL, or a text that says why it cannot be and names both nodes.
 */
const char *vm_device_add(struct vm_config *config, const struct vm_device_node *node,
                          const struct dt_gic *controller);

/**
 * vm_device_check() - check all of a VM's devices together
 * @nodes: theirs, in their order
 *
 * Returns NULL, or a text as vm_device_add() does.
 */
const char *vm_device_check(const struct vm_config *config, const struct vm_device_node *nodes);

#endif
