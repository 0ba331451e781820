/* SPDX-License-Identifier: MIT */
/*
 * What is measured with: the clock, and the cycle counter where the CPU has one.
 */
#ifndef MEASURE_COUNTER_H
#define MEASURE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/** counter_start() - have the calling CPU count, if it can, what it executes at EL1 */
void counter_start(void);

/** counter_present() - whether counter_start() has found a cycle counter */
bool counter_present(void);

/** counter_read_el1() - instructions executed at EL1, if there is a cycle counter; or 0 */
uint64_t counter_read_el1(void);

/** counter_ticks_to_ns() - of CNTVCT_EL0; a nanosecond is an instruction */
uint64_t counter_ticks_to_ns(uint64_t ticks);

#endif
