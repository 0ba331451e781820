/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a vCPU, and the bits of its mailbox.
 */
#ifndef FAKE_IRQ_H
#define FAKE_IRQ_H

#include "fake.h"

/** Makes an interrupt pending, by the VM's controller. */
void fake_irq_raise(struct fake_vcpu *vcpu, uint32_t intid);

/** Sets a bit of a mailbox, and interrupts if the vCPU wants that. */
void fake_irq_set_port(struct fake_vcpu *vcpu, uint32_t port);

/** Whether an interrupt would wake the vCPU. */
bool fake_irq_any(struct fake_vcpu *vcpu);

#endif
