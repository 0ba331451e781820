/* SPDX-License-Identifier: MIT */
/*
 * Which interrupt controller this machine has.
 */
#ifndef DEV_GIC_FIND_H
#define DEV_GIC_FIND_H

#include <stdbool.h>

#include "dev/gic.h"

/**
 * gic_find() - choose the interrupt controller
 * @other: one that the device tree does not tell of, which is taken then; or NULL
 *
 * Returns false if there is none. Before gic_init(), once.
 */
bool gic_find(const struct gic *other);

#endif
