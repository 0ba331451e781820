/* SPDX-License-Identifier: MIT */
/*
 * The time in the cases that are seldom: it is being changed, or the counter is all there is. What
 * reads struct stile_clock otherwise is inlined.
 */
#include "stile/clock.h"

#define NS_PER_SEC UINT64_C(1000000000)

/* Seconds and the rest of one apart: neither product exceeds 64 bits. */
uint64_t stile_clock_of_counter(uint64_t ticks)
{
    uint64_t ticks_per_sec = stile_cpu_ticks_per_sec();

    if (ticks_per_sec == 0) /* firmware that has not set it */
        return 0;
    return ticks / ticks_per_sec * NS_PER_SEC + ticks % ticks_per_sec * NS_PER_SEC / ticks_per_sec;
}

uint64_t stile_clock_read_later(const volatile struct stile_clock *clock, uint64_t *wall_ns)
{
    uint64_t ns;

    while (!stile_clock_try(clock, &ns, wall_ns))
        stile_cpu_relax();
    return ns;
}
