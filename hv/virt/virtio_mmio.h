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

#endif
