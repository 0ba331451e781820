/* SPDX-License-Identifier: MIT */
/*
 * A virtio device, as far as its back end is concerned: that it is there, what it tells, and who
 * waits for it.
 */
#include "virt/virtio_backend.h"

#include "sched/sched.h"
#include "vm/irq_controller.h"
#include "vm/vcpu.h"

/*
 * Drives the interrupt by its status. A bit that came between the driver's look and what it
 * acknowledges may be an edge, too. The lock is held.
 */
void virtio_drive_interrupt(struct vm *vm, const struct virtio_device *device, bool is_acknowledged)
{
    uint32_t intid = vm->config.virtio[device - vm->virtio.devices].intid;
    bool high = VIRTIO_LOAD(device->page->interrupt) != 0;

    if (is_acknowledged || !high)
        vm->controller->set_level(vm, intid, false);
    if (high)
        vm->controller->set_level(vm, intid, true);
}

/* Lets the vCPUs run that wait for a reset. The lock is held. */
static void release(struct vm *vm, struct virtio_device *device)
{
    for (; device->awaiting != 0; device->awaiting &= device->awaiting - 1)
        sched_set_paused(vm->vcpus[__builtin_ctzll(device->awaiting)], VCPU_PAUSED_DEVICE, false);
}

bool virtio_is_reset_done(const struct virtio_device *device)
{
    return !device->is_bound ||
           __atomic_load_n(&device->page->resets_done, __ATOMIC_ACQUIRE) == device->resets;
}

/* Lets the VM begin to run, if it may. The lock is held. */
static void begin_if_served(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_virtio; i++)
        if (!vm->virtio.devices[i].is_served)
            return;
    vm->virtio.starts = false;
    sched_set_paused(vm->vcpus[0], VCPU_PAUSED_DEVICE, false);
}

/* The driver sees what the device was first, also while it has no back end. The lock is held. */
static void serve(struct virtio_device *device)
{
    uint32_t id = __atomic_load_n(&device->page->device_id, __ATOMIC_ACQUIRE);

    device->is_served = id != 0;
    if (device->device_id == 0)
        VIRTIO_STORE(device->device_id, id);
}

void virtio_signal(struct vm *vm, uint32_t index)
{
    struct virtio_device *device = virtio_device_of(vm, index);

    spin_lock(&vm->virtio.lock);
    if (device->is_bound && !device->is_served)
        serve(device);
    if (virtio_is_reset_done(device))
        release(vm, device);
    virtio_drive_interrupt(vm, device, false);
    if (vm->virtio.starts)
        begin_if_served(vm);
    spin_unlock(&vm->virtio.lock);
}

void virtio_bound(struct vm *vm, uint32_t index, bool is_bound)
{
    struct virtio_device *device = virtio_device_of(vm, index);

    spin_lock(&vm->virtio.lock);
    device->is_bound = is_bound;
    device->is_served = false; /* not yet, or no longer: the next one says anew what it is */
    VIRTIO_STORE(device->page->device_id, 0);
    if (!is_bound)
        release(vm, device);
    spin_unlock(&vm->virtio.lock);
}
