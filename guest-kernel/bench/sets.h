/* SPDX-License-Identifier: MIT */
/*
 * What is measured on which machine; and how a row is measured.
 */
#ifndef BENCH_SETS_H
#define BENCH_SETS_H

#include "bench/row.h"

/** bench_run_row() - measure a row and print its line */
void bench_run_row(const struct bench_row *row);

/** bench_run_pair() - the same for a row of two CPUs */
void bench_run_pair(const struct bench_pair_row *pair);

/** bench_print() - print a line that is no row's: @total and of that @el2, instructions; @exits */
void bench_print(const char *operation, const char *way, uint64_t total, uint64_t el2,
                 uint64_t exits);

/** bench_start_counter() - have this CPU count, if it can, what it executes at EL1 */
void bench_start_counter(void);

/** bench_read_el1() - instructions executed at EL1, if there is a cycle counter; or 0 */
uint64_t bench_read_el1(void);

/** bench_ticks_to_ns() - of CNTVCT_EL0; a nanosecond is an instruction */
uint64_t bench_ticks_to_ns(uint64_t ticks);

/** bench_run_set() - measure what "rows=" on the command line names, by default one vCPU's rows */
void bench_run_set(void);

#endif
