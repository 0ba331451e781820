/* SPDX-License-Identifier: MIT */
/*
 * Data and instruction cache maintenance by virtual address, and zeroing by whole cache blocks.
 * When which of it is needed is mm/handover.h's.
 */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/cpu.h"

/* Arm ARM D13.2.36 (DCZID_EL0): log2 of the block size in words; DC ZVA is prohibited. */
#define DCZID_BS  0xFu
#define DCZID_DZP (1u << 4)
/* Arm ARM D13.2.34 (CTR_EL0): log2 of the smallest lines in words; how instructions are cached. */
#define CTR_IMINLINE       0xFu
#define CTR_L1IP           (3u << 14)
#define CTR_L1IP_PIPT      (3u << 14)
#define CTR_DMINLINE_SHIFT 16
#define CTR_DMINLINE       0xFu
#define CTR_IDC            (1u << 28) /* a store needs no cleaning to be fetched */
#define CTR_DIC            (1u << 29) /* nor any maintenance of instruction caches, beside that */
/* Arm ARM D13.2.69 (ID_AA64MMFR2_EL1): FEAT_S2FWB. */
#define MMFR2_FWB (UINT64_C(15) << 40)

/** The largest block or line that is stepped over at once: a page holds 16 unrolled steps. */
#define CACHE_STEP_MAX 256u

#define CACHE_STEP(operation) operation "add %0, %0, %1\n\t"
#define CACHE_4_STEPS(operation)                                                                   \
    CACHE_STEP(operation) CACHE_STEP(operation) CACHE_STEP(operation) CACHE_STEP(operation)
#define CACHE_STEPS(operation)                                                                     \
    CACHE_4_STEPS(operation)                                                                       \
    CACHE_4_STEPS(operation) CACHE_4_STEPS(operation) CACHE_4_STEPS(operation)

/* @operation, assembly that has the address in %0, at each of @step bytes from @start to @end. */
#define CACHE_LOOP(operation, start, end, step)                                                    \
    do {                                                                                           \
        for (const char *at_ = (start); at_ < (end);)                                              \
            __asm__ volatile(CACHE_STEPS(operation)                                                \
                             : "+r"(at_)                                                           \
                             : "r"((uint64_t)(step))                                               \
                             : "memory");                                                          \
    } while (0)

/** Whether stage 2 can make all of a guest's accesses to memory cacheable (HCR_EL2.FWB). */
static inline bool cache_has_fwb(void)
{
    return (read_sysreg(id_aa64mmfr2_el1) & MMFR2_FWB) != 0;
}

/** Whether what was stored is fetched without maintenance of any cache. */
static inline bool cache_code_is_coherent(void)
{
    return (~read_sysreg(ctr_el0) & (CTR_IDC | CTR_DIC)) == 0;
}

/** Zeroes @bytes at @start, both multiples of 4096, in Normal memory, cacheable or not. */
static inline void cache_zero(void *start, size_t bytes)
{
    uint64_t dczid = read_sysreg(dczid_el0);
    uint64_t block = UINT64_C(4) << (dczid & DCZID_BS);
    const char *end = (const char *)start + bytes;

    if ((dczid & DCZID_DZP) || block > CACHE_STEP_MAX)
        memset(start, 0, bytes);
    else
        CACHE_LOOP("dc zva, %0\n\t", (const char *)start, end, block);
}

/* What log2 words of CTR_EL0 are in bytes. A step shorter than a line does no harm. */
static inline uint64_t cache_step(uint64_t log2_words)
{
    uint64_t bytes = UINT64_C(4) << log2_words;

    return bytes < CACHE_STEP_MAX ? bytes : CACHE_STEP_MAX;
}

/**
 * Cleans and invalidates the lines of @bytes at @start, both multiples of 4096, to the point of
 * coherency: afterwards memory itself has what was written, and no cache has it. Arm ARM D4.4.7:
 * whatever the attributes of the mapping are.
 */
static inline void cache_flush(const void *start, size_t bytes)
{
    uint64_t step = cache_step(read_sysreg(ctr_el0) >> CTR_DMINLINE_SHIFT & CTR_DMINLINE);

    CACHE_LOOP("dc civac, %0\n\t", (const char *)start, (const char *)start + bytes, step);
    dsb_sy();
}

/**
 * The same, and instruction caches forget these lines, on every CPU. Only where lines are found by
 * their physical address does an operation by address reach each copy (Arm ARM D4.4.5): else all
 * instructions are forgotten.
 */
static inline void cache_flush_code(const void *start, size_t bytes)
{
    uint64_t ctr = read_sysreg(ctr_el0);
    uint64_t data_step = cache_step(ctr >> CTR_DMINLINE_SHIFT & CTR_DMINLINE);
    uint64_t step = cache_step(ctr & CTR_IMINLINE);

    step = step < data_step ? step : data_step;
    if ((ctr & CTR_L1IP) == CTR_L1IP_PIPT) {
        CACHE_LOOP("dc civac, %0\n\tic ivau, %0\n\t", (const char *)start,
                   (const char *)start + bytes, step);
    } else {
        cache_flush(start, bytes);
        __asm__ volatile("ic ialluis" : : : "memory");
    }
    dsb_sy();
    isb();
}

#endif
