/* SPDX-License-Identifier: MIT */
/*
 * A network card whose queues the kernel serves (/dev/vhost-net), between the driver's memory and a
 * TAP device. They are handed over when the driver is there, and taken back when it resets the
 * device, or ends.
 *
 * Where each queue has a port of its own, events get to the kernel's worker, and from it to the
 * driver, without this program. Where there is one port for all queues the worker gets the events
 * that the device's thread gets, and that thread interrupts the driver for it.
 *
 * The kernel does not ask whether the driver's VM is still there: what it copies after the VM's end
 * it sends, though it is no packet of the driver's (device_wrote_it()).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "device.h"
#include "net.h"
#include "say.h"

#define NR_QUEUES 2u

/* What of the driver's features the kernel is told of, and must have. */
#define TOLD                                                                                       \
    (FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_RING_F_EVENT_IDX) |                              \
     FEATURE(VIRTIO_RING_F_INDIRECT_DESC) | FEATURE(VIRTIO_NET_F_MRG_RXBUF))

struct vhost {
    int tap;
    int kernel; /* /dev/vhost-net, while that has the queues; else -1 */
    int fault;  /* an eventfd: written when a queue is not as it must be */
};

/* --- what there is for it -------------------------------------------------------------------- */

static int open_kernel(void)
{
    uint64_t features = 0;
    int kernel = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

    if (kernel < 0)
        return -1;
    if (ioctl(kernel, VHOST_GET_FEATURES, &features) == 0 && (features & TOLD) == TOLD)
        return kernel;
    (void)close(kernel);
    errno = EOPNOTSUPP;
    return -1;
}

static int new_event(void)
{
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (event < 0)
        die("no eventfd: %s", strerror(errno));
    return event;
}

/* What is to be looked at is behind device->file. */
static void watch(const struct device *device, int event)
{
    struct epoll_event in = {.events = EPOLLIN};

    if (epoll_ctl(device->file, EPOLL_CTL_ADD, event, &in) != 0)
        die("epoll: %s", strerror(errno));
}

static void make_events(struct device *device)
{
    device->file = epoll_create1(EPOLL_CLOEXEC);
    device->pairs[0] = (struct net_pair){.file = device->file};
    device->nr_pairs = 1;
    device->vhost->fault = new_event();
    watch(device, device->vhost->fault);
    for (unsigned i = 0; i < NR_QUEUES; i++) {
        device->events[i].call = new_event();
        if (device->front->has_ports)
            device->events[i].kick = new_event();
        else
            watch(device, device->events[i].call);
    }
}

static bool vhost_net_open(struct device *device, struct stile_virtio_page *page,
                           uint64_t *features)
{
    const struct config_device *config = device->config;
    int tap = net_open_tap(config), kernel = open_kernel();

    if (kernel < 0)
        say("%s %u: /dev/vhost-net: %s", config->vm, config->index, strerror(errno));
    else
        (void)close(kernel);
    if (tap >= 0 && kernel < 0)
        (void)close(tap);
    if (tap < 0 || kernel < 0)
        return false;
    device->vhost = malloc(sizeof(*device->vhost));
    if (!device->vhost)
        die("out of memory");
    *device->vhost = (struct vhost){.tap = tap, .kernel = -1};
    make_events(device);
    *features = net_offer(config, page);
    say("%s %u: net %s, by the kernel", config->vm, config->index, config->file);
    return true;
}

static void vhost_net_close(struct device *device)
{
    for (unsigned i = 0; i < NR_QUEUES; i++) {
        (void)close(device->events[i].call);
        if (device->front->has_ports)
            (void)close(device->events[i].kick);
    }
    (void)close(device->file);
    (void)close(device->vhost->fault);
    (void)close(device->vhost->tap);
    free(device->vhost);
}

/* --- handing over ---------------------------------------------------------------------------- */

static bool tell_memory(const struct device *device)
{
    const struct memory *memory = &device->memory;
    union {
        struct vhost_memory table;
        uint8_t room[sizeof(struct vhost_memory) +
                     STILE_VM_NR_REGIONS * sizeof(struct vhost_memory_region)];
    } told = {.table.nregions = memory->nr};

    for (unsigned i = 0; i < memory->nr; i++)
        told.table.regions[i] = (struct vhost_memory_region){
            .guest_phys_addr = memory->ranges[i].base,
            .memory_size = memory->ranges[i].bytes,
            .userspace_addr = (uintptr_t)memory->ranges[i].at,
        };
    return ioctl(device->vhost->kernel, VHOST_SET_MEM_TABLE, &told) == 0;
}

/* It goes on where the used ring ends: the kernel uses chains in their order, too. */
static bool hand_over_queue(const struct device *device, unsigned index)
{
    const struct queue *queue = &device->queues[index];
    const struct vhost *vhost = device->vhost;
    struct vhost_vring_state num = {index, queue->num}, base = {index, queue->next_avail};
    struct vhost_vring_addr address = {
        .index = index,
        .desc_user_addr = (uintptr_t)queue->split.desc,
        .avail_user_addr = (uintptr_t)queue->split.avail,
        .used_user_addr = (uintptr_t)queue->split.used,
    };
    struct vhost_vring_file kick = {index, device->events[index].kick};
    struct vhost_vring_file call = {index, device->events[index].call};
    struct vhost_vring_file fault = {index, vhost->fault}, tap = {index, vhost->tap};

    if (queue->num == 0) /* the driver does not use it */
        return true;
    return ioctl(vhost->kernel, VHOST_SET_VRING_NUM, &num) == 0 &&
           ioctl(vhost->kernel, VHOST_SET_VRING_BASE, &base) == 0 &&
           ioctl(vhost->kernel, VHOST_SET_VRING_ADDR, &address) == 0 &&
           ioctl(vhost->kernel, VHOST_SET_VRING_KICK, &kick) == 0 &&
           ioctl(vhost->kernel, VHOST_SET_VRING_CALL, &call) == 0 &&
           ioctl(vhost->kernel, VHOST_SET_VRING_ERR, &fault) == 0 &&
           ioctl(vhost->kernel, VHOST_NET_SET_BACKEND, &tap) == 0;
}

static bool hand_over(const struct device *device)
{
    uint64_t features = device->features & TOLD;
    bool done = ioctl(device->vhost->kernel, VHOST_SET_OWNER, NULL) == 0 &&
                ioctl(device->vhost->kernel, VHOST_SET_FEATURES, &features) == 0 &&
                tell_memory(device);

    for (unsigned i = 0; i < NR_QUEUES && done; i++)
        done = hand_over_queue(device, i);
    return done;
}

/* Closing it waits until the kernel's worker is done with the driver's memory. */
static void take_back(struct device *device)
{
    if (device->vhost->kernel >= 0)
        (void)close(device->vhost->kernel);
    device->vhost->kernel = -1;
}

static bool was_written(int event)
{
    uint64_t count;

    return read(event, &count, sizeof(count)) == sizeof(count);
}

static void vhost_net_start(struct device *device)
{
    const uint64_t one = 1;

    (void)was_written(device->vhost->fault); /* by an earlier driver's */
    net_share_work(device, device->vhost->tap);
    device->pairs[0].waits_for_file = true;
    device->vhost->kernel = open_kernel();
    if (device->vhost->kernel >= 0 && !hand_over(device))
        take_back(device);
    if (device->vhost->kernel < 0)
        say("%s %u: the kernel does not take its queues: %s", device->config->vm,
            device->config->index, strerror(errno));
    /* The worker looks at what was made available before. */
    for (unsigned i = 0; i < NR_QUEUES; i++)
        (void)!write(device->events[i].kick, &one, sizeof(one));
}

/* --- meanwhile ------------------------------------------------------------------------------- */

static enum run_result vhost_net_run(struct device *device)
{
    uint32_t queues = 0;

    if (device->vhost->kernel < 0 || was_written(device->vhost->fault)) {
        take_back(device);
        return RUN_BROKEN;
    }
    for (unsigned i = 0; i < NR_QUEUES && !device->front->has_ports; i++)
        queues |= was_written(device->events[i].call) ? 1u << i : 0;
    if (queues != 0)
        device->front->tell_used(device, queues);
    return RUN_DONE;
}

/* All that the driver makes available the kernel is told of. */
static bool vhost_net_is_idle(struct device *device)
{
    (void)device;
    return true;
}

const struct kind kind_vhost_net = {
    .device_id = VIRTIO_ID_NET,
    .nr_queues = NR_QUEUES,
    .open = vhost_net_open,
    .close = vhost_net_close,
    .start = vhost_net_start,
    .stop = take_back,
    .run = vhost_net_run,
    .is_idle = vhost_net_is_idle,
};
