/* SPDX-License-Identifier: MIT */
/*
 * A channel is put together from its parts: a share, two rings in it, and two ports. The directory
 * has the share's handle; all else is in the memory, where the peer reads it once.
 */
#include "stile/channel.h"
#include "stile/channel_rings.h"
#include "stile/cpu.h"
#include "stile/directory.h"
#include "stile/event.h"
#include "stile/share.h"

#define ACCESS (STILE_ACCESS_READ | STILE_ACCESS_WRITE)

static struct stile_message_ring *ring_at(const struct stile_channel_memory *memory,
                                          uint64_t offset)
{
    return (struct stile_message_ring *)(void *)((uint8_t *)memory->memory + offset);
}

static uint64_t bytes_of(const struct stile_channel_memory *memory)
{
    return memory->pages.pages * STILE_PAGE_SIZE;
}

static bool is_possible(const struct stile_channel_memory *memory)
{
    return memory->pages.pages - 1 < STILE_MEMORY_MAX_PAGES &&
           memory->message_bytes - 1 < STILE_RING_MESSAGE_MAX;
}

/* As many messages as a ring of so many bytes holds: the largest power of two. */
static uint32_t messages_in(uint64_t bytes, uint32_t message_bytes)
{
    uint32_t nr = 1;

    while (stile_message_ring_bytes(message_bytes, 2 * nr) <= bytes)
        nr *= 2;
    return nr;
}

/* Makes both rings, each in half of what the header leaves, and the header. */
static void make_rings(struct stile_channel *channel, const struct stile_channel_memory *memory)
{
    const uint64_t first = sizeof(struct stile_channel_header);
    const uint64_t half = (bytes_of(memory) - first) / 2 / STILE_RING_ALIGN * STILE_RING_ALIGN;
    struct stile_channel_header *header = (struct stile_channel_header *)memory->memory;
    uint32_t nr = messages_in(half, memory->message_bytes);

    (void)stile_message_ring_make(&channel->out, ring_at(memory, first), memory->message_bytes, nr);
    (void)stile_message_ring_make(&channel->in, ring_at(memory, first + half),
                                  memory->message_bytes, nr);
    *header = (struct stile_channel_header){
        .magic = STILE_CHANNEL_MAGIC,
        .version = STILE_CHANNEL_VERSION,
        .bytes = bytes_of(memory),
        .offset = {first, first + half},
        .port = {channel->room.port, channel->port.port},
    };
}

static int64_t alloc_ports(struct stile_channel *channel, stile_vm_id_t peer,
                           stile_vcpu_id_t target)
{
    struct stile_result result = stile_event_alloc(peer, target);

    if (result.status != STILE_SUCCESS)
        return result.status;
    channel->room = stile_event_alloc_port(result);
    result = stile_event_alloc(peer, target);
    if (result.status != STILE_SUCCESS) {
        (void)stile_event_close(channel->room);
        return result.status;
    }
    channel->port = stile_event_alloc_port(result);
    return STILE_SUCCESS;
}

static void close_ports(const struct stile_channel *channel)
{
    (void)stile_event_close(channel->room);
    (void)stile_event_close(channel->port);
}

int64_t stile_channel_offer(struct stile_channel *channel,
                            const struct stile_channel_memory *memory, const char *key,
                            stile_vm_id_t peer, stile_vcpu_id_t target,
                            struct stile_mailbox *mailbox)
{
    if (!is_possible(memory))
        return STILE_INVALID_ARGUMENT;
    int64_t status = alloc_ports(channel, peer, target);
    if (status != STILE_SUCCESS)
        return status;
    channel->mailbox = mailbox;
    channel->port_was_bound = channel->room_was_bound = false;
    make_rings(channel, memory);
    status = stile_share_offer(key, memory->base, memory->pages, peer, ACCESS, &channel->share);
    if (status != STILE_SUCCESS)
        close_ports(channel);
    return status;
}

static int64_t bind_port(uint32_t remote, stile_vm_id_t owner, stile_vcpu_id_t target,
                         stile_port_t *port)
{
    struct stile_result result = stile_event_bind(owner, stile_port(remote), target);

    *port = stile_event_bind_port(result);
    return result.status;
}

static int64_t bind_ports(struct stile_channel *channel, const uint32_t remote[2],
                          stile_vm_id_t owner, stile_vcpu_id_t target)
{
    int64_t status = bind_port(remote[0], owner, target, &channel->port);

    if (status != STILE_SUCCESS)
        return status;
    status = bind_port(remote[1], owner, target, &channel->room);
    if (status != STILE_SUCCESS)
        (void)stile_event_close(channel->port);
    return status;
}

int64_t stile_channel_join(struct stile_channel *channel, const struct stile_channel_memory *memory,
                           const char *key, stile_vm_id_t owner, stile_vcpu_id_t target,
                           struct stile_mailbox *mailbox)
{
    uint32_t ports[2];

    if (!is_possible(memory))
        return STILE_INVALID_ARGUMENT;
    channel->mailbox = mailbox;
    channel->port_was_bound = channel->room_was_bound = true;
    int64_t status =
        stile_share_accept_from(owner, key, memory->base, memory->pages, ACCESS, &channel->share);
    if (status != STILE_SUCCESS)
        return status;
    status = stile_channel_rings_join(&channel->in, &channel->out,
                                      (const struct stile_channel_header *)memory->memory,
                                      bytes_of(memory), memory->message_bytes, ports);
    if (status == STILE_SUCCESS)
        status = bind_ports(channel, ports, owner, target);
    if (status != STILE_SUCCESS)
        (void)stile_memory_release(channel->share);
    return status;
}

int64_t stile_channel_withdraw(struct stile_channel *channel, const char *key)
{
    close_ports(channel);
    return stile_share_revoke(key, channel->share);
}

int64_t stile_channel_leave(struct stile_channel *channel)
{
    close_ports(channel);
    return stile_memory_release(channel->share).status;
}

/* Notifies the other end of the ring whose port it is, if that sleeps. */
static int64_t tell(stile_port_t port, enum stile_error status, bool notify)
{
    return notify ? stile_event_send(port).status : status;
}

int64_t stile_channel_send(struct stile_channel *channel, const void *message)
{
    bool notify;
    enum stile_error status = stile_message_ring_send(&channel->out, message, &notify);

    return tell(channel->room, status, notify);
}

int64_t stile_channel_receive(struct stile_channel *channel, void *message)
{
    bool notify;
    enum stile_error status = stile_message_ring_receive(&channel->in, message, &notify);

    /* The message is there, whatever has become of who sent it. */
    (void)tell(channel->port, status, notify);
    return status;
}

/*
 * Whether a port has had somebody at its other end, and has nobody now. *was_bound is kept between
 * two calls: an owner waits for a peer that has not joined yet.
 */
static bool is_left(stile_port_t port, bool *was_bound)
{
    struct stile_result result = stile_event_query(port);
    bool bound =
        result.status == STILE_SUCCESS && stile_event_query_state(result) == STILE_PORT_PEER;

    *was_bound = *was_bound || bound;
    return *was_bound && !bound;
}

/*
 * After a try that found a ring full or empty: sleeps until the peer has moved it, joins or leaves.
 * STILE_SUCCESS says: try again; if *left, for the last time, because it had left before.
 */
static int64_t sleep_until_moved(const struct stile_channel *channel, stile_port_t port,
                                 bool *was_bound, stile_ticks_t deadline, bool *left)
{
    *left = is_left(port, was_bound);
    if (*left)
        return STILE_SUCCESS;
    int64_t status = stile_event_wait(channel->mailbox, port.port, deadline);
    *was_bound = *was_bound || status == STILE_SUCCESS; /* by somebody who may be gone again */
    return status;
}

/* The deadline is looked at each time, or a peer that only moves things could put it off for ever.
 */
int64_t stile_channel_send_wait(struct stile_channel *channel, const void *message,
                                stile_ticks_t deadline)
{
    bool left = false;

    for (;;) {
        int64_t status = stile_channel_send(channel, message);
        if (status != STILE_BUSY)
            return status;
        if (left)
            return STILE_NOT_BOUND;
        if (stile_cpu_ticks() >= deadline.ticks)
            return STILE_BUSY;
        if (!stile_message_ring_wait_room(&channel->out))
            continue;
        status =
            sleep_until_moved(channel, channel->room, &channel->room_was_bound, deadline, &left);
        if (status != STILE_SUCCESS)
            return status;
    }
}

int64_t stile_channel_receive_wait(struct stile_channel *channel, void *message,
                                   stile_ticks_t deadline)
{
    bool left = false;

    for (;;) {
        int64_t status = stile_channel_receive(channel, message);
        if (status != STILE_BUSY)
            return status;
        if (left)
            return STILE_NOT_BOUND;
        if (stile_cpu_ticks() >= deadline.ticks)
            return STILE_BUSY;
        if (!stile_message_ring_wait_message(&channel->in))
            continue;
        status =
            sleep_until_moved(channel, channel->port, &channel->port_was_bound, deadline, &left);
        if (status != STILE_SUCCESS)
            return status;
    }
}
