/* SPDX-License-Identifier: MIT */
/*
 * What the helpers need of the CPU itself, and no call is made for.
 */
#ifndef STILE_CPU_H
#define STILE_CPU_H

#include "stile/hvc.h"

#ifdef STILE_FAKE
#ifdef __cplusplus
extern "C" {
#endif

/** stile_fake_ticks() - CNTVCT_EL0 as the fake hypervisor has it, see stile/fake.h */
uint64_t stile_fake_ticks(void);

/** stile_fake_relax() - one round of a wait in which nothing is called, see stile/fake.h */
void stile_fake_relax(void);

#ifdef __cplusplus
}
#endif
#endif

/**
 * stile_cpu_ticks() - the time: CNTVCT_EL0
 *
 * Never earlier than what the CPU did before in program order (Arm ARM D11.2.1): ISB first. Any
 * context.
 */
static inline uint64_t stile_cpu_ticks(void)
{
#ifdef STILE_FAKE
    return stile_fake_ticks();
#else
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
#endif
}

/** stile_cpu_relax() - one round of a wait for another CPU's store. Any context. */
static inline void stile_cpu_relax(void)
{
#ifdef STILE_FAKE
    stile_fake_relax();
#else
    __asm__ volatile("yield" : : : "memory");
#endif
}

#endif
