/* SPDX-License-Identifier: MIT */
/*
 * Packed rings: one ring of descriptors, in which a chain that was used is one element in the place
 * of its first descriptor.
 *
 * How far a device is, such a ring does not say if chains have more descriptors: the others stay as
 * the driver wrote them, and look available. So here they get the USED bit of the lap, too, before
 * the driver sees the element; it skips them unread. As drivers never change a USED bit but to that
 * of the lap before, the bits say where the device is: from there on none is the lap's.
 *
 * An element is stored at once, by one access. Of several chains that are told together the last is
 * stored first, and what was in its place is lost; the next back end finds that begun, and ends it.
 */
#include "queue_ring.h"

#include <linux/virtio_ring.h>

/** As memory has it; both words are little-endian. */
struct packed_desc {
    uint64_t address;
    uint64_t rest; /* bytes, identifier, flags: an element's */
};

_Static_assert(sizeof(struct packed_desc) == sizeof(struct vring_packed_desc), "2.8.13");

#define ID_SHIFT    32
#define FLAGS_SHIFT 48

#define DESC_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define DESC_USED  (1u << VRING_PACKED_DESC_F_USED)

/* Event suppression (2.8.14): a position and its wrap counter, and above them what they are for. */
#define EVENT_WRAP        (1u << VRING_PACKED_EVENT_F_WRAP_CTR)
#define EVENT_FLAGS_SHIFT 16
#define EVENT_FLAGS_MASK  3u

/* --- positions ------------------------------------------------------------------------------- */

/* @nr: at most twice as many as the ring has. */
static uint16_t ahead(const struct queue *queue, uint16_t position, unsigned nr)
{
    unsigned sum = position + nr, all = 2u * queue->num;

    return (uint16_t)(sum < all ? sum : sum - all);
}

static uint16_t back(const struct queue *queue, uint16_t position, unsigned nr)
{
    return ahead(queue, position, 2u * queue->num - nr);
}

/* How far it is from one position on to another. */
static uint16_t distance(const struct queue *queue, uint16_t from, uint16_t to)
{
    return back(queue, to, from);
}

static struct packed_desc *desc_at(const struct queue *queue, uint16_t position)
{
    return &queue->packed.desc[position < queue->num ? position : position - queue->num];
}

/* The bits of an element that is used there in this lap. */
static unsigned lap_of(const struct queue *queue, uint16_t position)
{
    return position < queue->num ? DESC_AVAIL | DESC_USED : 0;
}

static unsigned flags_of(uint64_t rest)
{
    return (unsigned)(rest >> FLAGS_SHIFT);
}

/* What of the bits at a position is not as it is when that was used: nothing, if it was. */
static unsigned unused_bits(const struct queue *queue, uint16_t position)
{
    uint64_t rest = le64toh(__atomic_load_n(&desc_at(queue, position)->rest, __ATOMIC_RELAXED));

    return (flags_of(rest) ^ lap_of(queue, position)) & (DESC_AVAIL | DESC_USED);
}

/* --- chains ---------------------------------------------------------------------------------- */

static struct queue_desc packed_load(const struct packed_desc *at, int order)
{
    uint64_t rest = le64toh(__atomic_load_n(&at->rest, order));

    return (struct queue_desc){le64toh(__atomic_load_n(&at->address, __ATOMIC_RELAXED)),
                               (uint32_t)rest, (uint16_t)flags_of(rest),
                               (uint16_t)(rest >> ID_SHIFT)};
}

/* An indirect table is a list; NEXT means nothing there. */
static bool add_table(const struct queue *queue, struct chain *chain,
                      const struct queue_desc *outer)
{
    uint32_t nr;
    const struct packed_desc *table = queue_table(queue, outer, &nr);

    for (uint32_t i = 0; table && i < nr; i++) {
        struct queue_desc desc = packed_load(&table[i], __ATOMIC_RELAXED);

        if (desc.flags & VRING_DESC_F_INDIRECT || !queue_add(queue, chain, &desc))
            return false;
    }
    return table;
}

static enum queue_result packed_pop(struct queue *queue, struct chain *chain)
{
    uint16_t room = queue->num - queue->packed.nr_taken, nr = 0;
    struct queue_desc desc = packed_load(desc_at(queue, queue->next_avail), __ATOMIC_ACQUIRE);

    /* Used, but for the one bit. */
    queue->seen_avail = queue->next_avail;
    if (((desc.flags ^ lap_of(queue, queue->next_avail)) & (DESC_AVAIL | DESC_USED)) != DESC_USED)
        return QUEUE_EMPTY;
    queue_clear(chain);
    for (;;) {
        if (nr++ == room) /* more than there are */
            return QUEUE_BROKEN;
        if (desc.flags & VRING_DESC_F_INDIRECT ? !add_table(queue, chain, &desc)
                                               : !queue_add(queue, chain, &desc))
            return QUEUE_BROKEN;
        if (!(desc.flags & VRING_DESC_F_NEXT))
            break;
        desc = packed_load(desc_at(queue, ahead(queue, queue->next_avail, nr)), __ATOMIC_RELAXED);
    }
    chain->id = desc.tag; /* the last one's (2.8.6) */
    chain->nr_descs = nr;
    queue->packed.nr_taken += nr;
    queue->next_avail = queue->seen_avail = ahead(queue, queue->next_avail, nr);
    return QUEUE_CHAIN;
}

static void packed_fill(struct queue *queue, const struct chain *chain, uint32_t written)
{
    queue->packed.filled[queue->packed.nr_filled++] =
        (struct queue_filled){chain->id, chain->nr_descs, written};
}

/* Changes bits of a descriptor that is the device's, and nothing else of it. */
static void change(const struct queue *queue, uint16_t position, unsigned bits)
{
    uint64_t *rest = &desc_at(queue, position)->rest;

    __atomic_store_n(
        rest, __atomic_load_n(rest, __ATOMIC_RELAXED) ^ htole64((uint64_t)bits << FLAGS_SHIFT),
        __ATOMIC_RELEASE);
}

/* The chain's other descriptors first; none of them is the driver's before it sees the element. */
static void use(const struct queue *queue, uint16_t position, const struct queue_filled *filled)
{
    uint64_t flags = lap_of(queue, position) | (filled->written > 0 ? VRING_DESC_F_WRITE : 0u);

    for (uint16_t i = filled->nr_descs; --i > 0;) {
        uint16_t other = ahead(queue, position, i);

        change(queue, other, unused_bits(queue, other));
    }
    __atomic_store_n(
        &desc_at(queue, position)->rest,
        htole64(filled->written | (uint64_t)filled->id << ID_SHIFT | flags << FLAGS_SHIFT),
        __ATOMIC_RELEASE);
}

/* All that was taken is filled. */
static void packed_publish(struct queue *queue)
{
    uint16_t position = queue->next_avail;

    queue->nr_new += queue->packed.nr_taken;
    queue->packed.nr_taken = 0;
    queue->next_used = position;
    while (queue->packed.nr_filled > 0) {
        const struct queue_filled *filled = &queue->packed.filled[--queue->packed.nr_filled];

        position = back(queue, position, filled->nr_descs);
        use(queue, position, filled);
    }
}

static void packed_undo(struct queue *queue, uint16_t nr)
{
    for (; nr > 0; nr--) {
        const struct queue_filled *filled = &queue->packed.filled[--queue->packed.nr_filled];

        queue->packed.nr_taken -= filled->nr_descs;
        queue->next_avail = back(queue, queue->next_avail, filled->nr_descs);
    }
}

/* Asks the driver to notify of what is available, or of what is at a position. */
static void ask(const struct queue *queue, uint16_t position, uint32_t flags)
{
    uint32_t event =
        position < queue->num ? position | EVENT_WRAP : position - (uint32_t)queue->num;

    __atomic_store_n(queue->packed.device_event, htole32(event | flags << EVENT_FLAGS_SHIFT),
                     __ATOMIC_RELAXED);
}

/* --- going on -------------------------------------------------------------------------------- */

/* How many positions there are from one on, of @most, whose unused bits in @mask are these. */
static uint16_t count(const struct queue *queue, uint16_t position, unsigned most, unsigned mask,
                      unsigned bits)
{
    uint16_t nr = 0;

    while (nr < most && (unused_bits(queue, ahead(queue, position, nr)) & mask) == bits)
        nr++;
    return nr;
}

/*
 * Whether it was begun to tell of chains from a position on: then some descriptors are available,
 * behind them are some that are used, and the others of this lap are not. Returns how many are in
 * it, or 0.
 */
static uint16_t nr_begun_at(const struct queue *queue, uint16_t position)
{
    uint16_t nr = count(queue, position, queue->num, DESC_AVAIL | DESC_USED, DESC_USED), nr_used,
             nr_rest;

    nr_used = count(queue, ahead(queue, position, nr), queue->num - nr, DESC_AVAIL | DESC_USED, 0);
    if (nr == 0 || nr_used == 0)
        return 0;
    nr += nr_used;
    nr_rest = count(queue, ahead(queue, position, nr), queue->num - nr, DESC_USED, DESC_USED);
    return nr + nr_rest == queue->num ? nr : 0;
}

/*
 * Finds where the device is, and what was begun there: else none of the lap was used. Both are so,
 * in two places, if it was all of the ring that was begun; what was begun counts. (It would be so,
 * too, while a driver puts in a chain of as many descriptors as there are; those of our devices do
 * not.)
 */
static bool find_next(struct queue *queue, uint16_t *nr_begun)
{
    bool is_found = false;

    *nr_begun = 0;
    for (uint16_t i = 0; i < 2 * queue->num && *nr_begun == 0; i++) {
        *nr_begun = nr_begun_at(queue, i);
        if (*nr_begun == 0 && count(queue, i, queue->num, DESC_USED, DESC_USED) < queue->num)
            continue;
        queue->next_avail = queue->next_used = i;
        is_found = true;
    }
    return is_found;
}

/* The chains from next_used on are not used. */
static void begin_anew(struct queue *queue, uint16_t nr_begun)
{
    packed_undo(queue, (uint16_t)queue->packed.nr_filled);
    for (uint16_t i = 0; i < nr_begun; i++) {
        uint16_t position = ahead(queue, queue->next_used, i);

        change(queue, position, ~unused_bits(queue, position) & DESC_USED);
    }
}

/*
 * Ends what another back end had begun to tell. If of the last chain the first descriptor is not
 * told, all is done anew: the descriptors are all there. Else that one is lost, but the others are
 * full (queue_fill()), and so those that were not told yet are told now.
 */
static bool finish(struct queue *queue, uint16_t nr_begun)
{
    struct chain chain;
    uint16_t nr = 0;

    while (unused_bits(queue, queue->next_avail) != 0) {
        if (queue_pop(queue, &chain) != QUEUE_CHAIN)
            return false;
        packed_fill(queue, &chain, (uint32_t)chain.bytes_in);
        nr += chain.nr_descs;
        if (nr >= nr_begun) {
            begin_anew(queue, nr_begun);
            return true;
        }
    }
    packed_publish(queue);
    queue->next_used = queue->next_avail = ahead(queue, queue->next_avail, nr_begun - nr);
    return true;
}

static bool packed_open(struct queue *queue, const struct stile_virtio_queue *page_queue)
{
    const struct memory *memory = queue->memory;
    uint16_t nr_begun;

    if (page_queue->driver_ipa % 4 != 0 || page_queue->device_ipa % 4 != 0)
        return false;
    queue->packed.desc =
        memory_at(memory, page_queue->desc_ipa, queue->num * sizeof(struct packed_desc));
    queue->packed.driver_event = memory_at(memory, page_queue->driver_ipa, sizeof(uint32_t));
    queue->packed.device_event = memory_at(memory, page_queue->device_ipa, sizeof(uint32_t));
    if (!queue->packed.desc || !queue->packed.driver_event || !queue->packed.device_event)
        return false;
    ask(queue, 0, VRING_PACKED_EVENT_FLAG_DISABLE); /* until it is idle */
    return find_next(queue, &nr_begun) && (nr_begun == 0 || finish(queue, nr_begun));
}

/* --- notifications --------------------------------------------------------------------------- */

static bool packed_must_signal(const struct queue *queue, uint32_t nr_new)
{
    uint32_t event = le32toh(__atomic_load_n(queue->packed.driver_event, __ATOMIC_RELAXED));
    uint32_t flags = event >> EVENT_FLAGS_SHIFT & EVENT_FLAGS_MASK;
    uint32_t at = event & (EVENT_WRAP - 1);

    if (flags != VRING_PACKED_EVENT_FLAG_DESC || !queue->has_event_idx || at >= queue->num)
        return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
    if (!(event & EVENT_WRAP))
        at += queue->num;
    /* How many were used behind what the driver waits for. */
    return distance(queue, ahead(queue, (uint16_t)at, 1), queue->next_used) < nr_new;
}

static bool packed_is_idle(struct queue *queue)
{
    uint16_t seen = queue->seen_avail;

    ask(queue, seen,
        queue->has_event_idx ? VRING_PACKED_EVENT_FLAG_DESC : VRING_PACKED_EVENT_FLAG_ENABLE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* so that not both miss the other's store */
    return unused_bits(queue, seen) != DESC_USED;
}

const struct queue_ring queue_packed = {
    .open = packed_open,
    .pop = packed_pop,
    .fill = packed_fill,
    .publish = packed_publish,
    .undo = packed_undo,
    .must_signal = packed_must_signal,
    .is_idle = packed_is_idle,
};
