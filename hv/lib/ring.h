/* SPDX-License-Identifier: MIT */
/*
 * A queue of characters in a fixed buffer. Locking is the user's.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
    char *bytes;
    uint32_t size; /* of bytes; a power of two */
    uint32_t head; /* counts characters ever put */
    uint32_t tail; /* counts characters ever taken */
};

static inline uint32_t ring_used(const struct ring *ring)
{
    return ring->head - ring->tail;
}

static inline uint32_t ring_room(const struct ring *ring)
{
    return ring->size - ring_used(ring);
}

/** Puts up to @length characters; returns how many there was room for. */
size_t ring_put(struct ring *ring, const char *text, size_t length);

/** Takes up to @limit characters; returns how many there were. */
size_t ring_take(struct ring *ring, char *text, size_t limit);

/** The oldest characters that lie in one piece; *@length is 0 if there are none. */
const char *ring_oldest(const struct ring *ring, size_t *length);

/** Forgets the oldest @length characters, no more than there are. */
static inline void ring_drop(struct ring *ring, size_t length)
{
    ring->tail += (uint32_t)length;
}

#endif
