/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing the rings. Fields of them are loaded once, by atomic accesses: the driver
 * writes at the same time.
 */
#include "queue.h"

#include <endian.h>
#include <string.h>

#define LOAD16(field)         le16toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))
#define STORE16(field, value) __atomic_store_n(&(field), htole16(value), __ATOMIC_RELAXED)

static uint16_t *used_event(const struct queue *queue)
{
    return &queue->avail->ring[queue->num];
}

/* Behind the used ring's entries. */
static uint16_t *avail_event(const struct queue *queue)
{
    return (uint16_t *)(void *)&queue->used->ring[queue->num];
}

bool queue_open(struct queue *queue, const struct memory *memory,
                const struct stile_virtio_queue *page_queue, bool has_event_idx)
{
    uint32_t num = page_queue->num;
    size_t events = sizeof(uint16_t);

    *queue = (struct queue){.memory = memory, .has_event_idx = has_event_idx};
    if (page_queue->ready != 1 || num == 0 || num > QUEUE_NUM_MAX || (num & (num - 1)) != 0 ||
        page_queue->desc_ipa % 16 != 0 || page_queue->driver_ipa % 2 != 0 ||
        page_queue->device_ipa % 4 != 0)
        return false;
    queue->desc = memory_at(memory, page_queue->desc_ipa, num * sizeof(struct vring_desc));
    queue->avail = memory_at(memory, page_queue->driver_ipa,
                             sizeof(struct vring_avail) + num * sizeof(uint16_t) + events);
    queue->used =
        memory_at(memory, page_queue->device_ipa,
                  sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) + events);
    if (!queue->desc || !queue->avail || !queue->used)
        return false;
    queue->num = (uint16_t)num;
    queue->next_used = LOAD16(queue->used->idx);
    queue->next_avail = queue->next_used;
    queue->seen_avail = queue->next_used;
    queue->signalled = queue->next_used;
    return true;
}

/* --- chains ---------------------------------------------------------------------------------- */

/** Descriptors: the queue's, or an indirect table. */
struct table {
    const struct vring_desc *at;
    uint32_t nr;
};

struct desc {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

static struct desc load(const struct vring_desc *at)
{
    struct vring_desc copy;

    memcpy(&copy, at, sizeof(copy));
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* and not read again */
    return (struct desc){le64toh(copy.addr), le32toh(copy.len), le16toh(copy.flags),
                         le16toh(copy.next)};
}

static bool add_buffer(const struct queue *queue, struct chain *chain, const struct desc *desc)
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

/* Whatever is linked to what, it ends: no table has more descriptors than there are. */
static bool add_all(const struct queue *queue, struct chain *chain, struct table table,
                    uint16_t first, bool is_indirect)
{
    struct desc desc = {.flags = VRING_DESC_F_NEXT, .next = first};

    for (uint32_t i = 0; desc.flags & VRING_DESC_F_NEXT; i++) {
        if (i == table.nr || desc.next >= table.nr)
            return false;
        desc = load(&table.at[desc.next]);
        if (!(desc.flags & VRING_DESC_F_INDIRECT)) {
            if (!add_buffer(queue, chain, &desc))
                return false;
            continue;
        }
        struct table inner = {memory_at(queue->memory, desc.address, desc.bytes),
                              desc.bytes / (uint32_t)sizeof(struct vring_desc)};

        if (is_indirect || !inner.at || desc.address % 16 != 0 ||
            desc.bytes % sizeof(struct vring_desc) != 0 || desc.flags & VRING_DESC_F_NEXT)
            return false;
        return add_all(queue, chain, inner, 0, true);
    }
    return true;
}

enum queue_result queue_pop(struct queue *queue, struct chain *chain)
{
    uint16_t idx, nr;

    if (queue->num == 0)
        return QUEUE_EMPTY;
    idx = le16toh(__atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE));
    nr = (uint16_t)(idx - queue->next_avail);
    if (nr == 0) {
        queue->seen_avail = idx;
        return QUEUE_EMPTY;
    }
    if (nr > queue->num)
        return QUEUE_BROKEN;
    chain->head = LOAD16(queue->avail->ring[queue->next_avail % queue->num]);
    chain->nr_out = chain->nr_in = 0;
    chain->bytes_out = chain->bytes_in = 0;
    queue->next_avail++;
    return add_all(queue, chain, (struct table){queue->desc, queue->num}, chain->head, false)
               ? QUEUE_CHAIN
               : QUEUE_BROKEN;
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

void queue_fill(struct queue *queue, const struct chain *chain, uint32_t written)
{
    struct vring_used_elem *elem = &queue->used->ring[queue->next_used % queue->num];

    __atomic_store_n(&elem->id, htole32(chain->head), __ATOMIC_RELAXED);
    __atomic_store_n(&elem->len, htole32(written), __ATOMIC_RELAXED);
    queue->next_used++;
}

void queue_publish(struct queue *queue)
{
    __atomic_store_n(&queue->used->idx, htole16(queue->next_used), __ATOMIC_RELEASE);
}

void queue_push(struct queue *queue, const struct chain *chain, uint32_t written)
{
    queue_fill(queue, chain, written);
    queue_publish(queue);
}

void queue_undo(struct queue *queue, uint16_t nr)
{
    queue->next_avail = (uint16_t)(queue->next_avail - nr);
    queue->next_used = (uint16_t)(queue->next_used - nr);
}

/* --- notifications --------------------------------------------------------------------------- */

bool queue_must_signal(struct queue *queue)
{
    uint16_t since = queue->signalled;

    if (queue->num == 0 || queue->next_used == since)
        return false;
    queue->signalled = queue->next_used;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what was used is seen before the question is read */
    if (queue->has_event_idx)
        return vring_need_event(LOAD16(*used_event(queue)), queue->next_used, since);
    return !(LOAD16(queue->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

bool queue_is_idle(struct queue *queue)
{
    if (queue->num == 0)
        return true;
    if (queue->has_event_idx)
        STORE16(*avail_event(queue), queue->seen_avail);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* so that not both miss the other's store */
    return LOAD16(queue->avail->idx) == queue->seen_avail;
}
