/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller: one set of operations, two drivers (IHI 0048 GICv2, IHI 0069 GICv3),
 * chosen by the device tree. A VM that has neither has a third one: sensitive/mailbox.c.
 */
#ifndef DEV_GIC_H
#define DEV_GIC_H

#include <stdbool.h>
#include <stdint.h>

/* The interrupt's number in what acknowledge() returns; above it a GICv2 notes an SGI's sender. */
#define GIC_ACK_INTID 0x3FF

/* The priority every interrupt gets; the CPU interface lets all above 0xF0 through. */
#define GIC_PRIORITY      0xA0
#define GIC_PRIORITY_MASK 0xF0

/** What is called for each interrupt that came. */
typedef void irq_deliver(uint32_t intid);

struct gic {
    uint32_t version; /* of the CPU interface */
    /** The distributor; once. */
    void (*init)(void);
    /** What belongs to the calling CPU, which is cpus[index]. */
    void (*init_cpu)(uint32_t index);
    /** The calling CPU's interface alone; init_cpu() includes it. */
    void (*init_interface)(void);
    /** Handles what made the CPU take an IRQ: acknowledges it, has it delivered, ends it. */
    void (*handle)(irq_deliver *deliver);
    void (*enable)(uint32_t intid);
    void (*disable)(uint32_t intid);
    /** The highest pending interrupt becomes active; GIC_ACK_INTID of the result is its number. */
    uint32_t (*acknowledge)(void);
    /** Ends it; @ack is what acknowledge() returned. */
    void (*end)(uint32_t ack);
    /** Sends SGI @sgi, 0 to 15, to cpus[target]. */
    void (*send_sgi)(uint32_t target, uint32_t sgi);
};

extern const struct gic gicv2;
extern const struct gic gicv3;

/** The machine's; set by gic_find(). */
extern const struct gic *gic;

/** gic_find() - choose the driver; false if there is no interrupt controller. After
 * sensitive_init(). */
bool gic_find(void);

/** gic_init() - initialise the distributor and the boot CPU's part */
void gic_init(void);

/** gic_handle_one() - handle() of those that interrupt for each interrupt anew */
void gic_handle_one(irq_deliver *deliver);

/** gic_distributor() - the virtual address of the distributor's registers; 0 if there is none */
uint64_t gic_distributor(void);

#endif
