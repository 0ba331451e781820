/* SPDX-License-Identifier: MIT */
/*
 * Pages the hypervisor shares with a guest: what would otherwise be a call is a load.
 *
 * core_info tells where they are. Layouts never change size or offset; new fields take reserved
 * space, which reads as zero until then. All fields are little-endian.
 */
#ifndef STILE_SHARED_H
#define STILE_SHARED_H

#include <stddef.h>
#include <stdint.h>

#include "stile/types.h"

#define STILE_VM_NAME_BYTES 32
#define STILE_VM_NR_REGIONS 4

/** "STIL" */
#define STILE_VM_PAGE_MAGIC 0x4C495453u

/** A range of the VM's memory as its device tree gave it. */
struct stile_memory_region {
    uint64_t base_ipa; /**< in bytes */
    uint64_t bytes;    /**< 0: the entry is unused */
};

/** One per VM, read-only to the guest, constant while the VM runs. */
struct stile_vm_page {
    uint32_t magic;                 /**< STILE_VM_PAGE_MAGIC */
    uint32_t version;               /**< the version the hypervisor speaks, see version.h */
    uint32_t vm_id;                 /**< the VM's number on this machine, from 1 */
    uint32_t nr_vcpus;              /**< how many vCPUs the VM has */
    char name[STILE_VM_NAME_BYTES]; /**< the VM's folder in the bundle, zero-terminated */
    uint64_t ticks_per_sec;         /**< CNTFRQ_EL0 */
    struct stile_memory_region memory[STILE_VM_NR_REGIONS];
    uint8_t reserved[3976];
};

/** One per vCPU, read-only to the guest, written by the hypervisor when the vCPU is switched. */
struct stile_vcpu_page {
    uint32_t vcpu_id;      /**< which vCPU this page is of */
    uint32_t preempted;    /**< 1 while the vCPU waits for a physical CPU, else 0 */
    uint64_t stolen_ticks; /**< time spent waiting so, since the vCPU started */
    uint64_t nr_switches;  /**< how often the vCPU was put on a physical CPU */
    uint8_t reserved[4072];
};

STILE_STATIC_ASSERT(sizeof(struct stile_vm_page) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, name) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, ticks_per_sec) == 48, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, memory) == 56, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vm_page, reserved) == 120, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_vcpu_page) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, stolen_ticks) == 8, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, nr_switches) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_vcpu_page, reserved) == 24, "fixed");

#endif
