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

/** What a VM's weight is at first. */
#define FAKE_WEIGHT 100

/**
 * A place for a VM that @maker makes, or 0: one that no VM has had, or else whose VM it made and
 * that ended first, or else whose VM ended first; NULL if there is none.
 */
struct fake_vm *fake_vm_free_place(uint32_t maker);

/** fake_vm_off() - it is STILE_VM_ENDED from now on, the last one that has ended */
void fake_vm_off(struct fake_vm *vm);

/** Gives what has such a place a number, a configuration and a name: NULL, by its place. */
void fake_vm_furnish(struct fake_vm *vm, const struct stile_fake_config *config, const char *name);

/** Has what has those begin. One with a maker waits for fake_vm_go(). */
void fake_vm_begin(struct fake_vm *vm);

/** Has a VM that waits for that start; whether it did. */
bool fake_vm_go(struct fake_vm *vm);

/**
 * Ends a VM: its ports, shares, names and memory go, and those that wait for it to start them. A VM
 * that reboots begins anew.
 */
void fake_vm_end(struct fake_vm *vm, enum stile_fake_end end);

/** Changes the VM's clock. */
void fake_vm_set_wall(struct fake_vm *vm, uint64_t wall_ns);

/** Sets the port of every VM but @of for STILE_VIRQ_PEER. */
void fake_vm_tell_peers(const struct fake_vm *of);

#endif
