/* SPDX-License-Identifier: MIT */
/*
 * Interrupts in a measured loop. They are taken by vectors.S of this folder, which changes x9 (to
 * 1) and x10 and saves nothing: the guest's own part of such a row is a handful of instructions.
 */
#ifndef MEASURE_INTERRUPT_H
#define MEASURE_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * interrupt_take() - let one interrupt in, and go on when it has been handled
 * @cpu_interface: of a GICv2; the vectors use it
 */
static inline void interrupt_take(uint64_t cpu_interface)
{
    register uint64_t x11 __asm__("x11") = cpu_interface;

    __asm__ volatile("mov x9, #0\n\t"
                     "msr daifclr, #2\n"
                     "1: cbz x9, 1b\n\t"
                     "msr daifset, #2"
                     :
                     : "r"(x11)
                     : "x9", "x10", "memory");
}

/**
 * interrupt_came() - let interrupts in for a moment; whether there was one
 * @cpu_interface: as of interrupt_take()
 */
static inline bool interrupt_came(uint64_t cpu_interface)
{
    register uint64_t x11 __asm__("x11") = cpu_interface;
    register uint64_t x9 __asm__("x9") = 0;

    __asm__ volatile("msr daifclr, #2\n\t"
                     "isb\n\t"
                     "msr daifset, #2"
                     : "+r"(x9)
                     : "r"(x11)
                     : "x10", "memory");
    return x9 != 0;
}

#endif
