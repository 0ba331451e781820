/* SPDX-License-Identifier: MIT */
/*
 * Measuring a row, and printing what came of it. Interrupts are masked.
 */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include <stdint.h>

#include "measure/row.h"

/** measure_row() - measure a row and print its line */
void measure_row(const struct bench_row *row);

/** measure_pair() - the same for a row of two CPUs */
void measure_pair(const struct bench_pair_row *pair);

/** measure_print() - print a line that is no row's: @total and of that @el2, instructions; @exits
 */
void measure_print(const char *operation, const char *way, uint64_t total, uint64_t el2,
                   uint64_t exits);

#endif
