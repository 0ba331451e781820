/* SPDX-License-Identifier: MIT */
/*
 * The other CPU of an operation of two: a thread that has it to itself.
 */
#ifndef MEASURE_PAIR_H
#define MEASURE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/smp.h"
#include "measure/row.h"

/**
 * pair_start() - have the other CPU run a row's partner; returns when it is about to
 * @pair: the row
 * @vectors: what the partner takes interrupts by
 *
 * With interrupts masked, so that no thread but the caller's runs on this CPU. Returns false if
 * there is no memory for a thread.
 */
bool pair_start(const struct bench_pair_row *pair, uint64_t vectors);

/** pair_stop() - end the partner; the next interrupt is the last that it handles */
void pair_stop(void);

/** pair_stops() - whether the partner shall end */
bool pair_stops(void);

/** pair_other_cpu() - the other one of two CPUs */
static inline uint32_t pair_other_cpu(void)
{
    return 1 - smp_cpu()->index;
}

#endif
