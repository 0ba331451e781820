/* SPDX-License-Identifier: MIT */
/*
 * Who serves a VM's virtio devices: bringing a device's VM and its back end together, whichever of
 * them starts or ends. What the back end sees is stile/virtio.h's.
 */
#ifndef LIFE_VM_BACKENDS_H
#define LIFE_VM_BACKENDS_H

struct vm;

/** vm_backends_say() - the log says who serves a new VM's devices */
void vm_backends_say(const struct vm *vm);

/**
 * vm_backends_started() - offer a VM's devices to their back ends, and others' to it
 * @vm: is about to run, and may share: share_vm_started(). It is held
 *
 * What cannot be offered is told by the log: it is not served then, and its VM waits.
 */
void vm_backends_started(struct vm *vm);

/** vm_backends_leave() - a VM has ended: tell its back ends, before they lose its memory */
void vm_backends_leave(const struct vm *vm);

/** vm_backends_gone() - a VM has ended, with its shares: what it served waits for the next one */
void vm_backends_gone(struct vm *vm);

#endif
