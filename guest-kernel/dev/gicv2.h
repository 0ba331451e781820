/* SPDX-License-Identifier: MIT */
/*
 * What the bench needs to know of a GICv2 to do without its driver.
 */
#ifndef DEV_GICV2_H
#define DEV_GICV2_H

#include <stdint.h>

/** gicv2_cpu_interface() - the virtual address of the GICC registers */
uint64_t gicv2_cpu_interface(void);

#endif
