/* SPDX-License-Identifier: MIT */
/*
 * Giving a VM its interrupt controller (vm/irq_controller.h).
 */
#ifndef VGIC_CONTROLLER_H
#define VGIC_CONTROLLER_H

struct vm;

/**
 * controller_init() - give a new VM its interrupt controller
 * @vm: its vCPUs are allocated, its stage 2 and MMIO map are there
 *
 * Also for a VM that starts anew. As vgic_init(), which it calls.
 */
const char *controller_init(struct vm *vm);

#endif
