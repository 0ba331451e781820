/* SPDX-License-Identifier: MIT */
/*
 * Reading entries of the flight recorder.
 */
#include "vm/trace.h"

#include "arch/esr.h"

/* What a function id and an INTID have at most; of an ESR, the class and the 25 bits known. */
#define WHAT_VALUE UINT64_C(0xFFFFFFFF)

static bool is_abort(uint64_t what)
{
    uint64_t class = esr_class(what & WHAT_VALUE);

    return (what & TRACE_KIND_MASK) == TRACE_TRAP &&
           (class == EC_DABT_LOWER || class == EC_IABT_LOWER);
}

/* How many aborts had been folded when the first abort after the entry of @age was noted, or now.
 */
static uint64_t nr_folded_until_next(const struct trace *trace, uint32_t age)
{
    for (uint32_t newer = age; newer > 0; newer--) {
        const struct trace_entry *entry = &trace->ring[(trace->next - newer) % TRACE_ENTRIES];
        if (is_abort(entry->what))
            return entry->detail[2];
    }
    return trace->nr_folded;
}

struct trace_entry trace_kept(const struct trace *trace, uint32_t age)
{
    struct trace_entry entry = trace->ring[(trace->next - 1 - age) % TRACE_ENTRIES];

    if (is_abort(entry.what))
        entry.detail[2] = nr_folded_until_next(trace, age) - entry.detail[2];
    return entry;
}

bool trace_read(const struct trace *trace, uint32_t age, struct trace_entry *entry)
{
    if (age >= trace_nr_kept(trace))
        return false;
    *entry = trace_kept(trace, age);

    uint64_t kind = entry->what & TRACE_KIND_MASK;
    if (kind == TRACE_INTERRUPT)
        entry->detail[0] = 0;
    if (kind != TRACE_HYPERCALL && !is_abort(entry->what))
        entry->detail[1] = 0;
    return true;
}
