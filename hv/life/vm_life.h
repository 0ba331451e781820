/* SPDX-License-Identifier: MIT */
/*
 * The life of a VM that runs: paused, resumed, ended.
 */
#ifndef LIFE_VM_LIFE_H
#define LIFE_VM_LIFE_H

#include <stdbool.h>

#include "vm/vm.h"

struct vcpu;

/**
 * vm_stop() - end the loaded vCPU's VM
 * @vcpu: the loaded vCPU; it is not returned to
 * @end: what becomes of the VM
 *
 * When its last loaded vCPU has been put, the VM is taken down, or made anew, in turns of its own.
 * The first end counts if several vCPUs stop the VM at once.
 */
void vm_stop(struct vcpu *vcpu, enum vm_end end);

/** vm_power_off() - vm_stop() for a VM that says how it went; @status is 0 if it went well */
void vm_power_off(struct vcpu *vcpu, uint32_t status);

/**
 * vm_crash() - end a VM that cannot go on
 * @vcpu: the loaded vCPU
 * @why: a text for the log
 *
 * The VM's end shows that, the vCPU's registers and its last exits (life/vm_end.h): to show them
 * here would hold the CPU for long. The machine goes on.
 */
void vm_crash(struct vcpu *vcpu, const char *why);

/**
 * vm_pause() - keep a VM's vCPUs from running
 * @vm: held
 *
 * They leave their physical CPUs soon, not at once. Interrupts for the VM are kept, time goes on.
 */
void vm_pause(struct vm *vm);

/** vm_resume() - let a VM's vCPUs run again, from where they were; harmless if it is not paused */
void vm_resume(struct vm *vm);

/**
 * vm_set_weight() - change the share of a physical CPU that a VM's vCPUs have
 * @vm: held, as for the next
 * @weight: 1 to VM_WEIGHT_MAX
 */
void vm_set_weight(struct vm *vm, uint32_t weight);

/**
 * vm_set_affinity() - change which physical CPUs a VM's vCPUs may use
 * @affinity: a bit for each; some of them are online
 *
 * They leave others soon, not at once.
 */
void vm_set_affinity(struct vm *vm, uint64_t affinity);

/** vm_destroy() - end a VM from outside, which is held; nothing of it runs after the last hold */
void vm_destroy(struct vm *vm);

/**
 * vm_destroy_waiting() - a VM has ended for good: end those that it made and that wait for a start
 * @maker: its number; VM_OFF
 */
void vm_destroy_waiting(uint32_t maker);

/**
 * vm_destroy_rebooting() - have a VM that is about to start anew, or being made, not do so
 * @number: its own, if another one has not got its place meanwhile
 *
 * Returns false if it is neither.
 */
bool vm_destroy_rebooting(struct vm *vm, uint32_t number);

#endif
