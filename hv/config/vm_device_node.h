/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a node of a VM's tree that stands for a device of the machine's.
 */
#ifndef CONFIG_VM_DEVICE_NODE_H
#define CONFIG_VM_DEVICE_NODE_H

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
    struct dt_prop physical; /* stile,physical-functions, of a PCI host bridge, as is the next */
    struct dt_prop virtuals; /* stile,virtual-functions */
    uint32_t phandle;
    struct dt_streams msis; /* of a PCI host bridge: its msi-map */

    /* By vm_device_add(), of the machine's: */
    bool is_pci;
    uint32_t machine_phandle;
    struct dt_streams machine_msis;
};

#endif
