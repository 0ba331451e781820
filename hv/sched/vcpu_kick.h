/* SPDX-License-Identifier: MIT */
/*
 * Having vCPUs look at their work bits, wherever they are.
 */
#ifndef SCHED_VCPU_KICK_H
#define SCHED_VCPU_KICK_H

#include <stdint.h>

struct vcpu;
struct vm;

/**
 * vcpu_kick() - have a vCPU look at its work bits soon
 * @vcpu: any vCPU
 * @work: VCPU_WORK_* bits to set
 *
 * Wakes the vCPU if it is blocked; interrupts its physical CPU if it runs on another one. Any
 * physical CPU; takes sched_lock, so the caller may hold a VGIC or VM lock.
 */
void vcpu_kick(struct vcpu *vcpu, uint32_t work);

/** vcpu_kick_set() - the same for several of a VM, bit n being vCPU n */
void vcpu_kick_set(struct vm *vm, uint64_t vcpus, uint32_t work);

#endif
