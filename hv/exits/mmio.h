/* SPDX-License-Identifier: MIT */
/*
 * A stage-2 data abort on an emulated device: the access that the guest meant, carried out.
 */
#ifndef EXITS_MMIO_H
#define EXITS_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/complain.h"

struct mmio_map;
struct mmio_region;
struct vcpu;
struct vm;

/** What became of an access. */
enum mmio_result {
    MMIO_NONE,        /* there is no device, or no register so: an external abort */
    MMIO_DONE,        /* the guest is to go on behind the instruction */
    MMIO_AGAIN,       /* the instruction changed meanwhile: the guest is to execute what is there */
    MMIO_UNSUPPORTED, /* exclusive or atomic: an abort that says so */
};

/**
 * mmio_emulate() - carry out the access a stage-2 data abort stopped
 * @vcpu: the loaded vCPU, whose general registers are in vcpu->regs
 * @ipa: the faulting address, offset within the page included
 * @esr: ESR_EL2 of the data abort, which is not one of a table walk
 *
 * The caller moves the PC on. What the syndrome does not describe (Arm ARM, ESR_ELx, ISS encoding
 * for an exception from a Data Abort: ISV is 0) is decoded from the instruction. Maintenance of
 * caches by address is none to a device, and done.
 */
enum mmio_result mmio_emulate(struct vcpu *vcpu, uint64_t ipa, uint64_t esr);

/**
 * mmio_emulate_instruction() - the same, by the instruction at ELR_EL2 and not by the syndrome
 *
 * For exits/mmio.c. Leaves a vCPU that has FP/SIMD registers in the CPU without, if it must.
 */
enum mmio_result mmio_emulate_instruction(struct vcpu *vcpu, uint64_t ipa);

/**
 * mmio_is_maintenance() - whether a stage-2 data abort is of the maintenance of caches, no access
 * @esr: ESR_EL2. Mostly it says so; QEMU's (7.2) of DC CVAP and DC CVADP, by its instruction, too.
 */
bool mmio_is_maintenance(struct vcpu *vcpu, uint64_t esr);

/** mmio_find() - the device that has a byte, or NULL */
const struct mmio_region *mmio_find(const struct mmio_map *map, uint64_t ipa);

/** mmio_why_not() - why mmio_emulate() has returned MMIO_NONE */
enum complain_abort mmio_why_not(const struct vm *vm, uint64_t ipa, uint64_t esr);

#endif
