/* SPDX-License-Identifier: MIT */
/*
 * One port tells the hypervisor to look at the page: which bits of interrupt are set, and which
 * reset is done.
 */
#include "mmio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <string.h>

#include "say.h"
#include "stile.h"

static void interrupt(struct device *device, uint64_t bits)
{
    /* While one of them is not acknowledged, the driver is going to look. */
    if ((__atomic_fetch_or(&device->page->interrupt, bits, __ATOMIC_SEQ_CST) & bits) != bits)
        (void)stile_send(device->stile, device->ports[0]);
}

static void tell_used(struct device *device, uint32_t queues)
{
    (void)queues;
    interrupt(device, STILE_VIRTIO_USED_BUFFER);
}

static void tell_changed(struct device *device)
{
    interrupt(device, STILE_VIRTIO_CONFIG);
}

static void tell_reset(struct device *device)
{
    (void)stile_send(device->stile, device->ports[0]);
}

static bool is_there(const struct device *device)
{
    return __atomic_load_n(&device->page->ended, __ATOMIC_RELAXED) == 0 &&
           __atomic_load_n(&device->page->magic, __ATOMIC_RELAXED) == STILE_VIRTIO_MAGIC;
}

/*
 * A buffer that finds the pool full in its middle is a fault of the device's to stock Linux (6.1,
 * 6.12: virtqueue_add_packed()) if the ring is packed, and 6.1 leaves a part of it there. With a
 * split ring it takes all back, and tries again.
 */
static const struct front front_mmio = {
    .tell_used = tell_used,
    .tell_changed = tell_changed,
    .tell_reset = tell_reset,
    .is_there = is_there,
    .never_bounced = FEATURE(VIRTIO_F_RING_PACKED),
};

struct device *mmio_start(const struct config_device *config, struct stile_virtio_page *page,
                          const struct memory *memory)
{
    struct device *device = device_new(config, page, memory, &front_mmio, NULL);

    if (!device)
        return NULL;
    device->ports[0] = stile_bind(device->stile, page->vm_id, page->port, device->event_fd, -1);
    if (device->ports[0] != 0)
        return device_start(device) ? device : NULL;
    say("%s %u: no event port: %s", config->vm, config->index, strerror(errno));
    device_forget(device);
    return NULL;
}
