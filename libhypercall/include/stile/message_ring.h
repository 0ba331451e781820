/* SPDX-License-Identifier: MIT */
/*
 * A ring of messages of one size in memory that two VMs share: one sends, the other receives. It
 * makes no call; what both need beside it (a share, an event port) is stile/channel.h's.
 *
 * Ordering: a message is written before the index that covers it (release), read after it
 * (acquire), and its slot is written anew only after the consumer's index says that it has been
 * read. Before it sleeps, a side says so and then looks at the other's index once more; the other
 * moves its index and then looks whether somebody sleeps. These four accesses are sequentially
 * consistent (STLR and LDAR on arm64), so not both can miss the other's store: no wake-up is lost.
 * tests/lib/model/message_ring.pml checks this.
 *
 * The peer may be hostile. A side trusts its own index, which it keeps for itself, and checks the
 * other's; a message is copied out of the shared memory once, and looked at only there. What a
 * hostile peer can do is send what it likes, and stop.
 *
 * Both map the memory as ordinary cached memory. Each end is used by one thread at a time.
 */
#ifndef STILE_MESSAGE_RING_H
#define STILE_MESSAGE_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "stile/errors.h"
#include "stile/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The shared memory. Each side has a cache line of its own; the messages follow. */
struct stile_message_ring {
    uint32_t produced;       /**< the producer's: how many messages it has written, modulo 2^32 */
    uint32_t producer_waits; /**< set by the producer, cleared by the consumer, who then notifies */
    uint8_t reserved0[56];
    uint32_t consumed;       /**< the consumer's: how many it has read */
    uint32_t consumer_waits; /**< set by the consumer, cleared by the producer, who then notifies */
    uint8_t reserved1[56];
};

STILE_STATIC_ASSERT(sizeof(struct stile_message_ring) == 128, "both VMs agree on it");
STILE_STATIC_ASSERT(offsetof(struct stile_message_ring, consumed) == 64, "both VMs agree on it");

/** One side's own memory, out of the peer's reach. Set up by stile_message_ring_open(). */
struct stile_message_end {
    struct stile_message_ring *ring;
    uint32_t message_bytes;
    uint32_t nr_messages;
    uint32_t own;  /**< this side's index; the shared one is its copy for the peer */
    uint32_t peer; /**< the peer's, as last read and found possible */
    bool broken;   /**< the peer's index was impossible: nothing more is sent or received */
};

/** stile_message_ring_bytes() - how much memory a ring takes, in bytes */
static inline uint64_t stile_message_ring_bytes(uint32_t message_bytes, uint32_t nr_messages)
{
    return sizeof(struct stile_message_ring) + (uint64_t)message_bytes * nr_messages;
}

/**
 * stile_message_ring_reset() - make a ring of memory
 * @ring: by whose memory it is, before the peer gets it
 */
void stile_message_ring_reset(struct stile_message_ring *ring);

/**
 * stile_message_ring_open() - take one end of a ring that nobody has used yet
 * @end: to be filled in
 * @ring: mapped, 64-byte aligned, stile_message_ring_bytes() long
 * @message_bytes: at least 1; as the peer says
 * @nr_messages: a power of two, at most 2^31; as the peer says
 *
 * Returns whether the numbers are possible.
 */
bool stile_message_ring_open(struct stile_message_end *end, struct stile_message_ring *ring,
                             uint32_t message_bytes, uint32_t nr_messages);

/**
 * stile_message_ring_send() - put a message into the ring; for the producer
 * @end: the producer's
 * @message: message_bytes of them
 * @notify: where to put whether the consumer sleeps, and must be told that there is something
 *
 * Returns STILE_SUCCESS; STILE_BUSY if there is no room; STILE_DENIED if the peer has broken the
 * ring.
 */
enum stile_error stile_message_ring_send(struct stile_message_end *end, const void *message,
                                         bool *notify);

/**
 * stile_message_ring_receive() - take the next message; for the consumer
 * @end: the consumer's
 * @message: where to put its message_bytes
 * @notify: where to put whether the producer sleeps, and must be told that there is room
 *
 * Returns STILE_SUCCESS; STILE_BUSY if there is none; STILE_DENIED if the peer has broken the ring.
 */
enum stile_error stile_message_ring_receive(struct stile_message_end *end, void *message,
                                            bool *notify);

/**
 * stile_message_ring_wait_room() - the producer wants to sleep until there is room
 *
 * Returns whether it may: the consumer then notifies it, once half of the messages are read. If
 * not, send again: there is room now, or the ring is broken.
 */
bool stile_message_ring_wait_room(struct stile_message_end *end);

/** stile_message_ring_wait_message() - the same for the consumer, until there is a message */
bool stile_message_ring_wait_message(struct stile_message_end *end);

#ifdef __cplusplus
}
#endif

#endif
