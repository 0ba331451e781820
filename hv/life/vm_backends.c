/* SPDX-License-Identifier: MIT */
/*
 * The shares and the port of each virtio device, made when both VMs run.
 */
#include "life/vm_backends.h"

#include <string.h>

#include "lib/printk.h"
#include "lib/spinlock.h"
#include "memory/share.h"
#include "sched/sched.h"
#include "virt/events.h"
#include "vm/vm.h"
#include "watch/complain.h"

/* Under which they are. Before all others, of shares, ports and devices. */
static struct spinlock lock;

void vm_backends_say(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        const struct vm_virtio *device = &vm->config.virtio[i];

        uint64_t nr_pages = device->memory.bytes > 0 ? device->memory.bytes >> PAGE_SHIFT
                                                     : vm_config_pages(&vm->config);

        log_info("%s: waits for %s, which serves its virtio device %u and sees %lu MiB of it",
                 vm->config.name, device->backend, i, nr_pages >> (20 - PAGE_SHIFT));
    }
}

static enum stile_error offer(struct vm *vm, uint32_t backend, ipa_t base, uint64_t bytes,
                              void *page, uint32_t *handle)
{
    struct share_offer offered = {
        .base = base,
        .bytes = bytes,
        .peer = backend,
        .rights = STAGE2_READ | STAGE2_WRITE,
        .kept = true,
        .page = page,
    };

    return share_offer(vm, &offered, handle);
}

static enum stile_error offer_memory(struct vm *vm, uint32_t backend, const struct ipa_range *range,
                                     struct stile_virtio_memory *memory)
{
    enum stile_error error = offer(vm, backend, range->base, range->bytes, NULL, &memory->share);

    if (!error) {
        memory->base_ipa = range->base.ipa;
        memory->bytes = range->bytes;
    }
    return error;
}

/* An earlier device that its back end was offered, and which sees the same memory; or NULL. */
static const struct virtio_device *find_alike(const struct vm *vm, uint32_t index)
{
    const struct ipa_range *memory = &vm->config.virtio[index].memory;

    for (uint32_t i = 0; i < index; i++) {
        const struct ipa_range *other = &vm->config.virtio[i].memory;

        if (vm->virtio.devices[i].port != 0 &&
            strcmp(vm->config.virtio[i].backend, vm->config.virtio[index].backend) == 0 &&
            other->base.ipa == memory->base.ipa && other->bytes == memory->bytes)
            return &vm->virtio.devices[i];
    }
    return NULL;
}

/* Offers the memory that a device's back end may see, if it is not by now. */
static enum stile_error offer_memories(struct vm *vm, uint32_t index, uint32_t backend)
{
    const struct vm_virtio *device = &vm->config.virtio[index];
    struct stile_virtio_page *page = vm->virtio.devices[index].page;
    const struct virtio_device *alike = find_alike(vm, index);
    enum stile_error error = STILE_SUCCESS;

    memset(page->memory, 0, sizeof(page->memory));
    if (alike) /* the back end may have written there, and then reads it here */
        memcpy(page->memory, alike->page->memory, sizeof(page->memory));
    else if (device->memory.bytes > 0)
        error = offer_memory(vm, backend, &device->memory, &page->memory[0]);
    for (uint32_t i = 0; !alike && device->memory.bytes == 0 && i < vm->config.nr_memory && !error;
         i++)
        error = offer_memory(vm, backend, &vm->config.memory[i], &page->memory[i]);
    return error;
}

/*
 * The port first, of which the VM may have made as many as there are; room for the shares is kept.
 * The page last: the back end that finds it finds all of it.
 */
static enum stile_error offer_device(struct vm *vm, uint32_t index, uint32_t backend)
{
    struct virtio_device *device = &vm->virtio.devices[index];
    enum stile_error error = events_open_device(vm, index, backend, &device->port);
    uint32_t handle;

    device->page->port = device->port;
    if (!error)
        error = offer_memories(vm, index, backend);
    if (!error)
        error = offer(vm, backend, SHARE_NOWHERE, PAGE_SIZE, device->page, &handle);
    return error;
}

/* Where one of both has not started, or is ending, it is done, or is not needed, when it has. */
static void connect(struct vm *vm, uint32_t index, uint32_t backend)
{
    struct virtio_device *device = &vm->virtio.devices[index];
    enum stile_error error;

    if (device->backend != 0)
        return;
    error = offer_device(vm, index, backend);
    if (error) {
        events_close_device(vm, device->port);
        device->port = 0;
    }
    if (error == STILE_NOT_FOUND)
        return;
    device->backend = backend;
    if (error && (vm_maker(vm) == 0 || complain_may_report(vm)))
        printk_guest("%s: its virtio device %u cannot be offered to %s: error %d", vm->config.name,
                     index, vm->config.virtio[index].backend, error);
}

/* Offers the devices of a VM that are to be served by VMs of this name; NULL: by any. */
static void connect_some(struct vm *vm, const char *name)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        const char *backend = vm->config.virtio[i].backend;
        uint32_t number = !name || strcmp(name, backend) == 0 ? vm_find(backend) : 0;

        if (number != 0)
            connect(vm, i, number);
    }
}

/* A VM that has devices, and runs, or NULL; to be given back by sched_release(). */
static struct vm *get_served(uint32_t index)
{
    return vm_config_nr_virtio(&vm_slot(index + 1)->config) > 0 ? vm_get(index) : NULL;
}

void vm_backends_started(struct vm *vm)
{
    spin_lock(&lock);
    connect_some(vm, NULL);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        struct vm *other = get_served(i);

        if (!other)
            continue;
        connect_some(other, vm->config.name);
        sched_release(other);
    }
    spin_unlock(&lock);
}

void vm_backends_leave(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++)
        __atomic_store_n(&vm->virtio.devices[i].page->ended, 1, __ATOMIC_RELEASE);
}

/* Its shares of what the other offers have ended with it. */
static void disconnect(struct vm *vm, uint32_t backend)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        struct virtio_device *device = &vm->virtio.devices[i];

        if (device->backend != backend)
            continue;
        events_close_device(vm, device->port);
        device->port = 0;
        device->backend = 0;
    }
}

void vm_backends_gone(struct vm *vm)
{
    spin_lock(&lock);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        struct vm *other = get_served(i);

        if (!other)
            continue;
        disconnect(other, vm->number);
        sched_release(other);
    }
    spin_unlock(&lock);
}
