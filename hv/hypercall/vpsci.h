/* SPDX-License-Identifier: MIT */
/*
 * The Power State Coordination Interface a guest is given: version 1.1 (DEN 0022), by HVC or SMC.
 *
 * What 1.1 requires is there, and SYSTEM_RESET2. Power states are in the original format and there
 * are two, of level 0 and with StateID 0: standby (0) and power-down (0x10000).
 */
#ifndef HYPERCALL_VPSCI_H
#define HYPERCALL_VPSCI_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/** The arguments of a call: x1 to x3 as the guest passed them. */
struct vpsci_args {
    uint64_t x1;
    uint64_t x2;
    uint64_t x3;
};

/**
 * vpsci_call() - answer a PSCI call
 * @vcpu: the caller, loaded
 * @function: the function id
 *
 * Returns what x0 becomes: PSCI_* of stile/smccc.h or the value asked for. Functions not
 * implemented answer PSCI_NOT_SUPPORTED; arguments of 32 bits are taken from the lower halves.
 *
 * CPU_OFF, SYSTEM_OFF and the resets leave the caller stopped; their result is not seen.
 * CPU_SUSPEND leaves it waiting for an interrupt; power-down has changed its PC to the entry point
 * already, so a caller that advances the PC does so before. No lock held.
 */
int64_t vpsci_call(struct vcpu *vcpu, uint32_t function, struct vpsci_args args);

/** Whether PSCI_FEATURES would call @function implemented. */
bool vpsci_has(uint32_t function);

/**
 * vpsci_cpu_off() - take the loaded vCPU off (section 5.5); it is not returned to
 *
 * A VM without a vCPU that is on can never go on: nothing in it can start one. So with its last one
 * it has powered itself off.
 */
void vpsci_cpu_off(struct vcpu *vcpu);

#endif
