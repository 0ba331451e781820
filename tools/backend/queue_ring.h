/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of rings have in common. Fields of rings are loaded once, by atomic accesses: the
 * driver writes at the same time.
 */
#ifndef BACKEND_QUEUE_RING_H
#define BACKEND_QUEUE_RING_H

#include <endian.h>

#include <linux/virtio_ring.h>

#include "queue.h"

extern const struct queue_ring queue_split;
extern const struct queue_ring queue_packed;

/** A descriptor, copied out of the driver's memory. */
struct queue_desc {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t tag; /* in a split ring the next one, in a packed one its buffer's identifier */
};

/** queue_clear() - make a chain one without buffers */
static inline void queue_clear(struct chain *chain)
{
    chain->nr_out = chain->nr_in = 0;
    chain->bytes_out = chain->bytes_in = 0;
}

/** queue_add() - add a descriptor's buffer to a chain. Returns false if that cannot be */
static inline bool queue_add(const struct queue *queue, struct chain *chain,
                             const struct queue_desc *desc)
{
    bool is_in = desc->flags & VRING_DESC_F_WRITE;
    unsigned nr = chain->nr_out + chain->nr_in;
    void *at = memory_at(queue->memory, desc->address, desc->bytes);

    if (!at || nr == CHAIN_MAX || (!is_in && chain->nr_in > 0))
        return false;
    chain->buffers[nr] = (struct iovec){at, desc->bytes};
    if (is_in) {
        chain->nr_in++;
        chain->bytes_in += desc->bytes;
    } else {
        chain->nr_out++;
        chain->bytes_out += desc->bytes;
    }
    return true;
}

/**
 * queue_table() - where an indirect table is, of which there are @nr descriptors
 *
 * Returns NULL if it cannot be one.
 */
const void *queue_table(const struct queue *queue, const struct queue_desc *desc, uint32_t *nr);

#endif
