/* SPDX-License-Identifier: MIT */
/*
 * The life of VMs.
 */
#ifndef FAKE_VM_H
#define FAKE_VM_H

#include "fake.h"

/** Has a vCPU be as it is when it is started, but for its state; its interrupts stay. */
void fake_vm_reset_vcpu(struct fake_vcpu *vcpu);

/** Notes in its page that a vCPU starts. */
void fake_vm_begin_vcpu(struct fake_vcpu *vcpu);

/** Whether an IPA is in the memory that the VM started with. */
bool fake_vm_has_memory(const struct fake_vm *vm, uint64_t ipa);

/** Ends a VM: its ports, shares, names and memory go. A VM that reboots begins anew. */
void fake_vm_end(struct fake_vm *vm, enum stile_fake_end end);

/** Changes the VM's clock. */
void fake_vm_set_wall(struct fake_vm *vm, uint64_t wall_ns);

/** Sets the port of every VM but @of for STILE_VIRQ_PEER. */
void fake_vm_tell_peers(const struct fake_vm *of);

#endif
