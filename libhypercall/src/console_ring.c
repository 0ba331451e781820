/* SPDX-License-Identifier: MIT */
/*
 * The guest's ends of the console's rings. What the other side writes is only ever compared: no
 * index of its can lead out of a buffer.
 */
#include "stile/console_ring.h"

#include "stile/cpu.h"

#include "copy.h"

/* Characters from @first on, modulo the buffer's size, into the ring: in up to two pieces. */
static void put(struct stile_console_ring *ring, uint32_t first, const char *text, size_t length)
{
    size_t at = first % STILE_CONSOLE_RING_OUT;
    size_t before_end = STILE_CONSOLE_RING_OUT - at < length ? STILE_CONSOLE_RING_OUT - at : length;

    stile_copy(ring->out + at, text, before_end);
    stile_copy(ring->out, text + before_end, length - before_end);
}

int64_t stile_console_ring_try(struct stile_console_ring *ring, const char *text, size_t length)
{
    uint32_t produced = __atomic_load_n(&ring->out_produced, __ATOMIC_RELAXED);
    uint32_t used = produced - __atomic_load_n(&ring->out_consumed, __ATOMIC_ACQUIRE);
    size_t room = used < STILE_CONSOLE_RING_OUT ? STILE_CONSOLE_RING_OUT - used : 0;
    size_t count = length < room ? length : room;

    put(ring, produced, text, count);
    __atomic_store_n(&ring->out_produced, produced + (uint32_t)count, __ATOMIC_RELEASE);
    stile_cpu_barrier();
    if (__atomic_load_n(&ring->out_sleeps, __ATOMIC_RELAXED) == 0)
        return (int64_t)count;
    int64_t status = stile_console_notify().status;
    if (status == STILE_SUCCESS)
        return (int64_t)count;
    /* Nobody reads: takes it back, so that it can be written in another way. */
    __atomic_store_n(&ring->out_produced, produced, __ATOMIC_RELAXED);
    /* What no hypervisor answers is not to be taken for a count. */
    return status < 0 ? status : STILE_NOT_SUPPORTED;
}

int64_t stile_console_ring_write(struct stile_console_ring *ring, const char *text, size_t length)
{
    int64_t count = stile_console_ring_try(ring, text, length);

    if (count >= 0 && (size_t)count < length)
        (void)__atomic_fetch_add(&ring->out_lost, (uint32_t)(length - (size_t)count),
                                 __ATOMIC_RELAXED);
    return count;
}

/* The ring is full: has the reader read now. If it could not, lets others run meanwhile. */
static int64_t make_room(const struct stile_console_ring *ring)
{
    uint32_t consumed = __atomic_load_n(&ring->out_consumed, __ATOMIC_RELAXED);
    struct stile_result result = stile_console_notify();

    if (result.status == STILE_SUCCESS &&
        __atomic_load_n(&ring->out_consumed, __ATOMIC_RELAXED) == consumed)
        result = stile_vcpu_yield();
    return result.status;
}

int64_t stile_console_ring_puts(struct stile_console_ring *ring, const char *text, size_t length)
{
    for (;;) {
        int64_t count = stile_console_ring_try(ring, text, length);

        if (count < 0 || (size_t)count == length)
            return count < 0 ? count : STILE_SUCCESS;
        text += count;
        length -= (size_t)count;
        int64_t status = make_room(ring);
        if (status != STILE_SUCCESS)
            return status;
    }
}

size_t stile_console_ring_read(struct stile_console_ring *ring, char *text, size_t limit)
{
    uint32_t consumed = __atomic_load_n(&ring->in_consumed, __ATOMIC_RELAXED);
    size_t done = 0;

    while (done < limit) {
        uint32_t there = __atomic_load_n(&ring->in_produced, __ATOMIC_ACQUIRE) - consumed;
        if (there == 0 || there > STILE_CONSOLE_RING_IN)
            break;
        for (; there > 0 && done < limit; there--)
            text[done++] = (char)ring->in[consumed++ % STILE_CONSOLE_RING_IN];
        /* Then look again: no interrupt tells of what came before this store. */
        __atomic_store_n(&ring->in_consumed, consumed, __ATOMIC_RELEASE);
        stile_cpu_barrier();
    }
    return done;
}
