/* SPDX-License-Identifier: MIT */
/*
 * What two VMs agree on about memory that they share: the message ring and the channel. The
 * hypervisor knows nothing of either. libhypercall has both ends of both (stile/message_ring.h,
 * stile/channel.h); whoever writes his own, in another language, follows this.
 *
 * All fields are little-endian, all memory is Normal write-back. Who makes a ring or a channel
 * writes all of it before the peer can reach it, reserved space as zeroes. Who joins reads magic,
 * version, sizes and places once, into memory of his own, checks them there, and never looks at
 * them again; he ignores reserved space. A version changes when a peer of the one before would
 * misunderstand; another version is refused.
 */
#ifndef STILE_RING_H
#define STILE_RING_H

#include "stile/types.h"

/** "SRNG", of every message ring. */
#define STILE_RING_MAGIC   0x474E5253u
#define STILE_RING_VERSION 1

/** "SCHN", of every channel. */
#define STILE_CHANNEL_MAGIC   0x4E484353u
#define STILE_CHANNEL_VERSION 1

/** The longest message, in bytes. */
#define STILE_RING_MESSAGE_MAX 1024

/** Where rings begin: at multiples of this, in bytes. */
#define STILE_RING_ALIGN 64

/**
 * Messages of one size from one VM to another: nr_messages slots of message_bytes follow. Message n
 * is in slot n modulo nr_messages. Indexes count messages from 0, modulo 2^32.
 *
 * The producer writes a message, then, with release, produced; the consumer loads produced, with
 * acquire, reads the message and stores consumed, with release. A side that is about to sleep sets
 * its own waits word to 1 and then looks at the other's index once more; a side that has moved its
 * index looks at the other's waits word, and if it is not 0 clears it and notifies. A full barrier
 * (DMB ISH) is between each store and each look, so that not both miss the other's store. A
 * producer that waits is told when at most half of the slots are full.
 *
 * Each side trusts its own copy of its index, and finds the ring broken if the other's says that
 * more than nr_messages, or fewer than 0, are in it.
 */
struct stile_message_ring {
    uint32_t magic;         /**< STILE_RING_MAGIC */
    uint32_t version;       /**< STILE_RING_VERSION */
    uint32_t message_bytes; /**< 1 to STILE_RING_MESSAGE_MAX */
    uint32_t nr_messages;   /**< a power of two, at most 2^31 */
    uint8_t reserved0[48];
    uint32_t produced;       /**< the producer's: how many messages it has written */
    uint32_t producer_waits; /**< set by the producer, cleared by the consumer, who then notifies */
    uint8_t reserved1[56];
    uint32_t consumed;       /**< the consumer's: how many it has read */
    uint32_t consumer_waits; /**< set by the consumer, cleared by the producer, who then notifies */
    uint8_t reserved2[56];
};

/**
 * Messages both ways: at the beginning of shared memory, whose owner makes it. Ring 0 is from the
 * owner to the peer, ring 1 the other way. Each has an event port, by which either end of the ring
 * notifies the other: a port that served both rings would be cleared by who waits for the one, and
 * never wake who waits for the other.
 *
 * The peer finds the share's handle in the owner's directory, accepts it, and binds both ports.
 */
struct stile_channel_header {
    uint32_t magic;     /**< STILE_CHANNEL_MAGIC */
    uint32_t version;   /**< STILE_CHANNEL_VERSION */
    uint64_t bytes;     /**< of all the memory, this header included */
    uint64_t offset[2]; /**< where ring 0 and ring 1 begin, in bytes from here */
    uint32_t port[2];   /**< the owner's, of ring 0 and of ring 1 */
    uint8_t reserved[24];
};

STILE_STATIC_ASSERT(sizeof(struct stile_message_ring) == 192, "the messages follow");
STILE_STATIC_ASSERT(offsetof(struct stile_message_ring, produced) == 64, "a cache line");
STILE_STATIC_ASSERT(offsetof(struct stile_message_ring, consumed) == 128, "a cache line");
STILE_STATIC_ASSERT(sizeof(struct stile_channel_header) == 64, "a cache line");
STILE_STATIC_ASSERT(offsetof(struct stile_channel_header, offset) == 16, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_channel_header, port) == 32, "fixed");

#endif
