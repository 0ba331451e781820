/* SPDX-License-Identifier: MIT */
/*
 * Time in units people use. The clock is cpu_ticks(); its rate is CNTFRQ_EL0. The timer, which
 * interrupts at a time, is the scheduler's: threads/sched.c.
 */
#ifndef LIB_TIME_H
#define LIB_TIME_H

#include <stdint.h>

/** time_init() - note when the kernel was started, at CNTVCT_EL0 = @first_ticks */
void time_init(uint64_t first_ticks);

/** time_first_ticks() - CNTVCT_EL0 at the kernel's first instruction */
uint64_t time_first_ticks(void);

/** time_uptime_us() - microseconds since the kernel's first instruction */
uint64_t time_uptime_us(void);

uint64_t time_ms_to_ticks(uint64_t ms);
uint64_t time_us_to_ticks(uint64_t us);
uint64_t time_ticks_to_us(uint64_t ticks);

#endif
