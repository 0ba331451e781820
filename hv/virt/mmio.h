/* SPDX-License-Identifier: MIT */
/*
 * Emulated devices by IPA: which one a stage-2 data abort meant, and the access carried out.
 *
 * What the registers of each device do is in the device's own file.
 */
#ifndef VIRT_MMIO_H
#define VIRT_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/stats.h"
#include "mm/addr.h"

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

#define MMIO_NR_REGIONS 8

/** The devices of one VM; constant while it runs. All zero: none. */
struct mmio_map {
    uint32_t nr_regions;
    struct mmio_region regions[MMIO_NR_REGIONS];
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

/**
 * mmio_emulate() - carry out the access a stage-2 data abort stopped
 * @vcpu: the loaded vCPU, whose general registers are in vcpu->regs
 * @ipa: the faulting address, offset within the page included
 * @esr: ESR_EL2 of the data abort
 *
 * The caller moves the PC on. Returns false, and has changed nothing, if no device is there, if
 * the access is unaligned, or if the syndrome does not describe it (Arm ARM, ESR_ELx, ISS encoding
 * for an exception from a Data Abort: ISV is 0).
 */
bool mmio_emulate(struct vcpu *vcpu, uint64_t ipa, uint64_t esr);

#endif
