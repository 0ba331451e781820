/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/exclusive.h on the host: a test says how many tries fail.
 */
#ifndef ARCH_EXCLUSIVE_H
#define ARCH_EXCLUSIVE_H

#include <stdbool.h>
#include <stdint.h>

enum exclusive_change { EXCLUSIVE_SET, EXCLUSIVE_CLEAR };

/** How many tries from now on fail, and whether the CPU has FEAT_LSE. Weak: one for the program. */
__attribute__((weak)) uint32_t fake_exclusive_failures;
__attribute__((weak)) bool fake_exclusive_has_lse;

static inline uint64_t exclusive_lse(uint64_t *word, enum exclusive_change change, uint64_t bits)
{
    return change == EXCLUSIVE_SET ? __atomic_fetch_or(word, bits, __ATOMIC_ACQ_REL)
                                   : __atomic_fetch_and(word, ~bits, __ATOMIC_ACQ_REL);
}

static inline bool exclusive_try(uint64_t *word, enum exclusive_change change, uint64_t bits,
                                 uint64_t *before)
{
    if (fake_exclusive_failures > 0) {
        fake_exclusive_failures--;
        return false;
    }
    *before = exclusive_lse(word, change, bits);
    return true;
}

static inline bool exclusive_has_lse(void)
{
    return fake_exclusive_has_lse;
}

#endif
