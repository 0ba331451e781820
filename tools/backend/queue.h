/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue, from the device's side (virtio 1.2, section 2.7), with indirect descriptors
 * and event indexes. Its driver is hostile: what is in its memory is read once, checked, and then
 * used.
 *
 * Chains are used in the order in which they were made available. So who comes after a back end
 * that died goes on where the used ring ends, and does anew what that one had begun.
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

struct queue {
    const struct memory *memory;
    uint16_t num; /* 0: it is not in use */
    uint16_t next_avail;
    uint16_t seen_avail; /* the driver's index, when there were no more chains */
    uint16_t next_used;
    uint16_t signalled; /* next_used when the driver was last interrupted */
    bool has_event_idx;
    const struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
};

/** Buffers that belong together: those to be read come first. */
struct chain {
    uint16_t head;
    unsigned nr_out; /* to be read */
    unsigned nr_in;  /* to be written, behind them */
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
 *
 * Goes on where the used ring ends. Returns false, and the queue is not in use, if it is not ready,
 * or is not where memory is.
 */
bool queue_open(struct queue *queue, const struct memory *memory,
                const struct stile_virtio_queue *page_queue, bool has_event_idx);

/** queue_pop() - take the next chain */
enum queue_result queue_pop(struct queue *queue, struct chain *chain);

/** queue_fill() - a chain was used: @written bytes of what is to be written. Told later, with
 * others */
void queue_fill(struct queue *queue, const struct chain *chain, uint32_t written);

/** queue_publish() - tell the driver of what was used */
void queue_publish(struct queue *queue);

/** queue_push() - both */
void queue_push(struct queue *queue, const struct chain *chain, uint32_t written);

/** queue_undo() - as if the last @nr chains had not been taken, and used, of which it was not told
 */
void queue_undo(struct queue *queue, uint16_t nr);

/** queue_must_signal() - whether the driver wants to be interrupted for what was used since the
 * last time that this was so */
bool queue_must_signal(struct queue *queue);

/**
 * queue_is_idle() - ask to be notified of more than there was when queue_pop() found none
 *
 * Returns false if there is more by now.
 */
bool queue_is_idle(struct queue *queue);

#endif
