/* SPDX-License-Identifier: MIT */
/*
 * Which interrupt controller this is.
 */
#include <stddef.h>

#include "core/irq.h"
#include "core/machine.h"
#include "dev/gic.h"
#include "mm/kernel_map.h"
#include "sensitive/sensitive.h"

const struct gic *gic;

static uint64_t distributor;

uint64_t gic_distributor(void)
{
    return distributor;
}

bool gic_find(void)
{
    gic = sensitive_controller();
    if (!gic && machine.gicd.bytes != 0)
        gic = machine.gic_version == 3 ? &gicv3 : &gicv2;
    return gic != NULL;
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
