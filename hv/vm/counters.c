/* SPDX-License-Identifier: MIT */
#include "vm/counters.h"

#include "vm/vcpu.h"

/* May be off by exits that a running vCPU is just counting; is never below 0. */
static uint64_t hypercalls(const struct vcpu_stats *stats, const struct trace *trace)
{
    uint64_t nr_interrupts = __atomic_load_n(&stats->exits[EXIT_INTERRUPT], __ATOMIC_ACQUIRE);
    uint64_t nr_others = __atomic_load_n(&trace->nr_others, __ATOMIC_ACQUIRE);
    int64_t nr = (int64_t)(trace->next - nr_others - nr_interrupts + stats->standard_calls);

    return nr < 0 ? 0 : (uint64_t)nr;
}

/* The exits that are part of a counter: with a constant, only these are read, without a loop. */
static inline __attribute__((always_inline)) uint64_t exits_of(const struct vcpu_stats *stats,
                                                               enum stile_counter counter)
{
    const uint64_t *exits = stats->exits;

#define ADD(kind, part, name) +(counter == STILE_COUNTER_##part ? exits[EXIT_##kind] : 0)
    return 0 STATS_EXITS(ADD);
#undef ADD
}

uint64_t counters_read(const struct vcpu *vcpu, enum stile_counter counter)
{
    const struct vcpu_stats *stats = &vcpu->stats;
    const struct trace *trace = &vcpu->trace;

    switch (counter) {
    case STILE_COUNTER_EXITS:
        return trace->next + trace->nr_folded + trace->nr_unseen;
    case STILE_COUNTER_HYPERCALLS:
        return hypercalls(stats, trace);
    case STILE_COUNTER_INTERRUPTS:
        return exits_of(stats, STILE_COUNTER_INTERRUPTS);
    case STILE_COUNTER_SYSREG:
        return exits_of(stats, STILE_COUNTER_SYSREG);
    case STILE_COUNTER_DATA_ABORTS:
        return exits_of(stats, STILE_COUNTER_DATA_ABORTS);
    case STILE_COUNTER_WAITS:
        return exits_of(stats, STILE_COUNTER_WAITS);
    case STILE_COUNTER_OTHER:
        return exits_of(stats, STILE_COUNTER_OTHER);
    case STILE_COUNTER_SWITCHES:
        return vcpu->page->nr_switches;
    case STILE_COUNTER_STOLEN_TICKS:
        return vcpu->page->stolen_ticks;
    default:
        return 0;
    }
}
