/* SPDX-License-Identifier: MIT */
/*
 * The machine's PL031 real-time clock (Arm DDI 0224), of which only the time is read.
 */
#ifndef DEV_PL031_H
#define DEV_PL031_H

#include <stdint.h>

#include "arm64/io.h"

/** RTCDR (section 3.3.1) */
#define PL031_DR 0x000

/** pl031_read() - seconds since 1970-01-01 00:00 UTC; @base is its registers, mapped at EL2 */
static inline uint32_t pl031_read(uintptr_t base)
{
    return io_read32(base + PL031_DR);
}

#endif
