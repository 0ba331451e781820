/* SPDX-License-Identifier: MIT */
/*
 * Two trees, a machine's and a VM's, and what the readers of both make of them. Included by one
 * file of a test.
 */
#ifndef UNIT_DEVICE_RIG_H
#define UNIT_DEVICE_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/memory.h"
#include "fakes/tree.h"

#include "config/dt.c"
#include "vm/refusal.c"
#include "config/machine_device.c"
#include "config/vm_check.c"
#include "config/vm_device.c"
#ifdef CONFIG_ITS
#include "config/vm_its.c"
#endif
#include "config/vm_range.c"
#include "config/vm_sriov.c"
#include "config/vm_tree.c"
#include "config/vm_virtio.c"

#include "ktf.h"

static struct tree machine_tree, vm_tree;
static struct vm_config config;
static uint64_t device_rig_vm[TREE_BYTES / 8]; /* the VM's, as it was read last */

/* Both trees are as fakes/tree.h has them; a GIC and a UART are the hypervisor's. */
static void device_rig_setup(void)
{
    static struct pcpu self;

    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fake_memory();
    machine_tree = vm_tree = tree_default;
    machine.uart = (struct pa_range){pa_make(0x09000000), 0x1000};
    machine.uart_intid = 33;
    machine.gicd = (struct pa_range){pa_make(0x08000000), 0x10000};
}

/* Reads the VM's tree: into config, or what is wrong with it. */
static const char *parse(void)
{
    static uint64_t machines[TREE_BYTES / 8];
    size_t bytes = tree_make(device_rig_vm, &vm_tree);

    tree_make(machines, &machine_tree);
    machine.dtb = (struct pa_range){pa_make((uint64_t)(uintptr_t)machines), TREE_BYTES};
    config = (struct vm_config){.name = "itself"};
    return vm_tree_parse(device_rig_vm, bytes, &config);
}

/** One of those: the VM has no GIC. */
static inline void no_gic(void)
{
    vm_tree.mode = "paravirtual";
    vm_tree.nodes[1].name = vm_tree.nodes[2].name = NULL;
}

/** What is wrong in a tree, and what is said of it. */
struct fault {
    const char *name;
    void (*make)(void);
    const char *text;
};

static inline void name_fault(const struct fault *fault, char *text, size_t size)
{
    snprintf(text, size, "%s", fault->name);
}

#endif
