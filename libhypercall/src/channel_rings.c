/* SPDX-License-Identifier: MIT */
/*
 * From a channel's header to the ends of its rings.
 */
#include "stile/channel_rings.h"

/* Joins the ring that the header says is number @which. */
static int64_t join_ring(struct stile_message_end *end, const struct stile_channel_header *header,
                         uint64_t bytes, uint32_t message_bytes, uint32_t which)
{
    uint64_t offset = __atomic_load_n(&header->offset[which], __ATOMIC_RELAXED);

    if (offset % STILE_RING_ALIGN != 0 || offset < sizeof(*header) ||
        offset > bytes - sizeof(struct stile_message_ring))
        return STILE_DENIED;
    return stile_message_ring_join(
        end, (struct stile_message_ring *)(void *)((uint8_t *)(uintptr_t)header + offset),
        bytes - offset, message_bytes);
}

static bool is_unused(const struct stile_message_end *in, const struct stile_message_end *out)
{
    return __atomic_load_n(&in->ring->consumed, __ATOMIC_RELAXED) == 0 &&
           __atomic_load_n(&out->ring->produced, __ATOMIC_RELAXED) == 0;
}

int64_t stile_channel_rings_join(struct stile_message_end *in, struct stile_message_end *out,
                                 const struct stile_channel_header *header, uint64_t bytes,
                                 uint32_t message_bytes, uint32_t ports[2])
{
    if (__atomic_load_n(&header->magic, __ATOMIC_RELAXED) != STILE_CHANNEL_MAGIC)
        return STILE_DENIED;
    if (__atomic_load_n(&header->version, __ATOMIC_RELAXED) != STILE_CHANNEL_VERSION)
        return STILE_BAD_VERSION;
    if (__atomic_load_n(&header->bytes, __ATOMIC_RELAXED) != bytes)
        return STILE_DENIED;
    int64_t status = join_ring(in, header, bytes, message_bytes, 0);
    if (status == STILE_SUCCESS)
        status = join_ring(out, header, bytes, message_bytes, 1);
    if (status != STILE_SUCCESS)
        return status;
    ports[0] = __atomic_load_n(&header->port[0], __ATOMIC_RELAXED);
    ports[1] = __atomic_load_n(&header->port[1], __ATOMIC_RELAXED);
    return is_unused(in, out) ? STILE_SUCCESS : STILE_BUSY;
}
