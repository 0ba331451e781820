/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue, from the driver's side (virtio 1.2, section 2.7), with event indexes or
 * without. It makes no call; who puts chains in is told when the device is to be notified.
 *
 * There are no packed ones (section 2.8). Our back end takes them, but they are for devices that
 * read a ring over a bus, one cache line instead of three. Where both sides are programs that share
 * caches, a request or a packet takes some more instructions by them, and this file twice its size.
 *
 * Descriptors are dealt out in slots of equally many, one slot a chain, so that nothing of what the
 * driver needs to know is in memory that the device may write. The device may be hostile: what it
 * says is checked, and at worst the queue is broken, or data is what the device likes.
 *
 * Ordering: what the driver wrote before stile_virtqueue_publish() is seen by a device that sees
 * the chain; what the device wrote before it used a chain is seen after stile_virtqueue_used().
 * Each queue is used by one thread at a time.
 */
#ifndef STILE_VIRTQUEUE_H
#define STILE_VIRTQUEUE_H

#include "stile/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most descriptors, and chains, of a queue. */
#define STILE_VIRTQUEUE_NUM_MAX 256

/** Where the memory of a queue begins: at multiples of this, in bytes. */
#define STILE_VIRTQUEUE_ALIGN 64

/** No slot. */
#define STILE_VIRTQUEUE_NONE 0xFFFFu

/** A part of a chain, where the device finds it. */
struct stile_virtqueue_buffer {
    stile_ipa_t base;
    uint32_t bytes;
};

/** The driver's own memory of a queue. */
struct stile_virtqueue {
    uint8_t *memory;  /**< shared with the device */
    stile_ipa_t desc; /**< where the device finds its parts */
    stile_ipa_t driver;
    stile_ipa_t device;
    uint16_t num;       /**< descriptors */
    uint16_t per_chain; /**< of each slot */
    uint16_t next_avail;
    uint16_t published; /**< next_avail, when the device was last told */
    uint16_t next_used;
    bool has_event_index;
    bool broken;      /**< the device has used what it had not got */
    uint16_t nr_free; /**< slots */
    uint16_t free[STILE_VIRTQUEUE_NUM_MAX];
    bool is_in[STILE_VIRTQUEUE_NUM_MAX]; /**< the device has the chain of this slot */
};

/** stile_virtqueue_bytes() - how much memory a queue of @num descriptors shares with its device: a
 * multiple of STILE_VIRTQUEUE_ALIGN */
uint64_t stile_virtqueue_bytes(uint16_t num);

/**
 * stile_virtqueue_make() - make a queue of memory, with nothing in it
 * @queue:     to be filled in
 * @memory:    stile_virtqueue_bytes(num) of it, STILE_VIRTQUEUE_ALIGN aligned; mapped
 * @base:      the same for the device
 * @num:       descriptors, a power of two, at most STILE_VIRTQUEUE_NUM_MAX
 * @per_chain: the most buffers of a chain, 1 to @num
 * @has_event_index: whether VIRTIO_F_EVENT_IDX was negotiated
 *
 * Returns false, and nothing was written, if the numbers make no queue. There are
 * num / per_chain slots.
 */
bool stile_virtqueue_make(struct stile_virtqueue *queue, void *memory, stile_ipa_t base,
                          uint16_t num, uint16_t per_chain, bool has_event_index);

/**
 * stile_virtqueue_add() - put a chain in
 * @buffers: @nr_out that the device reads, then @nr_in that it writes
 *
 * Returns its slot, which stile_virtqueue_used() tells again; STILE_VIRTQUEUE_NONE if all are in
 * use, the chain has too many buffers or none, or the queue is broken.
 */
uint16_t stile_virtqueue_add(struct stile_virtqueue *queue,
                             const struct stile_virtqueue_buffer *buffers, uint16_t nr_out,
                             uint16_t nr_in);

/** stile_virtqueue_next() - the slot that the next chain gets, or STILE_VIRTQUEUE_NONE */
uint16_t stile_virtqueue_next(const struct stile_virtqueue *queue);

/** stile_virtqueue_publish() - give the device all chains. Returns whether it is to be notified */
bool stile_virtqueue_publish(struct stile_virtqueue *queue);

/**
 * stile_virtqueue_used() - take a chain that the device has used
 * @written: where to put how many bytes it says it has written; or NULL
 *
 * Returns its slot, which is free from now on; or STILE_VIRTQUEUE_NONE.
 */
uint16_t stile_virtqueue_used(struct stile_virtqueue *queue, uint32_t *written);

/**
 * stile_virtqueue_wait() - ask to be notified when chains are used
 * @nr: how many, 1 to as many as the device has; without event indexes it is one
 *
 * Returns whether the driver may sleep. If not, look again: they are used, or the queue is broken.
 */
bool stile_virtqueue_wait(struct stile_virtqueue *queue, uint16_t nr);

/** stile_virtqueue_pending() - how many chains the device has */
static inline uint16_t stile_virtqueue_pending(const struct stile_virtqueue *queue)
{
    return (uint16_t)(queue->num / queue->per_chain - queue->nr_free);
}

#ifdef __cplusplus
}
#endif

#endif
