/* SPDX-License-Identifier: MIT */
/*
 * What the back end of a virtio device has to do with it, by its events: it comes, says what the
 * device is, interrupts the driver, has done with a reset, and goes.
 */
#ifndef VIRT_VIRTIO_BACKEND_H
#define VIRT_VIRTIO_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/clamp.h"
#include "vm/vm.h"

/**
 * virtio_bound() - the port of a device was bound by its back end, or is no longer
 * @index: of the device, below config.nr_virtio
 *
 * Without a back end no reset is waited for. By virt/events.c, with its lock over all VMs.
 */
void virtio_bound(struct vm *vm, uint32_t index, bool is_bound);

/**
 * virtio_signal() - the back end of a device has sent an event: look at what it has written
 * @index: of the device, below config.nr_virtio; its port is bound, or about to be, or was
 *
 * A back end that has no such port yet, or closes it meanwhile on another CPU, changes nothing. By
 * virt/events.c, with the lock of the back end's ports.
 */
void virtio_signal(struct vm *vm, uint32_t index);

/* For virt/virtio_mmio.c. */

/* What both sides write is loaded and stored whole, and once. */
#define VIRTIO_LOAD(field)         __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define VIRTIO_STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

static inline struct virtio_device *virtio_device_of(struct vm *vm, uint32_t index)
{
    return &vm->virtio.devices[clamp(index, VM_NR_VIRTIO)];
}

/**
 * virtio_drive_interrupt() - drive a device's interrupt by its status; the lock is held
 * @is_acknowledged: bits were cleared. One that came between the driver's look and that is an edge,
 *                   too
 */
void virtio_drive_interrupt(struct vm *vm, const struct virtio_device *device,
                            bool is_acknowledged);

/** virtio_is_reset_done() - whether nobody uses what the driver had set up; the lock is held */
bool virtio_is_reset_done(const struct virtio_device *device);

#endif
