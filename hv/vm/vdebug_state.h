/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a vCPU's debug registers (virt/vdebug.h).
 */
#ifndef VM_VDEBUG_STATE_H
#define VM_VDEBUG_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/debug.h"

/** Of a loaded vCPU, its physical CPU's; of one that waits, nobody's to change. */
struct vdebug {
    uint32_t mdscr; /* MDSCR_EL1 */
    uint8_t claims; /* what DBGCLAIMSET_EL1 has set */
    bool is_locked; /* the OS lock */
    struct debug_points points;
};

#endif
