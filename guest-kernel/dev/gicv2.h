/* SPDX-License-Identifier: MIT */
/*
 * The GICv2 driver, and what the bench needs to know of a GICv2 to do without the driver.
 */
#ifndef DEV_GICV2_H
#define DEV_GICV2_H

#include <stdint.h>

#include "dev/gic.h"

extern const struct gic gicv2;

/** gicv2_cpu_interface() - the virtual address of the GICC registers */
uint64_t gicv2_cpu_interface(void);

#endif
