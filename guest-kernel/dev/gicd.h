/* SPDX-License-Identifier: MIT */
/*
 * Distributor registers that GICv2 and GICv3 share (IHI 0069 §12.9, IHI 0048 §4.3). A GICv3
 * redistributor's SGI frame has the same ones for interrupts 0 to 31.
 */
#ifndef DEV_GICD_H
#define DEV_GICD_H

#include <stdint.h>

#include "arm64/io.h"
#include "dev/gic.h"

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_SGIR       0xF00
#define GICD_IROUTER    0x6000

#define GICD_SGIR_SELF (2u << 24) /* TargetListFilter: to the writer */

#define GICD_TYPER_LINES 0x1F /* 32 * (this + 1) interrupts */

/** The address of an interrupt's word in a register file with one bit for each. */
static inline uint64_t gicd_bit_word(uint64_t base, uint32_t file, uint32_t intid)
{
    return base + file + intid / 32 * 4;
}

static inline uint32_t gicd_bit(uint32_t intid)
{
    return UINT32_C(1) << intid % 32;
}

static inline void gicd_set_priority(uint64_t base, uint32_t intid)
{
    io_write8(base + GICD_IPRIORITYR + intid, GIC_PRIORITY);
}

static inline void gicd_enable(uint64_t base, uint32_t intid)
{
    io_write32(gicd_bit_word(base, GICD_ISENABLER, intid), gicd_bit(intid));
}

static inline void gicd_disable(uint64_t base, uint32_t intid)
{
    io_write32(gicd_bit_word(base, GICD_ICENABLER, intid), gicd_bit(intid));
}

/** Disables all shared interrupts, whatever the firmware left enabled. */
static inline void gicd_disable_all(uint64_t base)
{
    uint32_t lines = io_read32(base + GICD_TYPER) & GICD_TYPER_LINES;

    for (uint32_t word = 1; word <= lines; word++)
        io_write32(base + GICD_ICENABLER + word * 4, UINT32_MAX);
}

#endif
