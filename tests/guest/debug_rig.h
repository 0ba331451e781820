/* SPDX-License-Identifier: MIT */
/*
 * Running code of the kernel's so that debug exceptions are taken, by vectors of its own: the
 * kernel itself runs with them masked.
 */
#ifndef GUEST_DEBUG_RIG_H
#define GUEST_DEBUG_RIG_H

#include <stdint.h>

/** The exception that ended debug_rig_run(). */
struct debug_end {
    uint64_t esr;
    uint64_t elr;
    uint64_t far;
    uint64_t spsr;
};

/**
 * debug_rig_run() - go on at @entry, as EL1, until there is an exception
 * @spsr: the PSTATE to run with, at EL1 on SP_EL1, interrupts masked
 * @end: what the exception was
 * @x0: what the code finds in x0; it may change all registers but SP
 * @mdscr: MDSCR_EL1 while it runs
 *
 * MDSCR_EL1 is 0 afterwards. To be called with interrupts masked.
 */
void debug_rig_run(uint64_t entry, uint64_t spsr, struct debug_end *end, uint64_t x0,
                   uint64_t mdscr);

/* Code to run: up to debug_rig_last one instruction after the other, which needs x0 to be the
 * address of a word; then a system call, which is an exception. */
extern char debug_rig_first[], debug_rig_middle[], debug_rig_store[], debug_rig_last[];

#endif
