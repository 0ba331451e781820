/* SPDX-License-Identifier: MIT */
/*
 * The choice among the drivers, by what the device tree says.
 */
#include "dev/gic_find.h"

#include <stddef.h>

#include "dev/gicv2.h"
#include "dev/gicv3.h"
#include "machine/machine.h"

bool gic_find(const struct gic *other)
{
    gic = other;
    if (!gic && machine.gicd.bytes != 0)
        gic = machine.gic_version == 3 ? &gicv3 : &gicv2;
    return gic != NULL;
}
