/* SPDX-License-Identifier: MIT */
/*
 * Telling a vCPU of its events and interrupts by its mailbox: struct stile_mailbox. Which events
 * there are is hypercall/'s to know.
 */
#ifndef VIRT_MAILBOX_H
#define VIRT_MAILBOX_H

#include <stdint.h>

struct vcpu;

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

#endif
