/* SPDX-License-Identifier: MIT */
/*
 * What time it is, without a call: struct stile_clock of the VM page.
 *
 * Ordering: the hypervisor makes the generation odd, changes the rest, and makes the generation
 * even again, each seen in that order. The reader loads the generation with acquire, then the rest,
 * then, past a load barrier, the generation once more: if it is the same even number both times, no
 * store to the rest came between.
 *
 * Neither an acquire nor a load barrier orders the counter's read, which is none of memory. It is
 * kept between the two loads of the generation by an ISB on each side, the first after a branch on
 * what the first load returned.
 */
#ifndef STILE_CLOCK_H
#define STILE_CLOCK_H

#include "stile/cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * stile_clock_ns_at() - a duration in nanoseconds
 * @multiplier: of struct stile_clock, as are
 * @shift: 1 to 63
 * @ticks: how long it is
 */
static inline uint64_t stile_clock_ns_at(uint64_t multiplier, uint32_t shift, uint64_t ticks)
{
    __extension__ unsigned __int128 product = (unsigned __int128)ticks * multiplier;
    uint64_t high = (uint64_t)(product >> 64);

    /* The two halves by hand: a shift of 128 bits by any number takes twice the instructions. */
    return high << ((0 - shift) & 63) | (uint64_t)product >> (shift & 63);
}

/**
 * stile_clock_of_counter() - what time it is where the hypervisor does not say: multiplier is 0
 * @ticks: CNTVCT_EL0
 *
 * Returns nanoseconds since the counter was 0. Any context.
 */
uint64_t stile_clock_of_counter(uint64_t ticks);

/**
 * stile_clock_try() - read the time, unless it is being changed
 * @clock: in the VM page, mapped
 * @ns: where to put the nanoseconds since the VM's start
 * @wall_ns: as of stile_clock_read()
 *
 * Returns false if it was changed meanwhile: what was put is worth nothing then. Any context.
 */
static inline bool stile_clock_try(const volatile struct stile_clock *clock, uint64_t *ns,
                                   uint64_t *wall_ns)
{
    uint32_t generation = __atomic_load_n(&clock->generation, __ATOMIC_ACQUIRE);
    uint64_t multiplier, base_ticks, base_ns, wall, ticks;
    uint32_t shift;

    if (generation % 2 != 0)
        return false;
    multiplier = stile_cpu_load64(&clock->multiplier);
    shift = stile_cpu_load32(&clock->shift);
    base_ticks = stile_cpu_load64(&clock->base_ticks);
    base_ns = stile_cpu_load64(&clock->base_ns);
    wall = wall_ns ? stile_cpu_load64(&clock->wall_ns) : 0;
    ticks = stile_cpu_ticks_between();
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (generation != stile_cpu_load32(&clock->generation))
        return false;

    *ns = multiplier != 0 ? base_ns + stile_clock_ns_at(multiplier, shift, ticks - base_ticks)
                          : stile_clock_of_counter(ticks);
    if (wall_ns)
        *wall_ns = wall == 0 || multiplier == 0 ? 0 : wall + *ns;
    return true;
}

/** stile_clock_read_later() - the same as stile_clock_read(), once nobody changes the clock */
uint64_t stile_clock_read_later(const volatile struct stile_clock *clock, uint64_t *wall_ns);

/**
 * stile_clock_read() - the time now, as of one moment
 * @clock: in the VM page, mapped
 * @wall_ns: where to put the nanoseconds since 1970-01-01 00:00 UTC, or 0 if nobody knows; may be
 *           NULL
 *
 * Returns the nanoseconds since the VM's start. Never goes back: who has seen that another vCPU has
 * read it reads no less. Any context.
 */
static inline uint64_t stile_clock_read(const volatile struct stile_clock *clock, uint64_t *wall_ns)
{
    uint64_t ns;

    /* The loop is elsewhere: in one, compilers compute each field's address by itself. */
    if (__builtin_expect(stile_clock_try(clock, &ns, wall_ns), 1))
        return ns;
    return stile_clock_read_later(clock, wall_ns);
}

/** stile_clock_ns() - nanoseconds since the VM's start; as stile_clock_read() */
static inline uint64_t stile_clock_ns(const volatile struct stile_clock *clock)
{
    return stile_clock_read(clock, (uint64_t *)0);
}

#ifdef __cplusplus
}
#endif

#endif
