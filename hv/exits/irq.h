/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts: the hypervisor's own, and those that become virtual ones.
 */
#ifndef EXITS_IRQ_H
#define EXITS_IRQ_H

#include <stdint.h>

struct vcpu;

/** irq_init_pcpu() - let this physical CPU take the interrupts above */
void irq_init_pcpu(void);

/**
 * irq_handle() - a physical interrupt took the CPU away from a guest
 * @vcpu: the loaded vCPU that was interrupted
 *
 * Called by entry.S.
 */
void irq_handle(struct vcpu *vcpu);

/**
 * irq_dispatch() - acknowledge and handle the pending physical interrupt
 * @vcpu: the loaded vCPU, running or parked, or NULL if none is
 *
 * Returns the INTID, or one from GIC_INTID_SPECIAL if nothing was pending.
 */
uint32_t irq_dispatch(struct vcpu *vcpu);

#endif
