/* SPDX-License-Identifier: MIT */
/*
 * The life of a bus. Its thread answers messages; devices have theirs.
 */
#include "bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/virtio_config.h>

#include "say.h"
#include "stile.h"
#include "stile/abi.h"
#include "stile/channel_rings.h"

/* A driver may do wrong as often as it likes: so often is it told. */
#define SAID_REFUSED 4

#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)

static void kick(int event_fd)
{
    const uint64_t one = 1;

    if (write(event_fd, &one, sizeof(one)) < 0)
        die("an eventfd cannot be written: %s", strerror(errno));
}

static void wait_for(int event_fd)
{
    uint64_t count;

    if (read(event_fd, &count, sizeof(count)) < 0 && errno != EINTR)
        die("an eventfd cannot be read: %s", strerror(errno));
}

/* --- the way to the driver ------------------------------------------------------------------- */

static void tell_used(struct device *device, uint32_t queues)
{
    for (unsigned i = 0; i < STILE_VIRTIO_NR_QUEUES; i++)
        if (queues >> i & 1 && device->ports[i] != 0)
            (void)stile_send(device->stile, device->ports[i]);
}

static void tell_changed(struct device *device)
{
    struct bus *bus = device->front_data;

    (void)__atomic_fetch_or(&bus->changed, 1u << device->config->index, __ATOMIC_SEQ_CST);
    kick(bus->event_fd);
}

static void tell_reset(struct device *device)
{
    kick(((const struct bus *)device->front_data)->reset_fd);
}

static bool is_there(const struct device *device)
{
    const struct bus *bus = device->front_data;

    for (unsigned i = 0; i < bus->nr_shares; i++)
        if (stile_has_ended(bus->stile, bus->shares[i].share))
            return false;
    return true;
}

static const struct front front_bus = {
    .tell_used = tell_used,
    .tell_changed = tell_changed,
    .tell_reset = tell_reset,
    .is_there = is_there,
    .has_ports = true,
};

/* --- what messages ask for ------------------------------------------------------------------- */

static bool start_device(struct bus *bus, struct bus_device *it)
{
    it->page = calloc(1, sizeof(*it->page));
    if (!it->page)
        die("out of memory");
    /* The device reaches what was shared and no more, so drivers ask what they may use. */
    it->page->flags = STILE_VIRTIO_RESTRICTED;
    it->device = device_new(it->config, it->page, &bus->memory, &front_bus, bus);
    if (it->device && !device_start(it->device))
        it->device = NULL;
    if (it->device)
        return true;
    free(it->page);
    it->page = NULL;
    return false;
}

struct bus_device *bus_device(struct bus *bus, uint16_t number)
{
    struct bus_device *it = number < SERVED_MAX ? &bus->devices[number] : NULL;

    if (!it || !it->config)
        return NULL;
    it->has_failed = it->has_failed || (!it->device && !start_device(bus, it));
    return it->has_failed ? NULL : it;
}

static bool is_any_started(const struct bus *bus)
{
    for (unsigned i = 0; i < SERVED_MAX; i++)
        if (bus->devices[i].device)
            return true;
    return false;
}

/* Accepts a share whose handle the other VM has said. NULL, and errno says why. */
static void *accept_from(const struct bus *bus, const struct bus_share *share)
{
    void *at = stile_accept(bus->stile, share->share, share->pages);

    if (!at || stile_is_from(bus->stile, share->share, bus->vm_id))
        return at;
    stile_release(bus->stile, share->share, at, share->pages);
    errno = EPERM;
    return NULL;
}

bool bus_share(struct bus *bus, const struct stile_virtio_msg_memory *memory)
{
    struct bus_share *share = &bus->shares[bus->nr_shares];

    if (bus->nr_shares == STILE_VM_NR_REGIONS || is_any_started(bus) || memory->bytes == 0 ||
        memory->bytes % STILE_PAGE_SIZE != 0 || memory->bytes / STILE_PAGE_SIZE > UINT32_MAX ||
        memory->base_ipa % STILE_PAGE_SIZE != 0)
        return false;
    share->share = memory->share;
    share->pages = (uint32_t)(memory->bytes / STILE_PAGE_SIZE);
    share->at = accept_from(bus, share);
    if (!share->at) {
        if (bus->nr_refused++ < SAID_REFUSED)
            say("%s: its memory cannot be mapped: %s", bus->vm, strerror(errno));
        return false;
    }
    __atomic_store_n(&bus->nr_shares, bus->nr_shares + 1, __ATOMIC_RELEASE);
    bus->memory.ranges[bus->memory.nr++] =
        (struct range){memory->base_ipa, memory->bytes, share->at};
    return true;
}

bool bus_bind(struct bus *bus, const struct stile_virtio_msg_port *port)
{
    struct bus_device *it = bus_device(bus, port->device);
    struct device *device = it ? it->device : NULL;
    uint32_t bound;

    if (!device || port->queue >= device->nr_queues || it->page->status & VIRTIO_CONFIG_S_DRIVER_OK)
        return false;
    bound = stile_bind(device->stile, bus->vm_id, port->port, device->events[port->queue].kick,
                       device->events[port->queue].call);
    if (bound == 0)
        return false;
    if (device->ports[port->queue] != 0)
        stile_unbind(device->stile, device->ports[port->queue]);
    device->ports[port->queue] = bound;
    return true;
}

void bus_reset(struct bus *bus, struct bus_device *it)
{
    uint32_t resets = it->page->resets + 1;

    /* Whoever has seen the reset finds no driver there. */
    __atomic_store_n(&it->page->status, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&it->page->resets, resets, __ATOMIC_RELEASE);
    device_kick(it->device);
    while (LOAD(it->page->resets_done) != resets && !LOAD(bus->ends))
        wait_for(bus->reset_fd);
}

/* --- its thread ------------------------------------------------------------------------------ */

static void tell_peer(const struct bus *bus, uint32_t port, bool notify)
{
    if (notify)
        (void)stile_send(bus->stile, port);
}

/* Sends what is to be sent. Returns false if there is no room. */
static bool send_pending(struct bus *bus)
{
    bool notify;

    if (!bus->has_pending)
        return true;
    if (stile_message_ring_send(&bus->out, &bus->pending, &notify) != STILE_SUCCESS)
        return false;
    bus->has_pending = false;
    tell_peer(bus, bus->ports[1], notify);
    return true;
}

static bool take_changed(struct bus *bus)
{
    uint32_t changed = LOAD(bus->changed);
    unsigned index = (unsigned)__builtin_ctz(changed | 1u << 31);

    if (changed == 0)
        return false;
    (void)__atomic_fetch_and(&bus->changed, ~(1u << index), __ATOMIC_SEQ_CST);
    msg_changed((uint16_t)index, &bus->devices[index], &bus->pending);
    bus->has_pending = true;
    return true;
}

/* Does something. Returns false if there is nothing to do. */
static bool step(struct bus *bus)
{
    struct stile_virtio_msg message;
    bool notify;

    if (!send_pending(bus))
        return false;
    if (take_changed(bus))
        return true;
    if (stile_message_ring_receive(&bus->in, &message, &notify) != STILE_SUCCESS)
        return false;
    tell_peer(bus, bus->ports[0], notify);
    bus->has_pending = msg_answer(bus, &message, &bus->pending);
    return true;
}

bool bus_has_ended(const struct bus *bus)
{
    unsigned nr_shares = LOAD(bus->nr_shares);

    for (unsigned i = 0; i < nr_shares; i++)
        if (stile_has_ended(bus->stile, bus->shares[i].share))
            return true;
    return stile_has_ended(bus->stile, bus->channel.share);
}

/* The driver's VM finds that nobody is there, and may begin anew. */
static void give_up(struct bus *bus)
{
    if (!bus->was_broken && !bus_has_ended(bus))
        say("%s: its bus has impossible rings; nothing more is done until it makes them anew",
            bus->vm);
    for (unsigned i = 0; i < 2 && !bus->was_broken; i++)
        stile_unbind(bus->stile, bus->ports[i]);
    bus->was_broken = true;
}

static void *serve(void *argument)
{
    struct bus *bus = argument;

    while (!LOAD(bus->ends)) {
        if (bus->in.broken || bus->out.broken) {
            give_up(bus);
            wait_for(bus->event_fd);
        } else if (!step(bus)) {
            if (bus->has_pending ? stile_message_ring_wait_room(&bus->out)
                                 : stile_message_ring_wait_message(&bus->in))
                wait_for(bus->event_fd);
        }
    }
    return NULL;
}

/* --- its life -------------------------------------------------------------------------------- */

static void forget(struct bus *bus)
{
    for (unsigned i = 0; i < SERVED_MAX; i++) /* all at once, and then one after another */
        if (bus->devices[i].device)
            device_end(bus->devices[i].device);
    for (unsigned i = 0; i < SERVED_MAX; i++) {
        if (bus->devices[i].device)
            device_stop(bus->devices[i].device);
        free(bus->devices[i].page);
    }
    for (unsigned i = 0; i < bus->nr_shares; i++)
        stile_release(bus->stile, bus->shares[i].share, bus->shares[i].at, bus->shares[i].pages);
    if (bus->channel.at)
        stile_release(bus->stile, bus->channel.share, bus->channel.at, bus->channel.pages);
    if (bus->stile >= 0)
        stile_close(bus->stile);
    if (bus->event_fd >= 0)
        (void)close(bus->event_fd);
    if (bus->reset_fd >= 0)
        (void)close(bus->reset_fd);
    free(bus);
}

/* Joins the rings and binds their ports. Returns why not, or NULL; "" if it is a matter of time. */
static const char *join(struct bus *bus)
{
    uint32_t remote[2];
    int64_t status;

    bus->channel.pages = 1;
    bus->channel.at = accept_from(bus, &bus->channel);
    if (!bus->channel.at) /* it is for another VM, or over */
        return "";
    status = stile_channel_rings_join(&bus->in, &bus->out, bus->channel.at, STILE_PAGE_SIZE,
                                      STILE_VIRTIO_MSG_BYTES, remote);
    if (status == STILE_BUSY) /* who has served it before is gone; it is made anew soon */
        return "";
    if (status != STILE_SUCCESS)
        return "it is not such a channel";
    for (unsigned i = 0; i < 2; i++) {
        bus->ports[i] = stile_bind(bus->stile, bus->vm_id, remote[i], bus->event_fd, -1);
        if (bus->ports[i] == 0)
            return strerror(errno);
    }
    return NULL;
}

static struct bus *new_bus(const struct config *config, const char *vm)
{
    struct bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        die("out of memory");
    bus->vm = vm;
    bus->stile = stile_open();
    bus->event_fd = eventfd(0, EFD_CLOEXEC);
    bus->reset_fd = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < config->nr; i++)
        if (strcmp(config->devices[i].vm, vm) == 0)
            bus->devices[config->devices[i].index].config = &config->devices[i];
    return bus;
}

struct bus *bus_start(const struct config *config, const char *vm, uint32_t vm_id, uint32_t share)
{
    struct bus *bus = new_bus(config, vm);
    const char *fault = "";

    bus->vm_id = vm_id;
    bus->channel.share = share;
    if (bus->stile < 0 || bus->event_fd < 0 || bus->reset_fd < 0)
        fault = strerror(errno);
    else
        fault = join(bus);
    if (!fault && pthread_create(&bus->thread, NULL, serve, bus) != 0)
        fault = "no thread";
    if (!fault) {
        say("%s: its bus of messages is served", vm);
        return bus;
    }
    if (fault[0] != '\0')
        say("%s: its bus of messages is not served: %s", vm, fault);
    forget(bus);
    return NULL;
}

void bus_stop(struct bus *bus)
{
    say("%s: its bus of messages has ended", bus->vm);
    __atomic_store_n(&bus->ends, true, __ATOMIC_RELEASE);
    kick(bus->event_fd);
    kick(bus->reset_fd);
    (void)pthread_join(bus->thread, NULL);
    forget(bus);
}
