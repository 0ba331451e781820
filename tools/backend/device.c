/* SPDX-License-Identifier: MIT */
/*
 * From the page to the queues, and back.
 */
#include "device.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "say.h"
#include "stile.h"

#define VENDOR_ID 0x4C495453u /* "STIL" */

/* A driver may do wrong as often as it likes: so often is it told. */
#define SAID_BROKEN 4

#define LOAD(field)         __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

/* Unless it is reset at this moment: then what was found meant nothing. */
static void set_broken(struct device *device, const char *why)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what was found wrong was read before */
    if (LOAD(device->page->resets) != device->resets)
        return;
    if (device_wrote_it(device) && device->nr_broken++ < SAID_BROKEN)
        say("%s %u: %s; nothing more is done until the driver resets it", device->config->vm,
            device->config->index, why);
    device->is_broken = true;
    STORE(device->page->needs_reset, 1);
    device->front->tell_changed(device);
}

/* --- what the driver has done --------------------------------------------------------------- */

static void leave_driver(struct device *device)
{
    if (device->is_started && device->kind->stop)
        device->kind->stop(device);
    device->is_started = false;
}

/* Whether there was a reset; then no queue is in use, and its VM goes on. */
static bool was_reset(struct device *device)
{
    uint32_t resets = LOAD(device->page->resets);

    if (resets == device->resets)
        return false;
    device->resets = resets;
    leave_driver(device);
    device->is_broken = false;
    for (unsigned i = 0; i < STILE_VIRTIO_NR_QUEUES; i++)
        device->queues[i].num = 0;
    STORE(device->page->needs_reset, 0);
    STORE(device->page->resets_done, resets);
    device->front->tell_reset(device);
    return true;
}

/* A queue of which nothing is ready is one that the driver does not use. */
static void open_queue(struct device *device, unsigned index)
{
    struct stile_virtio_queue copy;

    memcpy(&copy, &device->page->queues[index], sizeof(copy));
    if (copy.ready && !queue_open(&device->queues[index], &device->memory, &copy, device->features))
        set_broken(device, "a queue is not in memory that it may see, or no such queue");
}

static void start_if_ready(struct device *device)
{
    if (device->is_started || !(LOAD(device->page->status) & VIRTIO_CONFIG_S_DRIVER_OK))
        return;
    device->features = LOAD(device->page->driver_features);
    device->is_started = true;
    /* Else it agreed with an older back end: about what its rings are, perhaps. */
    if (device->features & ~LOAD(device->page->device_features))
        set_broken(device, "its driver uses what is not offered");
    for (unsigned i = 0; i < device->nr_queues && !device->is_broken; i++)
        open_queue(device, i);
    if (device->is_broken)
        return;
    if (device->kind->start)
        device->kind->start(device);
    /* What another back end has used, the driver may not know of. */
    device->front->tell_used(device, (1u << device->nr_queues) - 1);
}

static void signal_used(struct device *device)
{
    uint32_t queues = 0;

    for (unsigned i = 0; i < device->nr_queues; i++)
        queues |= queue_must_signal(&device->queues[i]) ? 1u << i : 0;
    if (queues != 0)
        device->front->tell_used(device, queues);
}

void device_look(struct device *device)
{
    enum run_result result;

    do {
        if (was_reset(device))
            return;
        start_if_ready(device);
        if (!device->is_started || device->is_broken)
            return;
        result = device->kind->run(device);
        signal_used(device);
        if (result == RUN_BROKEN)
            set_broken(device, "its driver has made a chain that cannot be");
    } while (!device_ends(device) && (result != RUN_DONE || !device->kind->is_idle(device)));
}

/* --- its life ------------------------------------------------------------------------------- */

bool device_offer(struct device *device)
{
    struct stile_virtio_page *page = device->page;
    uint64_t features = 0;

    device->nr_queues = device->kind->nr_queues;
    if (!device->kind->open(device, page, &features))
        return false;
    features |= FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_RING_F_EVENT_IDX) |
                FEATURE(VIRTIO_RING_F_INDIRECT_DESC);
    if (page->flags & STILE_VIRTIO_RESTRICTED)
        features = (features & ~device->front->never_bounced) | FEATURE(VIRTIO_F_ACCESS_PLATFORM);
    for (unsigned i = 0; i < STILE_VIRTIO_NR_QUEUES; i++)
        STORE(page->queues[i].num_max, i < device->nr_queues ? QUEUE_NUM_MAX : 0);
    STORE(page->vendor_id, VENDOR_ID);
    STORE(page->device_features, features);
    device->resets = LOAD(page->resets);
    STORE(page->resets_done, device->resets);
    STORE(page->device_id, device->kind->device_id);
    return true;
}

/* Sleeps until it is called, or a packet has come that is waited for. */
static void sleep_for(struct device *device)
{
    struct pollfd fds[1 + NET_PAIRS_MAX] = {{.fd = device->event_fd, .events = POLLIN}};
    bool may_go_on = device->is_started && !device->is_broken;
    uint64_t count;

    for (unsigned i = 0; i < device->nr_pairs; i++) {
        const struct net_pair *pair = &device->pairs[i];

        fds[1 + i] = (struct pollfd){.fd = may_go_on && pair->waits_for_file ? pair->file : -1,
                                     .events = POLLIN};
    }
    if (poll(fds, 1 + device->nr_pairs, -1) < 0 && errno != EINTR)
        die("poll: %s", strerror(errno));
    if (fds[0].revents && read(device->event_fd, &count, sizeof(count)) < 0)
        die("an eventfd cannot be read: %s", strerror(errno));
}

static void *serve(void *argument)
{
    struct device *device = argument;

    device->front->tell_reset(device);
    while (!device_ends(device)) {
        device_look(device);
        sleep_for(device);
    }
    leave_driver(device);
    return NULL;
}

void device_forget(struct device *device)
{
    if (device->stile >= 0)
        stile_close(device->stile);
    if (device->event_fd >= 0)
        (void)close(device->event_fd);
    if (device->file >= 0)
        device->kind->close(device);
    free(device);
}

struct device *device_new(const struct config_device *config, struct stile_virtio_page *page,
                          const struct memory *memory, const struct front *front, void *front_data)
{
    struct device *device = calloc(1, sizeof(*device));

    if (!device)
        die("out of memory");
    device->config = config;
    device->kind = config->kind;
    device->front = front;
    device->front_data = front_data;
    device->page = page;
    device->memory = *memory;
    device->file = -1;
    device->stile = stile_open();
    device->event_fd = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < STILE_VIRTIO_NR_QUEUES; i++)
        device->events[i] = (struct events){device->event_fd, -1};
    if (device->stile >= 0 && device->event_fd >= 0)
        return device;
    say("%s %u: %s", config->vm, config->index, strerror(errno));
    device_forget(device);
    return NULL;
}

bool device_start(struct device *device)
{
    const struct config_device *config = device->config;

    if (device_offer(device)) {
        if (pthread_create(&device->thread, NULL, serve, device) == 0)
            return true;
        say("%s %u: no thread", config->vm, config->index);
    }
    device_forget(device);
    return false;
}

void device_kick(struct device *device)
{
    const uint64_t one = 1;

    if (write(device->event_fd, &one, sizeof(one)) < 0)
        die("an eventfd cannot be written: %s", strerror(errno));
}

void device_end(struct device *device)
{
    STORE(device->ends, true);
    device_kick(device);
}

void device_stop(struct device *device)
{
    device_end(device);
    (void)pthread_join(device->thread, NULL);
    device_forget(device);
}
