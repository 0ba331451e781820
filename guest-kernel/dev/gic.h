/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller: one table of operations. There are two drivers for it, gicv2.c (IHI
 * 0048) and gicv3.c (IHI 0069), and sensitive/mailbox.c for a VM without a GIC. gic_find() chooses.
 */
#ifndef DEV_GIC_H
#define DEV_GIC_H

#include <stdint.h>

/* Interrupts are numbered as by a GIC: SGIs from 0, PPIs from 16, SPIs from 32. */
#define IRQ_FIRST_SPI 32
#define NR_IRQS       288 /* SGIs, PPIs and 256 SPIs */

/* The interrupt's number in what acknowledge() returns; above it a GICv2 notes an SGI's sender. */
#define GIC_ACK_INTID 0x3FF

/* The priority every interrupt gets; the CPU interface lets all above 0xF0 through. */
#define GIC_PRIORITY      0xA0
#define GIC_PRIORITY_MASK 0xF0

/** What is called for each interrupt that came. */
typedef void irq_deliver(uint32_t intid);

struct gic {
    uint32_t version; /* of the CPU interface */
    /** Initialises the distributor; once. */
    void (*init)(void);
    /** Initialises what belongs to the calling CPU, which is cpus[index]. */
    void (*init_cpu)(uint32_t index);
    /** Initialises the calling CPU's interface alone; init_cpu() includes this. */
    void (*init_interface)(void);
    /** Takes what made the CPU take an IRQ: acknowledges each interrupt, delivers and ends it. */
    void (*handle)(irq_deliver *deliver);
    void (*enable)(uint32_t intid);
    void (*disable)(uint32_t intid);
    /** The highest pending interrupt becomes active; GIC_ACK_INTID of the result is its number. */
    uint32_t (*acknowledge)(void);
    /** Ends an interrupt; @ack is what acknowledge() returned. */
    void (*end)(uint32_t ack);
    /** Sends SGI @sgi, 0 to 15, to cpus[target]. */
    void (*send_sgi)(uint32_t target, uint32_t sgi);
};

/** The machine's interrupt controller; set by gic_find(). */
extern const struct gic *gic;

/** gic_init() - initialise the distributor and the boot CPU's part */
void gic_init(void);

/** gic_handle_one() - handle() of a controller that raises an IRQ for each interrupt anew */
void gic_handle_one(irq_deliver *deliver);

/** gic_distributor() - the virtual address of the distributor's registers; 0 if there is none */
uint64_t gic_distributor(void);

#endif
