/* SPDX-License-Identifier: MIT */
/*
 * Reading entries of the flight recorder.
 */
#include "vm/trace.h"

#include "arch/esr.h"

/* What a function id and an INTID have at most; of an ESR, the class and the 25 bits known. */
#define WHAT_VALUE UINT64_C(0xFFFFFFFF)

bool trace_read(const struct trace *trace, uint32_t age, struct trace_entry *entry)
{
    if (age >= trace_nr_kept(trace))
        return false;
    *entry = trace->ring[(trace->next - 1 - age) % TRACE_ENTRIES];

    uint64_t kind = entry->what & TRACE_KIND_MASK;
    uint64_t class = esr_class(entry->what & WHAT_VALUE);
    bool is_abort = kind == TRACE_TRAP && (class == EC_DABT_LOWER || class == EC_IABT_LOWER);
    if (kind == TRACE_INTERRUPT)
        entry->detail[0] = 0;
    if (kind != TRACE_HYPERCALL && !is_abort)
        entry->detail[1] = 0;
    return true;
}
