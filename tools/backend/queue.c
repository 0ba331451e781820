/* SPDX-License-Identifier: MIT */
/*
 * Queues of either kind, and the buffers of their chains.
 */
#include "queue_ring.h"

#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

/* Of a descriptor, in all rings (2.7.5, 2.8.13). */
#define DESC_BYTES 16u

bool queue_open(struct queue *queue, const struct memory *memory,
                const struct stile_virtio_queue *page_queue, uint64_t features)
{
    uint32_t num = page_queue->num;

    memset(queue, 0, sizeof(*queue));
    queue->memory = memory;
    queue->ring = features >> VIRTIO_F_RING_PACKED & 1 ? &queue_packed : &queue_split;
    queue->has_event_idx = features >> VIRTIO_RING_F_EVENT_IDX & 1;
    if (page_queue->ready != 1 || num == 0 || num > QUEUE_NUM_MAX ||
        page_queue->desc_ipa % DESC_BYTES != 0)
        return false;
    queue->num = (uint16_t)num;
    if (!queue->ring->open(queue, page_queue)) {
        queue->num = 0;
        return false;
    }
    queue->seen_avail = queue->next_avail;
    queue->nr_new = 0;
    return true;
}

bool queue_must_signal(struct queue *queue)
{
    uint32_t nr_new = queue->nr_new;

    if (queue->num == 0 || nr_new == 0)
        return false;
    queue->nr_new = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what was used is seen before the question is read */
    return queue->ring->must_signal(queue, nr_new);
}

/* --- chains ---------------------------------------------------------------------------------- */

const void *queue_table(const struct queue *queue, const struct queue_desc *desc, uint32_t *nr)
{
    if (desc->address % DESC_BYTES != 0 || desc->bytes % DESC_BYTES != 0 ||
        desc->flags & VRING_DESC_F_NEXT)
        return NULL;
    *nr = desc->bytes / DESC_BYTES;
    return memory_at(queue->memory, desc->address, desc->bytes);
}

/* Where the next bytes of a cursor are, in one buffer; moves on. Returns how many of @bytes. */
static size_t advance(struct cursor *cursor, size_t bytes, uint8_t **at)
{
    size_t part = cursor->buffer->iov_len - cursor->offset;

    part = part < bytes ? part : bytes;
    *at = (uint8_t *)cursor->buffer->iov_base + cursor->offset;
    cursor->offset += part;
    if (cursor->offset == cursor->buffer->iov_len) {
        cursor->buffer++;
        cursor->nr--;
        cursor->offset = 0;
    }
    return part;
}

size_t chain_read(struct cursor *from, void *to, size_t bytes)
{
    size_t done = 0;
    uint8_t *at;

    while (done < bytes && from->nr > 0) {
        size_t part = advance(from, bytes - done, &at);

        memcpy((uint8_t *)to + done, at, part);
        done += part;
    }
    return done;
}

size_t chain_write(struct cursor *to, const void *from, size_t bytes)
{
    size_t done = 0;
    uint8_t *at;

    while (done < bytes && to->nr > 0) {
        size_t part = advance(to, bytes - done, &at);

        memcpy(at, (const uint8_t *)from + done, part);
        done += part;
    }
    return done;
}
