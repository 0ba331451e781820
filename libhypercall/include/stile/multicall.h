/* SPDX-License-Identifier: MIT */
/*
 * Many calls in one exit. For each line of the call table there is a function
 *
 *     stile_multicall_<group>_<name>(multicall, arguments)
 *
 * which puts the call into the calling vCPU's mailbox, and returns the entry in which its results
 * will be, or NULL if there are STILE_MULTICALL_MAX already:
 *
 *     struct stile_multicall multicall;
 *
 *     stile_multicall_begin(&multicall, mailbox);
 *     stile_multicall_memory_unmap(&multicall, stile_ipa(first), stile_nr_pages(1));
 *     stile_multicall_event_send(&multicall, port);
 *     status = stile_multicall_run(&multicall, STILE_MULTICALL_STOP, &made);
 *
 * Ordering: the calls are made one after the other, as if made singly. From begin until the results
 * have been read the vCPU must not build another multicall: no interrupt handler does, and the
 * thread stays on its vCPU.
 */
#ifndef STILE_MULTICALL_H
#define STILE_MULTICALL_H

#include "stile/stubs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A multicall that is being built. */
struct stile_multicall {
    struct stile_call_entry *calls; /**< of the calling vCPU's mailbox */
    uint32_t nr_calls;              /**< how many there are so far */
};

/** stile_multicall_begin() - begin with no call; @mailbox is the calling vCPU's, mapped */
static inline void stile_multicall_begin(struct stile_multicall *multicall,
                                         struct stile_mailbox *mailbox)
{
    multicall->calls = mailbox->calls;
    multicall->nr_calls = 0;
}

/** stile_multicall_add() - add call @nr; use the typed functions. NULL if there is no room. */
static inline struct stile_call_entry *stile_multicall_add(struct stile_multicall *multicall,
                                                           uint64_t nr, uint64_t x1, uint64_t x2,
                                                           uint64_t x3, uint64_t x4, uint64_t x5,
                                                           uint64_t x6)
{
    struct stile_call_entry *entry;

    if (multicall->nr_calls == STILE_MULTICALL_MAX)
        return NULL;
    entry = &multicall->calls[multicall->nr_calls++];
    entry->nr = nr;
    entry->x[0] = x1;
    entry->x[1] = x2;
    entry->x[2] = x3;
    entry->x[3] = x4;
    entry->x[4] = x5;
    entry->x[5] = x6;
    /* Written only by calls that return something there: else as they are in a single call. */
    entry->value[1] = 0;
    entry->value[2] = 0;
    return entry;
}

#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    static inline struct stile_call_entry *stile_multicall_##group##_##name(                       \
        struct stile_multicall *multicall STILE_MORE_PARAMS_##args)                                \
    {                                                                                              \
        return stile_multicall_add(multicall, nr, STILE_WORDS_##args);                             \
    }
#include "stile/calls.h"

/**
 * stile_multicall_run() - make the calls
 * @multicall: what was built; its entries then have their results
 * @flags: STILE_MULTICALL_STOP: make no further call after one that failed
 * @made: where to put how many were made, from the first; may be NULL
 *
 * Goes on where the hypervisor pauses to bound an exit, so that all calls are made but those after
 * an error, with STOP. Each has its own status in its entry.
 *
 * Returns 0, or the error of core_multicall itself.
 */
int64_t stile_multicall_run(struct stile_multicall *multicall, uint32_t flags, uint32_t *made);

#ifdef __cplusplus
}
#endif

#endif
