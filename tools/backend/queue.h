/* SPDX-License-Identifier: MIT */
/*
 * A virtqueue, from the device's side, split or packed (virtio 1.2, sections 2.7 and 2.8), with
 * indirect descriptors and event indexes. Its driver is hostile: what is in its memory is read
 * once, checked, and then used.
 *
 * Chains are used in the order in which they were made available. So who comes after a back end
 * that died finds in the rings themselves which one was used last: it goes on behind that one, and
 * does anew what the other had begun. How a packed ring tells is in queue_packed.c.
 */
#ifndef BACKEND_QUEUE_H
#define BACKEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/virtio_ring.h>

#include "memory.h"

/** The most descriptors of a queue, and buffers of a chain. */
#define QUEUE_NUM_MAX 256
#define CHAIN_MAX     260

/** A chain that was used, in a packed ring, and of which the driver is not told yet. */
struct queue_filled {
    uint16_t id;
    uint16_t nr_descs;
    uint32_t written;
};

struct vring_desc;
struct packed_desc;

/**
 * Of a split queue the positions are its rings' indexes. Of a packed one they count descriptors,
 * through the ring and once more: in the second half the wrap counter is 0.
 */
struct queue {
    const struct memory *memory;
    const struct queue_ring *ring; /* what its kind does */
    uint16_t num;                  /* 0: it is not in use */
    uint16_t next_avail;
    uint16_t seen_avail; /* where the next chain is to be, when there were no more */
    uint16_t next_used;
    bool has_event_idx;
    uint32_t nr_new; /* how far next_used has come since the driver was last interrupted */
    union {
        struct {
            const struct vring_desc *desc;
            struct vring_avail *avail;
            struct vring_used *used;
        } split;
        struct {
            struct packed_desc *desc;
            const uint32_t *driver_event;
            uint32_t *device_event;
            uint16_t nr_taken; /* descriptors from next_used on */
            uint16_t nr_filled;
            struct queue_filled filled[QUEUE_NUM_MAX];
        } packed;
    };
};

/** Buffers that belong together: those to be read come first. */
struct chain {
    uint16_t id;       /* what the driver knows it by: in a split queue its first descriptor */
    uint16_t nr_descs; /* that it takes of a packed ring */
    unsigned nr_out;   /* to be read */
    unsigned nr_in;    /* to be written, behind them */
    size_t bytes_out;
    size_t bytes_in;
    struct iovec buffers[CHAIN_MAX];
};

/** A place in some buffers of a chain. */
struct cursor {
    const struct iovec *buffer;
    unsigned nr;   /* from that on */
    size_t offset; /* in the first of them */
};

/** chain_out() - what is to be read, from its beginning on; chain_in() - what is to be written */
static inline struct cursor chain_out(const struct chain *chain)
{
    return (struct cursor){chain->buffers, chain->nr_out, 0};
}

static inline struct cursor chain_in(const struct chain *chain)
{
    return (struct cursor){&chain->buffers[chain->nr_out], chain->nr_in, 0};
}

/** chain_read() - copy bytes out of buffers. Returns how many: fewer at their end */
size_t chain_read(struct cursor *from, void *to, size_t bytes);

/** chain_write() - copy bytes into buffers. Returns how many: fewer at their end */
size_t chain_write(struct cursor *to, const void *from, size_t bytes);

enum queue_result {
    QUEUE_EMPTY,
    QUEUE_CHAIN,  /* there is one */
    QUEUE_BROKEN, /* the driver has made what must not be; until it resets the device it is left
                     alone */
};

/**
 * queue_open() - take a queue as the driver has set it up
 * @page_queue: a copy of the page's
 * @features: that the driver has accepted, which say what kind of queue it is
 *
 * Goes on behind what was used. Returns false, and the queue is not in use, if it is not ready, is
 * not where memory is, or is a packed ring that no device and driver have made.
 */
bool queue_open(struct queue *queue, const struct memory *memory,
                const struct stile_virtio_queue *page_queue, uint64_t features);

/** What each kind of ring does, of a queue that is in use. */
struct queue_ring {
    bool (*open)(struct queue *queue, const struct stile_virtio_queue *page_queue);
    enum queue_result (*pop)(struct queue *queue, struct chain *chain);
    void (*fill)(struct queue *queue, const struct chain *chain, uint32_t written);
    void (*publish)(struct queue *queue);
    void (*undo)(struct queue *queue, uint16_t nr);

    /** Whether the driver wants to be interrupted for the last @nr_new that were used. */
    bool (*must_signal)(const struct queue *queue, uint32_t nr_new);
    bool (*is_idle)(struct queue *queue);
};

/** queue_pop() - take the next chain */
static inline enum queue_result queue_pop(struct queue *queue, struct chain *chain)
{
    return queue->num == 0 ? QUEUE_EMPTY : queue->ring->pop(queue, chain);
}

/**
 * queue_fill() - a chain was used: @written bytes of what is to be written. Told later, with others
 *
 * Those that are told together, but for the last, have all their bytes written: in a packed ring
 * the driver sees all of them or none, also if the back end dies in between.
 */
static inline void queue_fill(struct queue *queue, const struct chain *chain, uint32_t written)
{
    queue->ring->fill(queue, chain, written);
}

/** queue_publish() - tell the driver of what was used: all chains that were taken */
static inline void queue_publish(struct queue *queue)
{
    queue->ring->publish(queue);
}

/** queue_push() - both */
static inline void queue_push(struct queue *queue, const struct chain *chain, uint32_t written)
{
    queue_fill(queue, chain, written);
    queue_publish(queue);
}

/** queue_undo() - as if the last @nr chains had not been taken, and used, of which it was not told
 */
static inline void queue_undo(struct queue *queue, uint16_t nr)
{
    queue->ring->undo(queue, nr);
}

/** queue_must_signal() - whether the driver wants to be interrupted for what was used since the
 * last time that this was so */
bool queue_must_signal(struct queue *queue);

/**
 * queue_is_idle() - ask to be notified of more than there was when queue_pop() found none
 *
 * Returns false if there is more by now.
 */
static inline bool queue_is_idle(struct queue *queue)
{
    return queue->num == 0 || queue->ring->is_idle(queue);
}

#endif
