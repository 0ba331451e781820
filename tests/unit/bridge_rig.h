/* SPDX-License-Identifier: MIT */
/*
 * device_rig.h with a PCI host bridge in both trees, as QEMU's virt has it, and an SMMU. Included
 * by one file of a test.
 */
#ifndef UNIT_BRIDGE_RIG_H
#define UNIT_BRIDGE_RIG_H

#include "device_rig.h"

#define SMMU 7u

static struct tree_pci machine_pci, vm_pci;

/* The bridges are nodes @index of their trees; the VM's has @vm_bytes of configuration space. */
static inline void bridge_rig_setup(uint32_t index, uint64_t vm_bytes)
{
    device_rig_setup();
    machine_tree.nodes[index] = (struct tree_node){.name = "pcie@10000000",
                                                   .compatible = "pci-host-ecam-generic",
                                                   .reg = {0x4010000000, 0x10000000},
                                                   .nr_regs = 1,
                                                   .pci = &machine_pci};
    vm_tree.nodes[index] = (struct tree_node){.name = "pcie@60000000",
                                              .compatible = "pci-host-ecam-generic",
                                              .reg = {0x60000000, vm_bytes},
                                              .nr_regs = 1,
                                              .pci = &vm_pci,
                                              .device = "/pcie@10000000"};
    machine.memory = (struct ranges){1, {{pa_make(0x40000000), 0x1000000}}};
    machine.smmu_phandle = SMMU;
    fake_smmu.is_there = true;
    fake_smmu.nr_streams = 0x10000;
}

#endif
