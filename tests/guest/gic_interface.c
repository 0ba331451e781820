/* SPDX-License-Identifier: MIT */
/*
 * The CPU interface for gic_rig.h: memory-mapped on a GICv2 (IHI 0048 4.4), by system registers on
 * a GICv3 (IHI 0069 12.2). The kernel's interrupts are of group 0 on the former, 1 on the latter.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv2.h"
#include "dev/gicv3.h"
#include "gic_rig.h"
#include "lib/time.h"

#define GICC_CTLR  0x0000
#define GICC_PMR   0x0004
#define GICC_BPR   0x0008
#define GICC_IAR   0x000C
#define GICC_EOIR  0x0010
#define GICC_RPR   0x0014
#define GICC_HPPIR 0x0018
#define GICC_APR   0x00D0
#define GICC_DIR   0x1000

#define GICC_CTLR_ENABLE 1u
#define GICC_CTLR_SPLIT  (1u << 9) /* EOImode */

#define ICC_DIR_EL1    S3_0_C12_C11_1
#define ICC_RPR_EL1    S3_0_C12_C11_3
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_BPR1_EL1   S3_0_C12_C12_3
#define ICC_AP1R0_EL1  S3_0_C12_C9_0

#define ICC_CTLR_SPLIT 2u /* EOImode */

/* Group priority in bits 7:5: a binary point for group 1 counts from one bit higher. */
#define BPR_GROUPED_V2 4u
#define BPR_GROUPED_V3 5u

#define WAIT_US 200

static bool is_v3(void)
{
    return gic->version == 3;
}

static uint64_t gicc(uint32_t offset)
{
    return gicv2_cpu_interface() + offset;
}

uint32_t gic_rig_take_source(uint32_t *ack)
{
    uint64_t end = cpu_ticks() + time_us_to_ticks(WAIT_US);

    do {
        *ack = gic->acknowledge();
    } while ((*ack & GIC_ACK_INTID) == RIG_SPURIOUS && cpu_ticks() < end);
    return *ack & GIC_ACK_INTID;
}

uint32_t gic_rig_take(void)
{
    uint32_t ack;

    return gic_rig_take_source(&ack);
}

bool gic_rig_none(void)
{
    return gic_rig_take() == RIG_SPURIOUS;
}

void gic_rig_end(uint32_t ack)
{
    gic->end(ack);
}

void gic_rig_deactivate(uint32_t ack)
{
    if (is_v3()) {
        write_icc(ICC_DIR_EL1, ack);
        isb();
    } else {
        io_write32(gicc(GICC_DIR), ack);
    }
}

void gic_rig_split_eoi(bool split)
{
    if (is_v3()) {
        write_icc(ICC_CTLR_EL1, split ? ICC_CTLR_SPLIT : 0);
        isb();
    } else {
        io_write32(gicc(GICC_CTLR), GICC_CTLR_ENABLE | (split ? GICC_CTLR_SPLIT : 0));
    }
}

uint32_t gic_rig_running(void)
{
    return is_v3() ? (uint32_t)read_icc(ICC_RPR_EL1) : io_read32(gicc(GICC_RPR));
}

/* 0 is among the few values that may be written (IHI 0048 4.4.11, IHI 0069 12.2.2). */
void gic_rig_drop(void)
{
    if (is_v3()) {
        write_icc(ICC_AP1R0_EL1, 0);
        isb();
    } else {
        io_write32(gicc(GICC_APR), 0);
    }
}

uint32_t gic_rig_highest_pending(void)
{
    uint32_t value = is_v3() ? (uint32_t)read_icc(ICC_HPPIR1_EL1) : io_read32(gicc(GICC_HPPIR));

    return value & GIC_ACK_INTID;
}

void gic_rig_set_mask(uint32_t priority)
{
    if (is_v3()) {
        write_icc(ICC_PMR_EL1, priority);
        isb();
    } else {
        io_write32(gicc(GICC_PMR), priority);
    }
}

void gic_rig_group_priorities(bool grouped)
{
    if (is_v3()) {
        write_icc(ICC_BPR1_EL1, grouped ? BPR_GROUPED_V3 : 0);
        isb();
    } else {
        io_write32(gicc(GICC_BPR), grouped ? BPR_GROUPED_V2 : 0);
    }
}
