/* SPDX-License-Identifier: MIT */
/*
 * Address translation by the CPU: stage 1 of EL1&0 (Arm ARM C5.4, D17.2.105).
 */
#ifndef ARCH_AT_H
#define ARCH_AT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"

#define PAR_FAULT   UINT64_C(1)
#define PAR_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

/**
 * at_stage1() - PAR_EL1 of translating @va, which is any
 * @write: as for a store
 * @el0: as for a program
 *
 * PAR_EL1 is left as it was.
 */
static inline uint64_t at_stage1(uint64_t va, bool write, bool el0)
{
    uint64_t before = read_sysreg(par_el1);
    uint64_t par;

    if (el0 && write)
        __asm__ volatile("at s1e0w, %0" : : "r"(va));
    else if (el0)
        __asm__ volatile("at s1e0r, %0" : : "r"(va));
    else if (write)
        __asm__ volatile("at s1e1w, %0" : : "r"(va));
    else
        __asm__ volatile("at s1e1r, %0" : : "r"(va));
    isb();
    par = read_sysreg(par_el1);
    write_sysreg(par_el1, before);
    return par;
}

#endif
