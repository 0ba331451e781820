/* SPDX-License-Identifier: MIT */
/*
 * The other CPU of an operation of two: a thread that has it to itself.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "bench/row.h"

/**
 * bench_pair_start() - have the other CPU run a row's partner; returns when it is about to
 * @pair: the row
 * @vectors: what the partner takes interrupts by
 *
 * With interrupts masked, so that no thread but the caller's runs on this CPU. Returns false if
 * there is no memory for a thread.
 */
bool bench_pair_start(const struct bench_pair_row *pair, const char *vectors);

/** bench_pair_stop() - end it; its next interrupt is the last it handles */
void bench_pair_stop(void);

#endif
