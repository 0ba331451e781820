/* SPDX-License-Identifier: MIT */
/*
 * The ends of a message ring: struct stile_message_ring, messages of one size in memory that two
 * VMs share, one of which sends and the other receives. They make no call; what both need beside it
 * (a share, an event port) is stile/channel.h's.
 *
 * Ordering: as the structure says; tests/lib/model/message_ring.pml checks that no wake-up is lost.
 *
 * The peer may be hostile. A side trusts its own index, which it keeps for itself, and checks the
 * other's; a message is copied out of the shared memory once, and looked at only there. What a
 * hostile peer can do is send what it likes, and stop.
 *
 * Both map the memory as ordinary cached memory. Each end is used by one thread at a time.
 */
#ifndef STILE_MESSAGE_RING_H
#define STILE_MESSAGE_RING_H

#include "stile/errors.h"
#include "stile/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One side's own memory, out of the peer's reach. Set up by making a ring, or joining it. */
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
 * stile_message_ring_make() - make a ring of memory, and take one end of it
 * @end: to be filled in
 * @ring: STILE_RING_ALIGN aligned, stile_message_ring_bytes() long; the peer has not got it yet
 * @message_bytes: 1 to STILE_RING_MESSAGE_MAX
 * @nr_messages: a power of two, at most 2^31
 *
 * Returns STILE_SUCCESS; STILE_INVALID_ARGUMENT if the numbers make no ring: then nothing is
 * written.
 */
enum stile_error stile_message_ring_make(struct stile_message_end *end,
                                         struct stile_message_ring *ring, uint32_t message_bytes,
                                         uint32_t nr_messages);

/**
 * stile_message_ring_join() - take the other end of a ring that a peer has made
 * @end: to be filled in
 * @ring: mapped, STILE_RING_ALIGN aligned; nobody has had this end before
 * @bytes: how much is mapped there, at least as much as struct stile_message_ring
 * @message_bytes: as agreed on with the peer
 *
 * Returns STILE_SUCCESS; STILE_BAD_VERSION if it is a ring of another version; STILE_DENIED if it
 * is none, has messages of another size, or does not fit. Unless it succeeds the end is broken.
 */
enum stile_error stile_message_ring_join(struct stile_message_end *end,
                                         struct stile_message_ring *ring, uint64_t bytes,
                                         uint32_t message_bytes);

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
