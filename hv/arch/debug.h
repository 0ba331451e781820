/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints and watchpoints of the CPU this runs on, and MDSCR_EL1, which makes them count. What
 * a guest finds in these registers is virt/vdebug.h's.
 */
#ifndef ARCH_DEBUG_H
#define ARCH_DEBUG_H

#include <stdint.h>

/** The most breakpoints, and the most watchpoints, that the architecture has (Arm ARM D2.8). */
#define DEBUG_NR_POINTS 16

/* MDSCR_EL1 (D17.3.20) */
#define MDSCR_SS   (UINT64_C(1) << 0)
#define MDSCR_TDCC (UINT64_C(1) << 12)
#define MDSCR_KDE  (UINT64_C(1) << 13)
#define MDSCR_MDE  (UINT64_C(1) << 15)

/* ID_AA64DFR0_EL1: how many there are, less one. */
#define DFR0_BRPS_SHIFT     12
#define DFR0_WRPS_SHIFT     20
#define DFR0_CTX_CMPS_SHIFT 28

/** What one is: DBGBVRn_EL1 and DBGBCRn_EL1, or DBGWVRn_EL1 and DBGWCRn_EL1. */
struct debug_point {
    uint64_t value;
    uint64_t control;
};

struct debug_points {
    struct debug_point breaks[DEBUG_NR_POINTS];
    struct debug_point watches[DEBUG_NR_POINTS];
};

/** debug_load() - write @points, as many as this CPU has. No isb(): the ERET synchronises. */
void debug_load(const struct debug_points *points);

/** debug_init_pcpu() - nothing that firmware left is in force, and no lock holds a guest's back */
void debug_init_pcpu(void);

#endif
