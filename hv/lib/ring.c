/* SPDX-License-Identifier: MIT */
/*
 * A queue of characters: what goes around the end of the buffer moves in two pieces.
 */
#include "lib/ring.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t ring_put(struct ring *ring, const char *text, size_t length)
{
    uint32_t at = ring->head & (ring->size - 1);

    length = smaller(length, ring_room(ring));
    size_t before_end = smaller(length, ring->size - at);
    memcpy(ring->bytes + at, text, before_end);
    memcpy(ring->bytes, text + before_end, length - before_end);
    ring->head += (uint32_t)length;
    return length;
}

const char *ring_oldest(const struct ring *ring, size_t *length)
{
    uint32_t at = ring->tail & (ring->size - 1);

    *length = smaller(ring_used(ring), ring->size - at);
    return ring->bytes + at;
}

size_t ring_take(struct ring *ring, char *text, size_t limit)
{
    size_t taken = 0;

    while (taken < limit) {
        size_t length;
        const char *oldest = ring_oldest(ring, &length);

        if (length == 0)
            break;
        length = smaller(length, limit - taken);
        memcpy(text + taken, oldest, length);
        ring_drop(ring, length);
        taken += length;
    }
    return taken;
}
