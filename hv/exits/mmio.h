/* SPDX-License-Identifier: MIT */
/*
 * A stage-2 data abort on an emulated device: the access that the guest meant, carried out.
 */
#ifndef EXITS_MMIO_H
#define EXITS_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/complain.h"

struct vcpu;
struct vm;

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

/** mmio_why_not() - why mmio_emulate() has returned false */
enum complain_abort mmio_why_not(const struct vm *vm, uint64_t ipa, uint64_t esr);

#endif
