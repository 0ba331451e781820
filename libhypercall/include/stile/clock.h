/* SPDX-License-Identifier: MIT */
/*
 * What time it is, without a call: struct stile_clock of the VM page.
 *
 * Ordering: the hypervisor makes the generation odd, changes the rest, and makes the generation
 * even again, each seen in that order. The reader loads the generation with acquire, then the rest,
 * then, past a load barrier, the generation once more: if it is the same even number both times, no
 * store to the rest came between. The counter is read between them too, so that it belongs to the
 * fields it is computed with.
 */
#ifndef STILE_CLOCK_H
#define STILE_CLOCK_H

#include "stile/cpu.h"

/**
 * stile_clock_ns_at() - a moment in nanoseconds since the VM's start
 * @multiplier: of struct stile_clock, as are
 * @shift: 0 to 63
 * @ticks: the moment less base_ticks
 */
static inline uint64_t stile_clock_ns_at(uint64_t multiplier, uint32_t shift, uint64_t ticks)
{
    __extension__ unsigned __int128 product = (unsigned __int128)ticks * multiplier;
    uint64_t high = (uint64_t)(product >> 64);

    /* The two halves by hand: a shift of 128 bits by any number takes twice the instructions. */
    return (high << 1) << (63 - (shift & 63)) | (uint64_t)product >> (shift & 63);
}

/**
 * stile_clock_read() - the time now, as of one moment
 * @clock: in the VM page, mapped
 * @wall_ns: where to put the nanoseconds since 1970-01-01 00:00 UTC, or 0 if nobody knows; may be
 *           NULL
 *
 * Returns the nanoseconds since the VM's start. Never goes back on one vCPU. Any context.
 */
static inline uint64_t stile_clock_read(const volatile struct stile_clock *clock, uint64_t *wall_ns)
{
    uint32_t generation;
    uint64_t ns, wall;

    do {
        generation = __atomic_load_n(&clock->generation, __ATOMIC_ACQUIRE);
        uint64_t base = clock->base_ticks;
        wall = wall_ns ? clock->wall_ns : 0;
        ns = stile_clock_ns_at(clock->multiplier, clock->shift, stile_cpu_ticks() - base);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (generation % 2 != 0 || generation != clock->generation);
    if (wall_ns)
        *wall_ns = wall == 0 ? 0 : wall + ns;
    return ns;
}

/** stile_clock_ns() - nanoseconds since the VM's start; as stile_clock_read() */
static inline uint64_t stile_clock_ns(const volatile struct stile_clock *clock)
{
    return stile_clock_read(clock, (uint64_t *)0);
}

#endif
