/* SPDX-License-Identifier: MIT */
/*
 * From an interrupt's number, which the controller says, to the interrupt's handler.
 */
#include "dev/irq.h"

#include <stddef.h>

#include "lib/panic.h"

static struct {
    irq_handler *handler;
    void *argument;
    uint64_t count;
} irqs[NR_IRQS];

void irq_register(uint32_t intid, irq_handler *handler, void *argument)
{
    if (intid >= NR_IRQS)
        panic("interrupt %u is too high", intid);
    irqs[intid].argument = argument;
    __atomic_store_n(&irqs[intid].handler, handler, __ATOMIC_RELEASE);
    gic->enable(intid);
}

void irq_unregister(uint32_t intid)
{
    gic->disable(intid);
    __atomic_store_n(&irqs[intid].handler, NULL, __ATOMIC_RELEASE);
}

uint64_t irq_count(uint32_t intid)
{
    return __atomic_load_n(&irqs[intid].count, __ATOMIC_RELAXED);
}

/* An interrupt that came while it was being disabled has no handler any more. */
static void deliver(uint32_t intid)
{
    irq_handler *handler = __atomic_load_n(&irqs[intid].handler, __ATOMIC_ACQUIRE);

    __atomic_fetch_add(&irqs[intid].count, 1, __ATOMIC_RELAXED);
    if (handler)
        handler(intid, irqs[intid].argument);
}

void irq_handle(void)
{
    gic->handle(deliver);
}
