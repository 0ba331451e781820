/* SPDX-License-Identifier: MIT */
/*
 * Which interrupt controller this is.
 */
#include "core/machine.h"
#include "dev/gic.h"
#include "mm/kernel_map.h"

const struct gic *gic;

static uint64_t distributor;

uint64_t gic_distributor(void)
{
    return distributor;
}

void gic_init(void)
{
    gic = machine.gic_version == 3 ? &gicv3 : &gicv2;
    distributor = kernel_map_device(machine.gicd.base, machine.gicd.bytes);
    gic->init();
    gic->init_cpu(0);
}
