/* SPDX-License-Identifier: MIT */
/*
 * The interrupts that the hypervisor takes for itself, as the GIC numbers them.
 */
#ifndef DEV_INTID_H
#define DEV_INTID_H

#include <stdint.h>

/* SGIs of the hypervisor's. */
#define IRQ_KICK    0 /* look at your work */
#define IRQ_CONSOLE 1 /* the hypervisor's console has more to do */
#define IRQ_DEVICES 2 /* more accesses were refused to devices, or an ITS has more commands */

/* What these are to every guest, whatever they are on this machine. */
#define IRQ_PMU        23 /* a counter overflowed */
#define IRQ_VIRT_TIMER 27

/** PPIs of the hypervisor's, by the machine's device tree; constant after boot. */
struct ppi {
    uint32_t maintenance; /* the virtual CPU interface needs attention */
    uint32_t hyp_timer;   /* CNTHP */
    uint32_t virt_timer;  /* CNTV, the guest's */
    uint32_t phys_timer;  /* CNTP: look at console rings */
    uint32_t pmu;         /* a counter overflowed, the guest's */
};

extern struct ppi ppi;

#endif
