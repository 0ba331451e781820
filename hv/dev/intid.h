/* SPDX-License-Identifier: MIT */
/*
 * The interrupts that the hypervisor takes for itself, as the GIC numbers them.
 */
#ifndef DEV_INTID_H
#define DEV_INTID_H

/* SGIs and PPIs of the hypervisor's (PPIs: BSA, section 3.6). */
#define IRQ_KICK        0  /* look at your work */
#define IRQ_CONSOLE     1  /* the hypervisor's console has more to do */
#define IRQ_MAINTENANCE 25 /* the virtual CPU interface needs attention */
#define IRQ_HYP_TIMER   26 /* CNTHP */
#define IRQ_VIRT_TIMER  27 /* CNTV, the guest's */
#define IRQ_PHYS_TIMER  30 /* CNTP: look at console rings */

#endif
