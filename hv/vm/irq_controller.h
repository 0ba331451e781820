/* SPDX-License-Identifier: MIT */
/*
 * What brings a VM its interrupts, as functions: the GIC in its device tree, which is emulated
 * (vgic/vgic.h), or where there is none, its vCPUs' mailboxes (vgic/mailbox.h). Whoever has an
 * interrupt for a VM gives it to vm->controller.
 */
#ifndef VM_IRQ_CONTROLLER_H
#define VM_IRQ_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** What is known of an interrupt. */
struct controller_status {
    uint32_t flags; /* STILE_IRQ_* */
    uint32_t priority;
};

/**
 * The functions of a controller. @target is of the same VM as @self, the loaded vCPU, and for an
 * SPI its first. INTIDs are below VGIC_NR_INTIDS. None may be called with the scheduler's lock
 * held.
 */
struct controller {
    /** Makes a PPI or SPI pending, as if a device had raised an edge. Any physical CPU. */
    void (*inject)(struct vm *vm, uint32_t vcpu_index, uint32_t intid);

    /** Makes an SGI pending; @target may be @source, the loaded vCPU. */
    void (*send_sgi)(struct vcpu *source, struct vcpu *target, uint32_t sgi);

    /** The same for several, bit n being the VM's vCPU n: at least one. */
    void (*send_sgi_set)(struct vcpu *source, uint64_t targets, uint32_t sgi);

    /**
     * Drives the input of an SPI. Any physical CPU; calls for one interrupt are the caller's to put
     * in order.
     */
    void (*set_level)(struct vm *vm, uint32_t intid, bool high);

    /** Drives that of an emulated PPI. @vcpu is loaded on this physical CPU, or nowhere. */
    void (*set_ppi)(struct vcpu *vcpu, uint32_t intid, bool high);

    /**
     * The physical virtual timer's PPI was acknowledged for the loaded vCPU, its priority dropped.
     * It is active, and deactivating it is the controller's, or the guest's through it.
     */
    void (*timer_fired)(struct vcpu *loaded);

    /** Enables or disables an interrupt. */
    void (*set_enabled)(struct vcpu *self, struct vcpu *target, uint32_t intid, bool enabled);

    /** Sets an interrupt's priority: 0 is the most urgent, 255 the least. */
    void (*set_priority)(struct vcpu *self, struct vcpu *target, uint32_t intid, uint32_t priority);

    /** Tells what is known of it. */
    struct controller_status (*query)(struct vcpu *self, struct vcpu *target, uint32_t intid);
};

#endif
