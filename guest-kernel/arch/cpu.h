/* SPDX-License-Identifier: MIT */
/*
 * Single instructions with a name: those of arm64/cpu.h, interrupt masking, time, caches.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

#include "arm64/cpu.h"

/* PSTATE.I, as DAIF shows it; the kernel never masks FIQ alone, and has none. */
#define DAIF_IRQ (UINT64_C(1) << 7)

/** Masks interrupts on this CPU; returns what irq_restore() takes. */
static inline uint64_t irq_save(void)
{
    uint64_t flags = read_sysreg(daif);

    __asm__ volatile("msr daifset, #2" : : : "memory");
    return flags;
}

static inline void irq_restore(uint64_t flags)
{
    __asm__ volatile("msr daif, %0" : : "r"(flags) : "memory");
}

static inline void irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

/** The time: ticks of CNTFRQ_EL0 per second, the same on every CPU. */
static inline uint64_t cpu_ticks(void)
{
    isb(); /* or the read may be taken early */
    return read_sysreg(cntvct_el0);
}

/** Writes the cache lines of a range back to memory, for a CPU whose MMU is still off. */
static inline void cpu_clean_to_memory(const void *start, uint64_t bytes)
{
    uint64_t line = UINT64_C(4) << ((read_sysreg(ctr_el0) >> 16) & 0xF); /* CTR_EL0.DminLine */
    uint64_t end = (uint64_t)start + bytes;

    for (uint64_t address = (uint64_t)start & ~(line - 1); address < end; address += line)
        __asm__ volatile("dc cvac, %0" : : "r"(address) : "memory");
    dsb_sy();
}

#endif
