/* SPDX-License-Identifier: MIT */
/*
 * Data and instruction cache maintenance by virtual address, and zeroing by whole cache blocks.
 */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/cpu.h"

/* Arm ARM D13.2.36 (DCZID_EL0): log2 of the block size in words; DC ZVA is prohibited. */
#define DCZID_BS  0xFu
#define DCZID_DZP (1u << 4)
/* Arm ARM D13.2.34 (CTR_EL0): log2 of the smallest data cache line in words. */
#define CTR_DMINLINE_SHIFT 16
#define CTR_DMINLINE       0xFu

/** The largest block of DC ZVA that cache_zero() uses: a page holds its 8 unrolled steps. */
#define CACHE_ZERO_BLOCK_MAX 512u

#define CACHE_ZERO_STEP "dc zva, %0\n\tadd %0, %0, %1\n\t"

/** Zeroes @bytes at @start, both multiples of 4096. */
static inline void cache_zero(void *start, size_t bytes)
{
    uint64_t dczid = read_sysreg(dczid_el0);
    uint64_t block = UINT64_C(4) << (dczid & DCZID_BS);
    char *at = start;
    char *end = at + bytes;

    if ((dczid & DCZID_DZP) || block > CACHE_ZERO_BLOCK_MAX) {
        memset(start, 0, bytes);
        return;
    }
    while (at < end) {
        __asm__ volatile(CACHE_ZERO_STEP CACHE_ZERO_STEP CACHE_ZERO_STEP CACHE_ZERO_STEP
                             CACHE_ZERO_STEP CACHE_ZERO_STEP CACHE_ZERO_STEP CACHE_ZERO_STEP
                         : "+r"(at)
                         : "r"(block)
                         : "memory");
    }
}

/** Writes the lines of @bytes at @start back to the point of coherency: memory itself. */
static inline void cache_clean_poc(const void *start, size_t bytes)
{
    uint64_t line = UINT64_C(4) << (read_sysreg(ctr_el0) >> CTR_DMINLINE_SHIFT & CTR_DMINLINE);
    uintptr_t end = (uintptr_t)start + bytes;

    for (uintptr_t at = (uintptr_t)start & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
    dsb_sy();
}

/** Forgets all cached instructions, on every CPU. */
static inline void cache_invalidate_instructions(void)
{
    __asm__ volatile("ic ialluis" : : : "memory");
    dsb_ish();
    isb();
}

#endif
