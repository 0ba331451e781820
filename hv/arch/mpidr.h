/* SPDX-License-Identifier: MIT */
/*
 * The affinity fields by which a CPU is known: Arm ARM D13.2.101 (MPIDR_EL1).
 */
#ifndef ARCH_MPIDR_H
#define ARCH_MPIDR_H

#include <stdint.h>

/** All of them: Aff3, Aff2, Aff1, Aff0. */
#define MPIDR_AFFINITY UINT64_C(0xFF00FFFFFF)

#define MPIDR_AFF0(mpidr) ((mpidr)&0xFF)
#define MPIDR_AFF1(mpidr) ((mpidr) >> 8 & 0xFF)
#define MPIDR_AFF2(mpidr) ((mpidr) >> 16 & 0xFF)
#define MPIDR_AFF3(mpidr) ((mpidr) >> 32 & 0xFF)

/** The four side by side, as GICR_TYPER has them (IHI 0069, 12.11.37). */
static inline uint32_t mpidr_packed(uint64_t mpidr)
{
    return (uint32_t)(MPIDR_AFF3(mpidr) << 24 | (mpidr & 0xFFFFFF));
}

#endif
