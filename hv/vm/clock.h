/* SPDX-License-Identifier: MIT */
/*
 * What time it is: struct stile_clock in every VM's page, and the one wall clock behind them.
 */
#ifndef VM_CLOCK_H
#define VM_CLOCK_H

#include <stdint.h>

#include "stile/shared.h"

/**
 * clock_init() - set the wall clock by the machine's PL031; nobody knows the time without one
 *
 * To the second: a second's beginning is not waited for. Boot CPU, before the others run.
 */
void clock_init(void);

/**
 * clock_show() - fill in the clock of a VM that starts now, and keep it right from now on
 * @clock: in the page of one of CONFIG_NR_VMS; it is not being kept right
 */
void clock_show(struct stile_clock *clock);

/** clock_seconds() - the wall clock now, in seconds since 1970; from about 0 on if nobody knows it
 */
uint64_t clock_seconds(void);

/** clock_hide() - keep a clock right no longer: its page is about to be something else */
void clock_hide(const struct stile_clock *clock);

/**
 * clock_set() - set the wall clock of every VM, now and to come
 * @wall_ns: nanoseconds from 1970-01-01 00:00 UTC to now
 *
 * Any context, the clocks' lock not held.
 */
void clock_set(uint64_t wall_ns);

#endif
