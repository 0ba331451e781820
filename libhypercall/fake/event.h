/* SPDX-License-Identifier: MIT */
/*
 * Event ports.
 */
#ifndef FAKE_EVENT_H
#define FAKE_EVENT_H

#include "fake.h"

/** Sends a virtual interrupt to the port that a VM has bound it to, if there is one. */
void fake_event_virq(struct fake_vm *vm, uint32_t virq);

/** Closes all ports of a VM. */
void fake_event_vm_gone(struct fake_vm *vm);

#endif
