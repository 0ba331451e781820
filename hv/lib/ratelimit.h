/* SPDX-License-Identifier: MIT */
/*
 * So many in a period, and no more: for lines in the log that a guest can cause at will.
 */
#ifndef LIB_RATELIMIT_H
#define LIB_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

/** All zero: nothing was allowed yet. */
struct ratelimit {
    uint64_t since_ticks; /* when the period began */
    uint32_t nr;          /* how many were asked for in it */
    uint32_t nr_left_out; /* how many were not allowed, since ratelimit_take_left_out() */
};

/**
 * ratelimit_allows() - whether one more is allowed now
 * @period_ticks: how long a period is
 * @most: how many are allowed in one
 *
 * Takes no lock: CPUs that ask at the same time may get a few too many.
 */
static inline bool ratelimit_allows(struct ratelimit *limit, uint64_t now_ticks,
                                    uint64_t period_ticks, uint32_t most)
{
    if (now_ticks - limit->since_ticks >= period_ticks) {
        limit->since_ticks = now_ticks;
        limit->nr = 0;
    }
    if (limit->nr++ < most)
        return true;
    limit->nr_left_out++;
    return false;
}

/** ratelimit_take_left_out() - how many were not allowed since this was last asked */
static inline uint32_t ratelimit_take_left_out(struct ratelimit *limit)
{
    uint32_t nr = limit->nr_left_out;

    limit->nr_left_out = 0;
    return nr;
}

#endif
