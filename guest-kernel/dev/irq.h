/* SPDX-License-Identifier: MIT */
/*
 * Interrupts as the rest of the kernel sees them: a number, a handler.
 */
#ifndef DEV_IRQ_H
#define DEV_IRQ_H

#include <stdint.h>

#include "dev/gic.h"

/** Runs with interrupts masked, on the CPU that was interrupted; must not block. */
typedef void irq_handler(uint32_t intid, void *argument);

/**
 * irq_register() - have a handler called, and enable the interrupt
 * @intid: the interrupt as the GIC numbers it, below NR_IRQS
 *
 * A PPI is enabled on the calling CPU; others do so by gic->enable().
 */
void irq_register(uint32_t intid, irq_handler *handler, void *argument);

/** irq_unregister() - disable an interrupt and forget its handler */
void irq_unregister(uint32_t intid);

/** irq_count() - how often an interrupt was handled, on all CPUs together */
uint64_t irq_count(uint32_t intid);

/** irq_handle() - call the handlers of the interrupts for which the CPU has taken an IRQ */
void irq_handle(void);

#endif
