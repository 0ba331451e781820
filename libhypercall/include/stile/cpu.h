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

/** stile_fake_ticks_per_sec() - CNTFRQ_EL0 as the fake hypervisor has it */
uint64_t stile_fake_ticks_per_sec(void);

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

/**
 * stile_cpu_ticks_between() - the time, of between what comes before and what comes after
 *
 * As stile_cpu_ticks(), and never later than what the CPU does afterwards: ISB on both sides. What
 * comes before is a branch that depends on what was loaded. Any context.
 */
static inline uint64_t stile_cpu_ticks_between(void)
{
#ifdef STILE_FAKE
    return stile_fake_ticks();
#else
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks) : : "memory");
    return ticks;
#endif
}

/** stile_cpu_ticks_per_sec() - how fast stile_cpu_ticks() goes: CNTFRQ_EL0. Any context. */
static inline uint64_t stile_cpu_ticks_per_sec(void)
{
#ifdef STILE_FAKE
    return stile_fake_ticks_per_sec();
#else
    uint64_t ticks_per_sec;

    __asm__("mrs %0, cntfrq_el0" : "=r"(ticks_per_sec));
    return ticks_per_sec;
#endif
}

/**
 * stile_cpu_load32() - one load, relaxed, of what another CPU may be changing
 *
 * What __atomic_load_n() is for, but that gcc computes the address of each such load by itself. On
 * the host, where ThreadSanitizer is to know what is atomic, it is that.
 */
static inline uint32_t stile_cpu_load32(const volatile uint32_t *word)
{
#ifdef STILE_FAKE
    return __atomic_load_n(word, __ATOMIC_RELAXED);
#else
    return *word;
#endif
}

/** stile_cpu_load64() - the same of 64 bits */
static inline uint64_t stile_cpu_load64(const volatile uint64_t *word)
{
#ifdef STILE_FAKE
    return __atomic_load_n(word, __ATOMIC_RELAXED);
#else
    return *word;
#endif
}

/**
 * stile_cpu_barrier() - have all that was stored before be seen before what is loaded afterwards
 *
 * For two sides each of which stores a word and then looks at the other's, so that not both miss
 * what the other has stored. STLR and LDAR alone keep that order, too (Arm ARM B2.3.11), but QEMU's
 * emulation on an x86 host lets the load go first. Any context.
 */
static inline void stile_cpu_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
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
