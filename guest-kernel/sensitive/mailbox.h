/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller of a VM without a GIC.
 */
#ifndef SENSITIVE_MAILBOX_H
#define SENSITIVE_MAILBOX_H

#include "dev/gic.h"

/**
 * mailbox_controller() - the interrupt controller that the hypervisor is, if the machine has none
 *
 * Adds to the machine what the device tree does not say: the CPU interface and the timer's INTID.
 * Returns NULL if there is a GIC, or no hypervisor. After sensitive_init().
 */
const struct gic *mailbox_controller(void);

#endif
