/* SPDX-License-Identifier: MIT */
/*
 * The performance monitors of a VM with "stile,pmu" (Arm ARM D7): PMUv3, as many counters as the
 * CPU has.
 *
 * The counters of a loaded vCPU are the CPU's. They are stopped and saved when it is put, so that
 * each vCPU counts what it executed itself, on whichever CPU. EL2 is never counted: accesses trap,
 * and the filter that would count EL2 (NSH) is left out of what is written.
 *
 * An overflow interrupts EL2, which drives the vCPU's IRQ_PMU as an emulated level and lets the
 * CPU's rest until the guest has cleared it.
 */
#ifndef VIRT_VPMU_H
#define VIRT_VPMU_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/** vpmu_reset() - nothing counts; the vCPU, which is not loaded, is being reset. No lock held. */
void vpmu_reset(struct vcpu *vcpu);

/** vpmu_load() - put the monitors of a vCPU whose VM has them into the CPU. No lock held. */
void vpmu_load(struct vcpu *vcpu);

/** vpmu_put() - stop and save those of the loaded vCPU */
void vpmu_put(struct vcpu *vcpu);

/**
 * vpmu_read() - the loaded vCPU, whose VM has them, reads a register
 * @name: NAME() of the register
 *
 * Returns false if it is none of the monitors', or not to be read.
 */
bool vpmu_read(struct vcpu *vcpu, uint64_t name, uint64_t *value);

/** vpmu_write() - it writes one; false if it is none, or not to be written. No lock held. */
bool vpmu_write(struct vcpu *vcpu, uint64_t name, uint64_t value);

/** vpmu_interrupt() - the CPU's IRQ_PMU came while @vcpu, or NULL, is loaded. No lock held. */
void vpmu_interrupt(struct vcpu *vcpu);

#endif
