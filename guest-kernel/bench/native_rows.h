/* SPDX-License-Identifier: MIT */
/*
 * The operations as any kernel does them.
 */
#ifndef BENCH_NATIVE_ROWS_H
#define BENCH_NATIVE_ROWS_H

#include <stddef.h>

#include "measure/row.h"

extern const struct bench_row native_rows[];
extern const size_t nr_native_rows;

/** An SGI from one CPU to another and one back, each awaited asleep. */
extern const struct bench_pair_row native_pair;

/** native_rows_init() - look up what the loops use; before they run, once */
void native_rows_init(void);

#endif
