/* SPDX-License-Identifier: MIT */
/*
 * The counters added up, as the ABI groups them.
 */
#include "vm/stats.h"

static const struct {
    enum stile_counter counter;
    const char *name;
} kinds[] = {
#define EXIT(kind, counter, name) [EXIT_##kind] = {STILE_COUNTER_##counter, name},
    STATS_EXITS(EXIT)
#undef EXIT
};

const char *stats_exit_name(enum stats_exit exit)
{
    return kinds[exit].name;
}

static uint64_t hypercalls(const struct vcpu_stats *stats)
{
    uint64_t sum = stats->standard_calls - stats->included;

    for (uint32_t i = 0; i < STATS_CALL_SLOTS; i++)
        sum += stats->calls[i];
    return sum;
}

uint64_t stats_counter(const struct vcpu_stats *stats, enum stile_counter counter)
{
    uint64_t sum = 0;

    if (counter == STILE_COUNTER_HYPERCALLS)
        return hypercalls(stats);
    if (counter == STILE_COUNTER_EXITS)
        sum = hypercalls(stats);
    for (uint32_t i = 0; i < STATS_NR_EXITS; i++)
        if (counter == STILE_COUNTER_EXITS || kinds[i].counter == counter)
            sum += stats->exits[i];
    return sum;
}
