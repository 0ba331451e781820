/* SPDX-License-Identifier: MIT */
/*
 * The emulated devices of a VM by IPA. Carrying out an access is exits/mmio.c's; what the registers
 * of each device do is in the device's own file.
 */
#ifndef VM_MMIO_MAP_H
#define VM_MMIO_MAP_H

#include <stdint.h>

#include "lib/addr.h"
#include "vm/stats.h"

struct vcpu;

/**
 * What a device does for an access. @bytes is 1, 2, 4 or 8 and @offset a multiple of it; the
 * access lies within the device. Any vCPU of the VM, several at once.
 */
struct mmio_ops {
    /** Bits of the result above @bytes are ignored. */
    uint64_t (*read)(struct vcpu *vcpu, uint32_t offset, uint32_t bytes);
    /** Bits of @value above @bytes are zero. */
    void (*write)(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value);
    /** What accesses count as; stats_reclassify() where that depends on the register. */
    enum stats_exit exit;
};

struct mmio_region {
    uint64_t base;
    uint64_t bytes;
    const struct mmio_ops *ops;
    uint64_t exit; /* ops->exit, at hand */
};

/** Enough for one of each device, and for those that may be in several pieces: vm/vm_config.h. */
#define MMIO_NR_REGIONS 14

/** The devices of one VM; constant while it runs. All zero: none. */
struct mmio_map {
    uint32_t nr_regions;
    uint64_t end; /* nothing is from there on: memory is above most devices */
    struct mmio_region regions[MMIO_NR_REGIONS + 1]; /* the last stays unused */
};

/**
 * mmio_add() - show a device to a VM
 * @map: the VM's, while it is being made
 * @base: where it begins, a multiple of 8
 * @bytes: how much room it takes, a multiple of 8, below 4 GiB
 * @ops: what it does
 *
 * Devices added first are found fastest.
 */
void mmio_add(struct mmio_map *map, ipa_t base, uint64_t bytes, const struct mmio_ops *ops);

/** How many of the @bytes bytes from @base, which do not wrap, there are up to the first device. */
uint64_t mmio_gap(const struct mmio_map *map, ipa_t base, uint64_t bytes);

#endif
