/* SPDX-License-Identifier: MIT */
/*
 * A channel is put together from its parts: a share, two rings in it, and a port. The directory has
 * the share's handle in bits 63:32 and the port in bits 31:0.
 */
#include "stile/channel.h"
#include "stile/directory.h"
#include "stile/event.h"
#include "stile/share.h"

#define MESSAGE_MAX 1024
#define ACCESS      (STILE_ACCESS_READ | STILE_ACCESS_WRITE)

/* As many messages as half of the memory holds: the largest power of two. */
static uint32_t messages_in(uint64_t bytes, uint32_t message_bytes)
{
    uint32_t nr = 1;

    while (stile_message_ring_bytes(message_bytes, 2 * nr) <= bytes)
        nr *= 2;
    return nr;
}

/* Opens the rings in the two halves of the memory; the owner's out is the first. */
static bool open_rings(struct stile_channel *channel, const struct stile_channel_memory *memory,
                       bool is_owner)
{
    uint64_t half = memory->pages.pages * (STILE_PAGE_SIZE / 2);
    struct stile_message_ring *first = (struct stile_message_ring *)memory->memory;
    struct stile_message_ring *second =
        (struct stile_message_ring *)(void *)((uint8_t *)memory->memory + half);

    if (memory->pages.pages - 1 >= STILE_MEMORY_MAX_PAGES ||
        memory->message_bytes - 1 >= MESSAGE_MAX)
        return false;
    uint32_t nr = messages_in(half, memory->message_bytes);
    return stile_message_ring_open(&channel->out, is_owner ? first : second, memory->message_bytes,
                                   nr) &&
           stile_message_ring_open(&channel->in, is_owner ? second : first, memory->message_bytes,
                                   nr);
}

static int64_t publish(const struct stile_channel *channel, const char *key)
{
    return stile_directory_set(key, (uint64_t)channel->share.handle << 32 | channel->port.port);
}

int64_t stile_channel_offer(struct stile_channel *channel,
                            const struct stile_channel_memory *memory, const char *key,
                            stile_vm_id_t peer, stile_vcpu_id_t target,
                            struct stile_mailbox *mailbox)
{
    if (!open_rings(channel, memory, true))
        return STILE_INVALID_ARGUMENT;
    stile_message_ring_reset(channel->out.ring);
    stile_message_ring_reset(channel->in.ring);
    channel->mailbox = mailbox;
    channel->was_joined = false;

    struct stile_result result = stile_event_alloc(peer, target);
    if (result.status != STILE_SUCCESS)
        return result.status;
    channel->port = stile_port((uint32_t)result.value[0]);
    result = stile_memory_share(memory->base, memory->pages, peer, ACCESS);
    if (result.status != STILE_SUCCESS) {
        (void)stile_event_close(channel->port);
        return result.status;
    }
    channel->share = stile_share((uint32_t)result.value[0]);
    int64_t status = publish(channel, key);
    if (status != STILE_SUCCESS)
        (void)stile_channel_withdraw(channel, key);
    return status;
}

int64_t stile_channel_join(struct stile_channel *channel, const struct stile_channel_memory *memory,
                           const char *key, stile_vm_id_t owner, stile_vcpu_id_t target,
                           struct stile_mailbox *mailbox)
{
    uint64_t found;

    if (!open_rings(channel, memory, false))
        return STILE_INVALID_ARGUMENT;
    int64_t status = stile_directory_get(owner, key, &found);
    if (status != STILE_SUCCESS)
        return status;
    channel->mailbox = mailbox;
    channel->was_joined = true;
    channel->share = stile_share((uint32_t)(found >> 32));
    status = stile_share_accept(channel->share, memory->base, memory->pages, ACCESS);
    if (status != STILE_SUCCESS)
        return status;

    struct stile_result result = stile_event_bind(owner, stile_port((uint32_t)found), target);
    if (result.status != STILE_SUCCESS) {
        (void)stile_memory_release(channel->share);
        return result.status;
    }
    channel->port = stile_port((uint32_t)result.value[0]);
    return STILE_SUCCESS;
}

int64_t stile_channel_withdraw(struct stile_channel *channel, const char *key)
{
    (void)stile_event_close(channel->port);
    return stile_share_revoke(key, channel->share);
}

int64_t stile_channel_leave(struct stile_channel *channel)
{
    (void)stile_event_close(channel->port);
    return stile_memory_release(channel->share).status;
}

static int64_t tell(const struct stile_channel *channel, enum stile_error status, bool notify)
{
    return notify ? stile_event_send(channel->port).status : status;
}

int64_t stile_channel_send(struct stile_channel *channel, const void *message)
{
    bool notify;
    enum stile_error status = stile_message_ring_send(&channel->out, message, &notify);

    return tell(channel, status, notify);
}

int64_t stile_channel_receive(struct stile_channel *channel, void *message)
{
    bool notify;
    enum stile_error status = stile_message_ring_receive(&channel->in, message, &notify);

    /* The message is there, whatever has become of who sent it. */
    (void)tell(channel, status, notify);
    return status;
}

/*
 * Whether there was a peer and is none any more. Before it has joined, its owner waits for it; a
 * port that is found bound was joined.
 */
static bool is_left(struct stile_channel *channel)
{
    struct stile_result result = stile_event_status(channel->port);

    if (result.status == STILE_SUCCESS && result.value[0] == STILE_PORT_PEER)
        channel->was_joined = true;
    return result.status != STILE_SUCCESS ||
           (channel->was_joined && result.value[0] != STILE_PORT_PEER);
}

/*
 * Sleeps until the port's bit is set, which a peer that joins, sends or goes away does, unless it
 * has gone away: *left. Then the ring has the last of what it did, and is to be looked at once
 * more.
 */
static int64_t sleep_on(struct stile_channel *channel, stile_ticks_t deadline, bool *left)
{
    *left = is_left(channel);
    if (*left)
        return STILE_SUCCESS;
    int64_t status = stile_event_wait(channel->mailbox, channel->port.port, deadline);
    if (status == STILE_SUCCESS)
        channel->was_joined = true; /* by somebody who may be gone already */
    return status;
}

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
        if (stile_message_ring_wait_room(&channel->out))
            status = sleep_on(channel, deadline, &left);
        else
            status = STILE_SUCCESS;
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
        if (stile_message_ring_wait_message(&channel->in))
            status = sleep_on(channel, deadline, &left);
        else
            status = STILE_SUCCESS;
        if (status != STILE_SUCCESS)
            return status;
    }
}
