/* SPDX-License-Identifier: MIT */
/*
 * What all interrupt controllers share.
 */
#include "dev/gic.h"

#include "machine/machine.h"
#include "mm/kernel_map.h"

const struct gic *gic;

static uint64_t distributor;

uint64_t gic_distributor(void)
{
    return distributor;
}

void gic_handle_one(irq_deliver *deliver)
{
    uint32_t ack = gic->acknowledge();
    uint32_t intid = ack & GIC_ACK_INTID;

    if (intid < NR_IRQS) {
        deliver(intid);
        gic->end(ack);
    }
}

void gic_init(void)
{
    if (machine.gicd.bytes != 0)
        distributor = kernel_map_device(machine.gicd.base, machine.gicd.bytes);
    gic->init();
    gic->init_cpu(0);
}
