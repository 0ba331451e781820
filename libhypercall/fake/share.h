/* SPDX-License-Identifier: MIT */
/*
 * Pages that VMs lend and give to each other.
 */
#ifndef FAKE_SHARE_H
#define FAKE_SHARE_H

#include "fake.h"

/** Ends all shares that a VM offers or has accepted. */
void fake_share_vm_gone(struct fake_vm *vm);

/** Ends the shares that a VM offers, and releases those that it has accepted. */
void fake_share_vm_reset(struct fake_vm *vm);

/** Whether a page of a VM is part of a share that the VM offers. */
bool fake_share_has(const struct fake_vm *vm, uint64_t number);

#endif
