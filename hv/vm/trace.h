/* SPDX-License-Identifier: MIT */
/*
 * The flight recorder: the last exits of each vCPU, noted always. Showing them is watch/flight.h's.
 */
#ifndef VM_TRACE_H
#define VM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/esr.h"
#include "lib/addr.h"
#include "lib/is_enabled.h"
#include "stile/abi.h"

#define TRACE_ENTRIES STILE_TRACE_ENTRIES

/* What an entry is: bits 63:60 of its first word, which neither a function id nor an ESR uses. */
#define TRACE_KIND_MASK (UINT64_C(0xF) << 60)
#define TRACE_HYPERCALL ((uint64_t)STILE_TRACE_HYPERCALL << 60)
#define TRACE_TRAP      ((uint64_t)STILE_TRACE_TRAP << 60)
#define TRACE_INTERRUPT ((uint64_t)STILE_TRACE_INTERRUPT << 60)

/** How many words an entry has beside the first, and so, how many arguments of a call it keeps. */
#define TRACE_DETAILS 3

struct trace_entry {
    uint64_t what; /* and the function id, ESR_EL2 or INTID */
    /*
     * Hypercall: x1 to x3. Trap: ELR_EL2, and of an abort the IPA and how many were folded into it,
     * of an SMC w0 and x1. The rest is older entries'. In the ring an abort has, in place of how
     * many were folded into it, how many had been folded before.
     */
    uint64_t detail[TRACE_DETAILS];
};

struct trace {
    /* Numbers, counted also where no entries are kept: counters_read() has its sums from them. */
    uint64_t next;      /* entries ever written */
    uint64_t nr_others; /* of those, neither calls of the table nor interrupts */
    uint64_t nr_folded; /* aborts that have no entry of their own */
    uint64_t nr_unseen; /* exits that entry.S answers by itself, which have none either */
    struct trace_entry ring[TRACE_ENTRIES];
};

/** The next entry to write. */
static inline struct trace_entry *trace_next(struct trace *trace)
{
    uint64_t next = trace->next;

    trace->next = next + 1;
    return &trace->ring[next % TRACE_ENTRIES];
}

/** Notes one call, a handful of instructions. */
static inline void trace_hypercall(struct trace *trace, uint64_t fid, uint64_t x1, uint64_t x2,
                                   uint64_t x3)
{
    struct trace_entry *entry = trace_next(trace);

    if (IS_ENABLED(CONFIG_TRACE)) {
        /* Its address in one register: gcc would keep two, and save others to have them. */
        __asm__("" : "+r"(entry));
        *entry = (struct trace_entry){TRACE_HYPERCALL | fid, {x1, x2, x3}};
    }
}

/** The same for a synchronous exception that is no abort. */
static inline void trace_trap(struct trace *trace, uint64_t esr, uint64_t elr)
{
    struct trace_entry *entry = trace_next(trace);

    trace->nr_others++;
    if (IS_ENABLED(CONFIG_TRACE)) {
        entry->what = TRACE_TRAP | esr;
        entry->detail[0] = elr;
    }
}

/** Whether two first words are traps of one exception class. */
static inline bool trace_is_alike(uint64_t what, uint64_t other)
{
    return (what ^ other) >> ESR_EC_SHIFT == 0;
}

/**
 * trace_abort() - the same for a stage-2 abort
 *
 * One that follows another of the same page is counted there: so all the accesses to a UART by
 * which a guest prints its last words are one entry, and what came before stays in the ring.
 */
static inline void trace_abort(struct trace *trace, uint64_t esr, uint64_t elr, uint64_t ipa)
{
    struct trace_entry *entry = &trace->ring[(trace->next - 1) % TRACE_ENTRIES];
    uint64_t what = TRACE_TRAP | esr;

    if (IS_ENABLED(CONFIG_TRACE) && trace_is_alike(entry->what, what) &&
        (entry->detail[1] ^ ipa) >> PAGE_SHIFT == 0) {
        trace->nr_folded++;
        return;
    }
    entry = trace_next(trace);
    trace->nr_others++;
    if (IS_ENABLED(CONFIG_TRACE))
        *entry = (struct trace_entry){what, {elr, ipa, trace->nr_folded}};
}

/** Adds to the SMC that was noted last as a trap what was called by it. */
static inline void trace_smc(struct trace *trace, uint32_t fid, uint64_t x1)
{
    if (IS_ENABLED(CONFIG_TRACE)) {
        struct trace_entry *entry = &trace->ring[(trace->next - 1) % TRACE_ENTRIES];

        entry->detail[1] = fid;
        entry->detail[2] = x1;
    }
}

static inline void trace_interrupt(struct trace *trace, uint32_t intid)
{
    struct trace_entry *entry = trace_next(trace);

    if (IS_ENABLED(CONFIG_TRACE))
        entry->what = TRACE_INTERRUPT | intid;
}

/** trace_nr_kept() - how many entries the ring has */
static inline uint64_t trace_nr_kept(const struct trace *trace)
{
    if (!IS_ENABLED(CONFIG_TRACE))
        return 0;
    return trace->next > TRACE_ENTRIES ? TRACE_ENTRIES : trace->next;
}

/** trace_kept() - the entry of @age, which is kept, with whatever older entries left in its place
 */
struct trace_entry trace_kept(const struct trace *trace, uint32_t age);

/**
 * trace_read() - read one entry
 * @trace: may be written to meanwhile; then the entry may be a mixture of two
 * @age: 0 for the last one
 * @entry: where to put it; what the exit has not set reads as zero, of the first two details
 *
 * Returns false if there were not so many.
 */
bool trace_read(const struct trace *trace, uint32_t age, struct trace_entry *entry);

#endif
