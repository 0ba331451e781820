/* SPDX-License-Identifier: MIT */
/*
 * The clock's ticks as nanoseconds, and the cycle counter's start and reading.
 */
#include "measure/counter.h"

#include "arch/cpu.h"
#include "measure/pmu.h"

static bool has_pmu;

void counter_start(void)
{
    has_pmu = pmu_present();
    if (has_pmu)
        pmu_start(PMU_EL1);
}

bool counter_present(void)
{
    return has_pmu;
}

uint64_t counter_read_el1(void)
{
    return has_pmu ? read_sysreg(pmccntr_el0) : 0;
}

uint64_t counter_ticks_to_ns(uint64_t ticks)
{
    return ticks * 1000000000 / read_sysreg(cntfrq_el0);
}
