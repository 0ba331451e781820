/* SPDX-License-Identifier: MIT */
/*
 * The registers of virtio-mmio devices that other VMs serve (virtio 1.2, section 4.2.2; what their
 * back ends see of them is stile/virtio.h's). Nothing here reads a queue, or believes a back end.
 *
 * Who serves which device, and what it is offered, is life/vm_backends.h's.
 */
#ifndef VIRT_VIRTIO_MMIO_H
#define VIRT_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/** virtio_alloc() - a page for each device of a new VM; false if its budget has not so many */
bool virtio_alloc(struct vm *vm);

/** virtio_free() - free them, after the shares of them have ended; also after virtio_alloc() failed
 */
void virtio_free(struct vm *vm);

/** virtio_init() - show a VM its devices, as after power-on; nobody serves them */
void virtio_init(struct vm *vm);

/** virtio_start() - the VM is about to run: its first vCPU waits until all devices are served */
void virtio_start(struct vm *vm);

/**
 * virtio_bound() - the port of a device was bound by its back end, or is no longer
 * @device: below config.nr_virtio
 *
 * Without a back end no reset is waited for. By virt/events.c, with its lock over all VMs.
 */
void virtio_bound(struct vm *vm, uint32_t device, bool is_bound);

/**
 * virtio_signal() - the back end of a device has sent an event: look at what it has written
 * @device: below config.nr_virtio; its port is bound
 *
 * By virt/events.c, with the lock of the back end's ports.
 */
void virtio_signal(struct vm *vm, uint32_t device);

#endif
