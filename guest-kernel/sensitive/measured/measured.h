/* SPDX-License-Identifier: MIT */
/*
 * What the bench measures of libhypercall. The rows are here, and not in bench/, because no folder
 * but sensitive/ may make calls; each of the four files has some of them.
 */
#ifndef SENSITIVE_MEASURED_H
#define SENSITIVE_MEASURED_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/row.h"
#include "stile/types.h"

/* --- calls.c --- */

/** The operations of bench/native_rows.h as calls, and others. */
extern const struct bench_row measured_call_rows[];
extern const size_t measured_nr_call_rows;

/** An SGI from one CPU to another and one back, each awaited asleep. */
extern const struct bench_pair_row measured_call_pair;

/**
 * measured_call_switch - from a vCPU to another VM's on the same physical CPU
 *
 * The other VM does the loop, too. Each yield is two switches, there and back.
 */
extern const struct bench_row measured_call_switch;

/** An interrupt masked and unmasked in the mailbox. */
extern const struct bench_row measured_mask_row;

/* --- events.c --- */

/** Events from one CPU to another. */
extern const struct bench_pair_row measured_event_pairs[];
extern const size_t measured_nr_event_pairs;

/** measured_events_init() - make what measured_event_pairs use; once. Whether there were ports */
bool measured_events_init(void);

/* --- memory.c --- */

/** Memory calls, whose loops measure a part of themselves. */
extern const struct bench_row measured_memory_rows[];
extern const size_t measured_nr_memory_rows;

/** A page offered to another VM, accepted and revoked. That VM does measured_borrow() meanwhile. */
extern const struct bench_row measured_share_row;
_Noreturn void measured_borrow(void);

/** measured_neighbour() - the other VM of a bench of two */
stile_vm_id_t measured_neighbour(void);

/* --- table.c --- */

/** measured_run_table() - measure each call of the table */
void measured_run_table(void);

#endif
