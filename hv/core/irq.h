/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts: the hypervisor's own, and those that become virtual ones.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <stdint.h>

struct vcpu;

/* SGIs and PPIs of the hypervisor's (PPIs: BSA, section 3.6). */
#define IRQ_KICK        0  /* look at your work */
#define IRQ_CONSOLE     1  /* the hypervisor's console has more to do */
#define IRQ_MAINTENANCE 25 /* the virtual CPU interface needs attention */
#define IRQ_HYP_TIMER   26 /* CNTHP */
#define IRQ_VIRT_TIMER  27 /* CNTV, the guest's */
#define IRQ_PHYS_TIMER  30 /* CNTP: look at console rings */

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
