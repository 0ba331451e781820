/* SPDX-License-Identifier: MIT */
/*
 * Split rings: the used ring's index says how far a device is.
 */
#include "queue_ring.h"

#include <string.h>

#include <linux/virtio_ring.h>

#define LOAD16(field)         le16toh(__atomic_load_n(&(field), __ATOMIC_RELAXED))
#define STORE16(field, value) __atomic_store_n(&(field), htole16(value), __ATOMIC_RELAXED)

static const uint16_t *used_event(const struct queue *queue)
{
    return &queue->split.avail->ring[queue->num];
}

/* Behind the used ring's entries. */
static uint16_t *avail_event(const struct queue *queue)
{
    return (uint16_t *)(void *)&queue->split.used->ring[queue->num];
}

static bool split_open(struct queue *queue, const struct stile_virtio_queue *page_queue)
{
    const struct memory *memory = queue->memory;
    size_t num = queue->num, events = sizeof(uint16_t);

    if ((num & (num - 1)) != 0 || page_queue->driver_ipa % 2 != 0 ||
        page_queue->device_ipa % 4 != 0)
        return false;
    queue->split.desc = memory_at(memory, page_queue->desc_ipa, num * sizeof(struct vring_desc));
    queue->split.avail = memory_at(memory, page_queue->driver_ipa,
                                   sizeof(struct vring_avail) + num * sizeof(uint16_t) + events);
    queue->split.used =
        memory_at(memory, page_queue->device_ipa,
                  sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) + events);
    if (!queue->split.desc || !queue->split.avail || !queue->split.used)
        return false;
    queue->next_used = LOAD16(queue->split.used->idx);
    queue->next_avail = queue->next_used;
    return true;
}

/* --- chains ---------------------------------------------------------------------------------- */

/** Descriptors: the queue's, or an indirect table. */
struct split_table {
    const struct vring_desc *at;
    uint32_t nr;
};

static struct queue_desc split_load(const struct vring_desc *at)
{
    struct vring_desc copy;

    memcpy(&copy, at, sizeof(copy));
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* and not read again */
    return (struct queue_desc){le64toh(copy.addr), le32toh(copy.len), le16toh(copy.flags),
                               le16toh(copy.next)};
}

/* Whatever is linked to what, it ends: no table has more descriptors than there are. */
static bool add_all(const struct queue *queue, struct chain *chain, struct split_table table,
                    uint16_t first, bool is_indirect)
{
    struct queue_desc desc = {.flags = VRING_DESC_F_NEXT, .tag = first};

    for (uint32_t i = 0; desc.flags & VRING_DESC_F_NEXT; i++) {
        if (i == table.nr || desc.tag >= table.nr)
            return false;
        desc = split_load(&table.at[desc.tag]);
        if (!(desc.flags & VRING_DESC_F_INDIRECT)) {
            if (!queue_add(queue, chain, &desc))
                return false;
            continue;
        }
        struct split_table inner;

        inner.at = queue_table(queue, &desc, &inner.nr);
        if (is_indirect || !inner.at)
            return false;
        return add_all(queue, chain, inner, 0, true);
    }
    return true;
}

static enum queue_result split_pop(struct queue *queue, struct chain *chain)
{
    const struct vring_avail *avail = queue->split.avail;
    uint16_t idx = le16toh(__atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE));
    uint16_t nr = (uint16_t)(idx - queue->next_avail);

    if (nr == 0) {
        queue->seen_avail = idx;
        return QUEUE_EMPTY;
    }
    if (nr > queue->num)
        return QUEUE_BROKEN;
    queue_clear(chain);
    chain->id = LOAD16(avail->ring[queue->next_avail % queue->num]);
    queue->next_avail++;
    return add_all(queue, chain, (struct split_table){queue->split.desc, queue->num}, chain->id,
                   false)
               ? QUEUE_CHAIN
               : QUEUE_BROKEN;
}

static void split_fill(struct queue *queue, const struct chain *chain, uint32_t written)
{
    struct vring_used_elem *elem = &queue->split.used->ring[queue->next_used % queue->num];

    __atomic_store_n(&elem->id, htole32(chain->id), __ATOMIC_RELAXED);
    __atomic_store_n(&elem->len, htole32(written), __ATOMIC_RELAXED);
    queue->next_used++;
    queue->nr_new++;
}

static void split_publish(struct queue *queue)
{
    __atomic_store_n(&queue->split.used->idx, htole16(queue->next_used), __ATOMIC_RELEASE);
}

static void split_undo(struct queue *queue, uint16_t nr)
{
    queue->next_avail = (uint16_t)(queue->next_avail - nr);
    queue->next_used = (uint16_t)(queue->next_used - nr);
    queue->nr_new -= nr;
}

/* --- notifications --------------------------------------------------------------------------- */

static bool split_must_signal(const struct queue *queue, uint32_t nr_new)
{
    /* Whether the index has gone past what the driver waits for (2.7.7.1). */
    if (queue->has_event_idx)
        return (uint16_t)(queue->next_used - LOAD16(*used_event(queue)) - 1) < nr_new;
    return !(LOAD16(queue->split.avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

static bool split_is_idle(struct queue *queue)
{
    if (queue->has_event_idx)
        STORE16(*avail_event(queue), queue->seen_avail);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* so that not both miss the other's store */
    return LOAD16(queue->split.avail->idx) == queue->seen_avail;
}

const struct queue_ring queue_split = {
    .open = split_open,
    .pop = split_pop,
    .fill = split_fill,
    .publish = split_publish,
    .undo = split_undo,
    .must_signal = split_must_signal,
    .is_idle = split_is_idle,
};
