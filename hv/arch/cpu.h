/* SPDX-License-Identifier: MIT */
/*
 * Single instructions with a name: those of arm64/cpu.h, and waiting as only EL2 does.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

#include "arm64/cpu.h"

/** ESB: SErrors of what came before are pending, or deferred to DISR_EL1, when it is done. */
static inline void error_barrier(void)
{
    __asm__ volatile("hint #16" : : : "memory");
}

/** CLRBHB: what was branched before steers no branch behind this. */
static inline void cpu_clear_branch_history(void)
{
    __asm__ volatile("hint #22\n\tisb" : : : "memory");
}

/** Takes @nr branches, not 0, which is all that branch history then holds. */
static inline void cpu_take_branches(uint64_t nr)
{
    __asm__ volatile("1:\tb 2f\n2:\tsubs %0, %0, #1\n\tb.ne 1b\n\tdsb nsh\n\tisb"
                     : "+r"(nr)
                     :
                     : "cc", "memory");
}

/**
 * Waits until another CPU has stored @value to *@address; sees what it wrote before. The store
 * itself is the event: it ends the exclusive access that the load begins (Arm ARM D1.16.1).
 */
static inline void cpu_wait_until(const uint8_t *address, uint8_t value)
{
    uint32_t found;

    __asm__ volatile("b 2f\n1:\twfe\n2:\tldaxrb %w0, %1\n\tcmp %w0, %w2\n\tb.ne 1b"
                     : "=&r"(found)
                     : "Q"(*address), "r"((uint32_t)value)
                     : "cc", "memory");
}

#endif
