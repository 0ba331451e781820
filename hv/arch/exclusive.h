/* SPDX-License-Identifier: MIT */
/*
 * Bits of a word that others are changing, one try at a time: an exclusive load and store, or the
 * one instruction of CPUs that have FEAT_LSE, which cannot fail.
 */
#ifndef ARCH_EXCLUSIVE_H
#define ARCH_EXCLUSIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "arch/id.h"

#define ISAR0_ATOMIC_SHIFT 20 /* ID_AA64ISAR0_EL1.Atomic: 2 with FEAT_LSE */

/** What becomes of the bits. */
enum exclusive_change { EXCLUSIVE_SET, EXCLUSIVE_CLEAR };

/**
 * exclusive_try() - change bits, unless somebody writes to the word meanwhile
 * @before: what the word was, if it was changed
 *
 * Returns whether it was changed; acquire and release then (Arm ARM B2.12).
 */
static inline bool exclusive_try(uint64_t *word, enum exclusive_change change, uint64_t bits,
                                 uint64_t *before)
{
    uint64_t after;
    uint32_t failed;

    if (change == EXCLUSIVE_SET)
        __asm__ volatile("ldaxr %0, %3\n\torr %1, %0, %4\n\tstlxr %w2, %1, %3"
                         : "=&r"(*before), "=&r"(after), "=&r"(failed), "+Q"(*word)
                         : "r"(bits)
                         : "memory");
    else
        __asm__ volatile("ldaxr %0, %3\n\tbic %1, %0, %4\n\tstlxr %w2, %1, %3"
                         : "=&r"(*before), "=&r"(after), "=&r"(failed), "+Q"(*word)
                         : "r"(bits)
                         : "memory");
    return failed == 0;
}

/** exclusive_has_lse() - whether the CPU this runs on has FEAT_LSE */
static inline bool exclusive_has_lse(void)
{
    return id_field(read_sysreg(id_aa64isar0_el1), ISAR0_ATOMIC_SHIFT) >= 2;
}

/** exclusive_lse() - change bits by one instruction of FEAT_LSE; returns what the word was */
static inline uint64_t exclusive_lse(uint64_t *word, enum exclusive_change change, uint64_t bits)
{
    uint64_t before;

    if (change == EXCLUSIVE_SET)
        __asm__ volatile(".arch_extension lse\n\tldsetal %2, %0, %1\n\t.arch_extension nolse"
                         : "=r"(before), "+Q"(*word)
                         : "r"(bits)
                         : "memory");
    else
        __asm__ volatile(".arch_extension lse\n\tldclral %2, %0, %1\n\t.arch_extension nolse"
                         : "=r"(before), "+Q"(*word)
                         : "r"(bits)
                         : "memory");
    return before;
}

#endif
