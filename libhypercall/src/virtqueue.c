/* SPDX-License-Identifier: MIT */
/*
 * The driver's side of a split virtqueue. Of the memory that is shared with the device only the
 * used ring and the device's event index are read, each word once.
 */
#include "stile/virtqueue.h"

#define DESC_NEXT  1
#define DESC_WRITE 2

#define USED_NO_NOTIFY 1

struct desc {
    uint64_t base;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

struct used_element {
    uint32_t id;
    uint32_t written;
};

/* In memory: descriptors, available ring, used ring. Each ring ends with an event index. */
struct ring {
    uint16_t flags;
    uint16_t index;
};

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + STILE_VIRTQUEUE_ALIGN - 1) / STILE_VIRTQUEUE_ALIGN * STILE_VIRTQUEUE_ALIGN;
}

static uint64_t avail_at(uint16_t num)
{
    return num * sizeof(struct desc);
}

static uint64_t used_at(uint16_t num)
{
    /* Written by the device: in cache lines of its own. */
    return aligned(avail_at(num) + sizeof(struct ring) + (num + 1u) * sizeof(uint16_t));
}

uint64_t stile_virtqueue_bytes(uint16_t num)
{
    return aligned(used_at(num) + sizeof(struct ring) + num * sizeof(struct used_element) +
                   sizeof(uint16_t));
}

static struct ring *avail_of(const struct stile_virtqueue *queue)
{
    return (struct ring *)(void *)(queue->memory + avail_at(queue->num));
}

static struct ring *used_of(const struct stile_virtqueue *queue)
{
    return (struct ring *)(void *)(queue->memory + used_at(queue->num));
}

/* The available ring's entries; behind them the driver's event index. */
static uint16_t *avail_entries(const struct stile_virtqueue *queue)
{
    return (uint16_t *)(void *)(avail_of(queue) + 1);
}

static struct used_element *used_elements(const struct stile_virtqueue *queue)
{
    return (struct used_element *)(void *)(used_of(queue) + 1);
}

/* The device's event index is behind the used ring's elements. */
static const uint16_t *device_event(const struct stile_virtqueue *queue)
{
    return (const uint16_t *)(const void *)&used_elements(queue)[queue->num];
}

bool stile_virtqueue_make(struct stile_virtqueue *queue, void *memory, stile_ipa_t base,
                          uint16_t num, uint16_t per_chain, bool has_event_index)
{
    if (num == 0 || num > STILE_VIRTQUEUE_NUM_MAX || (num & (num - 1)) != 0 || per_chain == 0 ||
        per_chain > num || base.ipa % STILE_VIRTQUEUE_ALIGN != 0)
        return false;
    queue->memory = (uint8_t *)memory;
    for (uint64_t i = 0; i < stile_virtqueue_bytes(num); i++)
        __atomic_store_n(&queue->memory[i], 0, __ATOMIC_RELAXED);
    queue->desc = base;
    queue->driver = stile_ipa(base.ipa + avail_at(num));
    queue->device = stile_ipa(base.ipa + used_at(num));
    queue->num = num;
    queue->per_chain = per_chain;
    queue->next_avail = queue->published = queue->next_used = 0;
    queue->has_event_index = has_event_index;
    queue->broken = false;
    queue->nr_free = num / per_chain;
    for (uint16_t i = 0; i < queue->nr_free; i++) {
        queue->free[i] = (uint16_t)(queue->nr_free - 1 - i);
        queue->is_in[i] = false;
    }
    return true;
}

/* --- chains ---------------------------------------------------------------------------------- */

uint16_t stile_virtqueue_next(const struct stile_virtqueue *queue)
{
    return queue->broken || queue->nr_free == 0 ? STILE_VIRTQUEUE_NONE
                                                : queue->free[queue->nr_free - 1];
}

uint16_t stile_virtqueue_add(struct stile_virtqueue *queue,
                             const struct stile_virtqueue_buffer *buffers, uint16_t nr_out,
                             uint16_t nr_in)
{
    uint32_t nr = (uint32_t)nr_out + nr_in;
    uint16_t slot = stile_virtqueue_next(queue);

    if (slot == STILE_VIRTQUEUE_NONE || nr - 1 >= queue->per_chain)
        return STILE_VIRTQUEUE_NONE;
    uint16_t head = (uint16_t)(slot * queue->per_chain);
    for (uint32_t i = 0; i < nr; i++) {
        struct desc *desc = (struct desc *)(void *)queue->memory + head + i;

        desc->base = buffers[i].base.ipa;
        desc->bytes = buffers[i].bytes;
        desc->flags = (uint16_t)((i + 1 < nr ? DESC_NEXT : 0) | (i >= nr_out ? DESC_WRITE : 0));
        desc->next = (uint16_t)(head + i + 1);
    }
    queue->nr_free--;
    queue->is_in[slot] = true;
    avail_entries(queue)[queue->next_avail % queue->num] = head;
    queue->next_avail++;
    return slot;
}

bool stile_virtqueue_publish(struct stile_virtqueue *queue)
{
    uint16_t before = queue->published, now = queue->next_avail;

    if (before == now)
        return false;
    __atomic_store_n(&avail_of(queue)->index, now, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* so that not both miss the other's store */
    queue->published = now;
    if (!queue->has_event_index)
        return (__atomic_load_n(&used_of(queue)->flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY) == 0;
    uint16_t event = __atomic_load_n(device_event(queue), __ATOMIC_RELAXED);
    /* Whether the index has gone past what the device waits for (2.7.10). */
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

/* The slot of a chain that the device says it has used; NONE if it has no such chain. */
static uint16_t take_back(struct stile_virtqueue *queue, uint32_t head)
{
    uint16_t slot = (uint16_t)(head / queue->per_chain);

    if (head >= queue->num || head % queue->per_chain != 0 ||
        slot >= queue->num / queue->per_chain || !queue->is_in[slot]) {
        queue->broken = true;
        return STILE_VIRTQUEUE_NONE;
    }
    queue->is_in[slot] = false;
    queue->free[queue->nr_free++] = slot;
    return slot;
}

uint16_t stile_virtqueue_used(struct stile_virtqueue *queue, uint32_t *written)
{
    uint16_t index = __atomic_load_n(&used_of(queue)->index, __ATOMIC_ACQUIRE);

    if (queue->broken || index == queue->next_used)
        return STILE_VIRTQUEUE_NONE;
    const struct used_element *element = &used_elements(queue)[queue->next_used % queue->num];
    uint32_t head = __atomic_load_n(&element->id, __ATOMIC_RELAXED);
    if (written)
        *written = __atomic_load_n(&element->written, __ATOMIC_RELAXED);
    queue->next_used++;
    return take_back(queue, head);
}

bool stile_virtqueue_wait(struct stile_virtqueue *queue, uint16_t nr)
{
    if (queue->has_event_index)
        __atomic_store_n(&avail_entries(queue)[queue->num], (uint16_t)(queue->next_used + nr - 1),
                         __ATOMIC_RELAXED);
    else
        nr = 1;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* so that not both miss the other's store */
    uint16_t index = __atomic_load_n(&used_of(queue)->index, __ATOMIC_RELAXED);
    return !queue->broken && (uint16_t)(index - queue->next_used) < nr;
}
