/* SPDX-License-Identifier: MIT */
/*
 * Indices that come from a guest, under speculation. A bound that was checked holds only once the
 * branch is resolved: until then the CPU may have gone on as if an index beyond it were good, and
 * what it loads with it leaves traces in the caches that a guest can measure (CVE-2017-5753).
 */
#ifndef ARCH_CLAMP_H
#define ARCH_CLAMP_H

#include <stdint.h>

/**
 * clamp() - an index that is below a bound under speculation, too
 * @index: has been checked to be below @bound
 * @bound: not 0; a power of two that is a constant costs one instruction, any other three
 *
 * Returns @index where the check holds, and something else below @bound where the CPU only supposes
 * that it does: a dependency of data, which is not predicted (Arm ARM B2.3.7, CSDB). In assembly,
 * since a compiler knows of the check, and would leave out what changes nothing.
 */
static inline __attribute__((always_inline)) uint64_t clamp(uint64_t index, uint64_t bound)
{
    uint64_t clamped;

    if (__builtin_constant_p(bound) && bound > 1 && (bound & (bound - 1)) == 0)
        __asm__("and %0, %1, %2" : "=r"(clamped) : "r"(index), "rL"(bound - 1));
    else
        __asm__("cmp %1, %2\n\tcsel %0, %1, xzr, lo\n\tcsdb"
                : "=r"(clamped)
                : "r"(index), "rI"(bound)
                : "cc");
    return clamped;
}

#endif
