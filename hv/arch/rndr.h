/* SPDX-License-Identifier: MIT */
/*
 * The CPU's own source of random numbers, FEAT_RNG.
 */
#ifndef ARCH_RNDR_H
#define ARCH_RNDR_H

#include <stdint.h>

#include "arch/cpu.h"

/* ID_AA64ISAR0_EL1.RNDR (Arm ARM D17.2.61) */
#define ISAR0_RNDR_SHIFT 60

/**
 * rndr_read() - 64 random bits of this CPU's
 *
 * Returns 0 if it has no source, or if that has nothing at present: RNDR itself reads as 0 then.
 */
static inline uint64_t rndr_read(void)
{
    uint64_t value = 0;

    if (read_sysreg(id_aa64isar0_el1) >> ISAR0_RNDR_SHIFT != 0)
        __asm__ volatile("mrs %0, s3_3_c2_c4_0" : "=r"(value) : : "cc"); /* RNDR; sets the flags */
    return value;
}

#endif
