/* SPDX-License-Identifier: MIT */
/*
 * The clock: when the kernel started, and ticks in other units.
 */
#include "lib/time.h"

#include "arch/cpu.h"

static uint64_t first_ticks;

void time_init(uint64_t ticks)
{
    first_ticks = ticks;
}

uint64_t time_first_ticks(void)
{
    return first_ticks;
}

uint64_t time_uptime_us(void)
{
    return time_ticks_to_us(cpu_ticks() - first_ticks);
}

uint64_t time_ms_to_ticks(uint64_t ms)
{
    return ms * read_sysreg(cntfrq_el0) / 1000;
}

uint64_t time_us_to_ticks(uint64_t us)
{
    return us * read_sysreg(cntfrq_el0) / 1000000;
}

/* Whole seconds apart, so that nothing overflows in the age of the machine. */
uint64_t time_ticks_to_us(uint64_t ticks)
{
    uint64_t per_second = read_sysreg(cntfrq_el0);

    return ticks / per_second * 1000000 + ticks % per_second * 1000000 / per_second;
}
