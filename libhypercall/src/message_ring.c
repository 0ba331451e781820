/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a message ring. Every word of the peer's is loaded once and checked before it is
 * used.
 */
#include "stile/message_ring.h"

#include "stile/cpu.h"

#include "copy.h"

static bool is_power_of_two(uint32_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

/* Whether the numbers make a ring. */
static bool open_end(struct stile_message_end *end, struct stile_message_ring *ring,
                     uint32_t message_bytes, uint32_t nr_messages)
{
    end->ring = ring;
    end->message_bytes = message_bytes;
    end->nr_messages = nr_messages;
    end->own = 0;
    end->peer = 0;
    end->broken = message_bytes - 1 >= STILE_RING_MESSAGE_MAX || !is_power_of_two(nr_messages);
    return !end->broken;
}

enum stile_error stile_message_ring_make(struct stile_message_end *end,
                                         struct stile_message_ring *ring, uint32_t message_bytes,
                                         uint32_t nr_messages)
{
    if (!open_end(end, ring, message_bytes, nr_messages))
        return STILE_INVALID_ARGUMENT;
    *ring = (struct stile_message_ring){
        .magic = STILE_RING_MAGIC,
        .version = STILE_RING_VERSION,
        .message_bytes = message_bytes,
        .nr_messages = nr_messages,
    };
    return STILE_SUCCESS;
}

enum stile_error stile_message_ring_join(struct stile_message_end *end,
                                         struct stile_message_ring *ring, uint64_t bytes,
                                         uint32_t message_bytes)
{
    uint32_t nr_messages = __atomic_load_n(&ring->nr_messages, __ATOMIC_RELAXED);
    bool is_possible = open_end(end, ring, message_bytes, nr_messages);

    end->broken = true;
    if (__atomic_load_n(&ring->magic, __ATOMIC_RELAXED) != STILE_RING_MAGIC)
        return STILE_DENIED;
    if (__atomic_load_n(&ring->version, __ATOMIC_RELAXED) != STILE_RING_VERSION)
        return STILE_BAD_VERSION;
    if (__atomic_load_n(&ring->message_bytes, __ATOMIC_RELAXED) != message_bytes || !is_possible ||
        stile_message_ring_bytes(message_bytes, nr_messages) > bytes)
        return STILE_DENIED;
    end->broken = false;
    return STILE_SUCCESS;
}

/* The memory of the message that this side is at. */
static void *slot(const struct stile_message_end *end)
{
    uint8_t *messages = (uint8_t *)(end->ring + 1);

    return messages + (uint64_t)(end->own & (end->nr_messages - 1)) * end->message_bytes;
}

/*
 * Moves this side's index, then looks whether the peer sleeps and is to be told, of each sleep
 * once. A producer is told when half of the messages are read: a consumer that goes on gets there.
 */
static bool publish(struct stile_message_end *end, uint32_t *index, uint32_t *peer_waits,
                    bool tells)
{
    end->own++;
    __atomic_store_n(index, end->own, __ATOMIC_RELEASE);
    if (!tells)
        return false;
    stile_cpu_barrier();
    return __atomic_load_n(peer_waits, __ATOMIC_RELAXED) != 0 &&
           __atomic_exchange_n(peer_waits, 0, __ATOMIC_RELAXED) != 0;
}

/* How many messages are in the ring by the peer's word; more than it has room for breaks it. */
static uint32_t checked(struct stile_message_end *end, uint32_t peer, uint32_t used)
{
    if (used > end->nr_messages)
        end->broken = true;
    else
        end->peer = peer;
    return used;
}

static bool has_room(struct stile_message_end *end)
{
    uint32_t consumed = end->peer;

    if (end->own - consumed < end->nr_messages)
        return true;
    consumed = __atomic_load_n(&end->ring->consumed, __ATOMIC_ACQUIRE);
    return checked(end, consumed, end->own - consumed) < end->nr_messages;
}

static bool has_message(struct stile_message_end *end)
{
    uint32_t produced = end->peer;

    if (produced != end->own)
        return true;
    produced = __atomic_load_n(&end->ring->produced, __ATOMIC_ACQUIRE);
    return checked(end, produced, produced - end->own) != 0 && !end->broken;
}

enum stile_error stile_message_ring_send(struct stile_message_end *end, const void *message,
                                         bool *notify)
{
    *notify = false;
    if (end->broken)
        return STILE_DENIED;
    if (!has_room(end))
        return end->broken ? STILE_DENIED : STILE_BUSY;
    stile_copy(slot(end), message, end->message_bytes);
    *notify = publish(end, &end->ring->produced, &end->ring->consumer_waits, true);
    return STILE_SUCCESS;
}

enum stile_error stile_message_ring_receive(struct stile_message_end *end, void *message,
                                            bool *notify)
{
    *notify = false;
    if (end->broken)
        return STILE_DENIED;
    if (!has_message(end))
        return end->broken ? STILE_DENIED : STILE_BUSY;
    stile_copy(message, slot(end), end->message_bytes);
    uint32_t left = end->peer - end->own - 1;
    *notify = publish(end, &end->ring->consumed, &end->ring->producer_waits,
                      left <= end->nr_messages / 2);
    return STILE_SUCCESS;
}

/* Says that this side sleeps, and looks once more; what it sees then needs no notification. */
static bool may_wait(struct stile_message_end *end, bool (*ready)(struct stile_message_end *end),
                     uint32_t *waits)
{
    if (end->broken)
        return false;
    __atomic_store_n(waits, 1, __ATOMIC_RELAXED);
    stile_cpu_barrier();
    if (!ready(end) && !end->broken)
        return true;
    __atomic_store_n(waits, 0, __ATOMIC_RELAXED);
    return false;
}

bool stile_message_ring_wait_room(struct stile_message_end *end)
{
    return may_wait(end, has_room, &end->ring->producer_waits);
}

bool stile_message_ring_wait_message(struct stile_message_end *end)
{
    return may_wait(end, has_message, &end->ring->consumer_waits);
}
