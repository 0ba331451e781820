/* SPDX-License-Identifier: MIT */
/*
 * Telling a vCPU of its events by its mailbox, struct stile_mailbox; and, in a VM without a GIC,
 * of its interrupts. Which events there are is hypercall/'s to know.
 */
#ifndef VGIC_MAILBOX_H
#define VGIC_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/irq_controller.h"

/** mailbox_start() - a vCPU starts: all ports are masked, and it is not going through its bits */
void mailbox_start(struct vcpu *vcpu);

/**
 * mailbox_raise() - set a bit of a vCPU's mailbox, and interrupt it if it wants to be
 * @vcpu: any vCPU, loaded or not, off or on
 * @port: 0 to STILE_NR_PORTS - 1
 *
 * Interrupts, by VGIC_EVENT_INTID, if the bit was clear, is not masked, and the vCPU is not going
 * through its bits. Any physical CPU; takes sched_lock, so the caller may hold any lock above that.
 * What the caller wrote before is seen by who finds the bit.
 */
void mailbox_raise(struct vcpu *vcpu, uint32_t port);

/**
 * mailbox_clear() - clear a bit; returns whether it was set. Any physical CPU.
 *
 * A guest that does not let a bit be changed, here or in the other functions, is stopped soon
 * (VCPU_WORK_CRASH); the bit counts as set then.
 */
bool mailbox_clear(struct vcpu *vcpu, uint32_t port);

/** mailbox_mask() - set a bit's mask bit, which is the guest's to clear again. Any physical CPU. */
void mailbox_mask(struct vcpu *vcpu, uint32_t port);

/**
 * mailbox_reset() - have a mailbox be empty, all masked and not busy
 * @vcpu: the caller
 */
void mailbox_reset(struct vcpu *vcpu);

/*
 * As interrupt controller: see struct controller. All SPIs go to the first vCPU. A level is an edge
 * when it rises; the virtual timer masks itself when it has fired, until the guest arms it anew. Of
 * the priority bit 7 is kept, inverted, as "urgent". Nothing is ever active.
 */
void mailbox_inject(struct vm *vm, uint32_t vcpu_index, uint32_t intid);
void mailbox_send_sgi(struct vcpu *source, struct vcpu *target, uint32_t sgi);
void mailbox_send_sgi_set(struct vcpu *source, uint64_t targets, uint32_t sgi);
void mailbox_set_level(struct vm *vm, uint32_t intid, bool high);
void mailbox_set_ppi(struct vcpu *vcpu, uint32_t intid, bool high);
void mailbox_timer_fired(struct vcpu *loaded);
void mailbox_set_enabled(struct vcpu *self, struct vcpu *target, uint32_t intid, bool enabled);
void mailbox_set_priority(struct vcpu *self, struct vcpu *target, uint32_t intid,
                          uint32_t priority);
struct controller_status mailbox_query(struct vcpu *self, struct vcpu *target, uint32_t intid);

#endif
