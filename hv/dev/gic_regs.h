/* SPDX-License-Identifier: MIT */
/*
 * Memory-mapped registers that GICv2 and GICv3 share, physical and emulated alike: the distributor
 * (IHI 0069, 12.9; IHI 0048, 4.3) and, for SGIs and PPIs of a GICv3, the redistributor's second
 * frame, which repeats the distributor's layout (IHI 0069, 12.11).
 */
#ifndef DEV_GIC_REGS_H
#define DEV_GIC_REGS_H

#include <stdint.h>

#include "arm64/io.h"

#define GICD_CTLR  0x0000
#define GICD_TYPER 0x0004
#define GICD_IIDR  0x0008

/* A bit for each interrupt, from here on 0x80 bytes each. */
#define GICD_IGROUPR   0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR   0x0200
#define GICD_ICPENDR   0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380

#define GICD_IPRIORITYR 0x0400 /* 8 bits each */
#define GICD_ITARGETSR  0x0800 /* 8 bits each; GICv2 */
#define GICD_ICFGR      0x0C00 /* 2 bits each, the upper one set for edge-triggered */
#define GICD_ICFGR_END  0x0D00

#define GICD_SGIR      0x0F00 /* GICv2 */
#define GICD_CPENDSGIR 0x0F10 /* GICv2, 8 bits for each SGI */
#define GICD_SPENDSGIR 0x0F20 /* GICv2 */
#define GICD_SGI_END   0x0F30
#define GICV2_PIDR2    0x0FE8
#define GICD_IROUTER   0x6000 /* GICv3, 64 bits each, none for 0 to 31 */
#define GICV3_PIDR2    0xFFE8 /* of the distributor and of a redistributor */

/* GICD_CTLR. The names are those of a GIC with one security state. */
#define GICD_CTLR_ENABLE_GROUP0 (1u << 0)
#define GICD_CTLR_ENABLE_GROUP1 (1u << 1)
#define GICD_CTLR_ARE           (1u << 4)
#define GICD_CTLR_DS            (1u << 6)
#define GICD_CTLR_RWP           (1u << 31)

#define GICD_TYPER_LINES(typer) (((typer)&0x1F) + 1) /* 32 INTIDs each */
#define GICD_TYPER_CPUS_SHIFT   5
#define GICD_TYPER_IDBITS_SHIFT 19
#define GICD_TYPER_A3V          (1u << 24) /* Aff3 may be other than 0 */
#define GICD_TYPER_NO_1_OF_N    (1u << 25)

/* Redistributor: the control frame, then the frame of SGIs and PPIs. */
#define GICR_CTLR      0x0000
#define GICR_IIDR      0x0004
#define GICR_TYPER     0x0008
#define GICR_WAKER     0x0014
#define GICR_SGI_FRAME 0x10000
#define GICR_BYTES     0x20000

#define GICR_CTLR_RWP              (1u << 3)
#define GICR_TYPER_VLPIS           (UINT64_C(1) << 1) /* GICv4: two more frames */
#define GICR_TYPER_LAST            (UINT64_C(1) << 4)
#define GICR_TYPER_NUMBER_SHIFT    8
#define GICR_TYPER_AFFINITY_SHIFT  32
#define GICR_WAKER_PROCESSOR_SLEEP (1u << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1u << 2)

/** Writes a 1 for one interrupt to a register of the kind that has a bit for each. */
static inline void gic_write_bit(uintptr_t frame, uintptr_t first, uint32_t intid)
{
    io_write32(frame + first + 4 * (intid / 32), 1u << (intid % 32));
}

/** Disables 32 interrupts from INTID 32 * @bank, clears their state, gives them our priorities. */
void gic_reset_bank(uintptr_t frame, uint32_t bank);

#endif
