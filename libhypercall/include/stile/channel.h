/* SPDX-License-Identifier: MIT */
/*
 * Messages between two VMs, both ways: two message rings in shared pages, and an event port for
 * each that tells a sleeping end (struct stile_channel_header). One VM offers a channel under a
 * key, the other joins it.
 *
 * Ordering: as of the rings (stile/message_ring.h). An event is sent only to an end that sleeps, so
 * in steady state a message costs no exit. Each direction is used by one thread at a time at each
 * end; the waiting functions keep their thread on the vCPU whose mailbox has the ports. The two
 * directions need not know of each other: tests/lib/model/channel.pml checks that neither takes the
 * wake-up of the other.
 */
#ifndef STILE_CHANNEL_H
#define STILE_CHANNEL_H

#include "stile/message_ring.h"
#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What both sides agree on beforehand, and where one of them has it. */
struct stile_channel_memory {
    void *memory;           /**< where the pages are, or will be, mapped: virtual */
    stile_ipa_t base;       /**< the same as an IPA, a multiple of PAGE_BYTES */
    stile_nr_pages_t pages; /**< how many, 1 to 512 */
    uint32_t message_bytes; /**< of each message, 1 to STILE_RING_MESSAGE_MAX */
};

/**
 * One end of a channel; the caller's own memory, out of the peer's reach. The ports are masked:
 * unmask one to be interrupted instead of waiting.
 */
struct stile_channel {
    struct stile_message_end out;
    struct stile_message_end in;
    struct stile_mailbox *mailbox; /**< that has the ports: of the vCPU that waits */
    stile_port_t port;             /**< of @in: pending when there are messages */
    stile_port_t room;             /**< of @out: pending when there is room */
    stile_share_t share;
    bool port_was_bound; /**< there has been somebody at its other end */
    bool room_was_bound; /**< the same */
};

/**
 * stile_channel_offer() - make a channel in one's own memory, and publish it
 * @channel: to be filled in
 * @memory: pages of the caller's, which the peer may then read and write
 * @key: under which the peer finds it: see stile_directory_set()
 * @peer: the only VM that may join
 * @target: the vCPU that gets the events
 * @mailbox: its mailbox
 *
 * Returns 0; STILE_INVALID_ARGUMENT if the memory is not as said above; or the error of a call:
 * then nothing is left behind.
 */
int64_t stile_channel_offer(struct stile_channel *channel,
                            const struct stile_channel_memory *memory, const char *key,
                            stile_vm_id_t peer, stile_vcpu_id_t target,
                            struct stile_mailbox *mailbox);

/**
 * stile_channel_join() - take the other end of a channel that a peer offers
 * @channel: to be filled in
 * @memory: where to map the peer's pages; the rest as the peer has it
 * @key: as the peer said
 * @owner: the peer
 * @target: the vCPU that gets the events
 * @mailbox: its mailbox
 *
 * Returns as stile_channel_offer(), where the directory's STILE_NOT_FOUND says: not yet;
 * STILE_BAD_VERSION if the peer speaks another version of the channel or its rings; STILE_DENIED if
 * what it offers is no channel, or one of other sizes; STILE_BUSY if its rings have been used
 * before.
 */
int64_t stile_channel_join(struct stile_channel *channel, const struct stile_channel_memory *memory,
                           const char *key, stile_vm_id_t owner, stile_vcpu_id_t target,
                           struct stile_mailbox *mailbox);

/**
 * stile_channel_withdraw() - end a channel that was offered
 * @key: as it was offered
 *
 * The peer cannot reach the pages afterwards. Returns 0 or the error of memory_revoke.
 */
int64_t stile_channel_withdraw(struct stile_channel *channel, const char *key);

/** stile_channel_leave() - end a channel that was joined. Returns 0 or memory_release's error. */
int64_t stile_channel_leave(struct stile_channel *channel);

/**
 * stile_channel_send() - send a message if there is room
 *
 * Returns 0; STILE_BUSY if there is no room; STILE_DENIED if the peer has broken the ring;
 * STILE_NOT_BOUND if the peer had to be told, and is gone or has not come.
 */
int64_t stile_channel_send(struct stile_channel *channel, const void *message);

/** stile_channel_receive() - take a message if there is one; as stile_channel_send() */
int64_t stile_channel_receive(struct stile_channel *channel, void *message);

/**
 * stile_channel_send_wait() - send a message, sleeping until there is room
 * @deadline: when to give up, or STILE_TIME_NEVER
 *
 * Returns as stile_channel_send(); STILE_BUSY if the deadline has passed; STILE_NOT_BOUND if the
 * peer leaves or ends, or had done so. A channel that nobody has joined yet is waited for.
 */
int64_t stile_channel_send_wait(struct stile_channel *channel, const void *message,
                                stile_ticks_t deadline);

/**
 * stile_channel_receive_wait() - take a message, sleeping until there is one
 *
 * Returns as stile_channel_send_wait(). What the peer sent before it left is received first.
 */
int64_t stile_channel_receive_wait(struct stile_channel *channel, void *message,
                                   stile_ticks_t deadline);

#ifdef __cplusplus
}
#endif

#endif
