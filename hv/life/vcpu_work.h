/* SPDX-License-Identifier: MIT */
/*
 * What other CPUs, or an exit itself, have asked to be done before the guest goes on.
 */
#ifndef LIFE_VCPU_WORK_H
#define LIFE_VCPU_WORK_H

struct vcpu;

/**
 * vcpu_work() - do what must be done before a guest runs again
 * @vcpu: the loaded vCPU, its registers all saved
 *
 * Called by entry.S when the vCPU's work is not 0. Returns the vCPU to enter, loaded: this one or
 * another. Sleeps while none can run.
 */
struct vcpu *vcpu_work(struct vcpu *vcpu);

#endif
