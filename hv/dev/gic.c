/* SPDX-License-Identifier: MIT */
/*
 * The choice of a driver, and what both drivers do alike.
 */
#include "dev/gic.h"

#include "dev/gic_regs.h"
#include "dev/intid.h"
#include "dev/machine.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"

/* Mid-range, so that they pass any mask; in every byte of the word. */
#define PRIORITY 0xA0A0A0A0u

/*
 * The end of a time slice is acknowledged before anything that guests can cause, kicks above all.
 * No interrupt preempts another: EL2 takes none, and drops the priority as it has acknowledged one.
 */
#define HYP_TIMER_PRIORITY 0x80u

const struct gic_ops *gic;
struct gic_limits gic_limits;

void gic_init(void)
{
    if (IS_ENABLED(CONFIG_GICV2) && machine.gic_version == 2)
        gic = &gicv2_ops;
    else if (IS_ENABLED(CONFIG_GICV3) && machine.gic_version == 3)
        gic = &gicv3_ops;
    else
        panic("the machine has a GICv%u, whose driver was not configured", machine.gic_version);
    gic->init();
}

void gic_init_pcpu(void)
{
    gic->init_pcpu();
}

bool gic_has_pcpu(uint32_t pcpu_index)
{
    return gic->has_pcpu(pcpu_index);
}

void gic_set_edge(uint32_t intid, bool edge)
{
    uintptr_t at = (uintptr_t)machine.gicd.base.pa + GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = 2u << (intid % 16 * 2);
    uint32_t before = io_read32(at);

    io_write32(at, edge ? before | bit : before & ~bit);
}

void gic_reset_bank(uintptr_t frame, uint32_t bank)
{
    io_write32(frame + GICD_ICENABLER + 4 * bank, UINT32_MAX);
    io_write32(frame + GICD_ICPENDR + 4 * bank, UINT32_MAX);
    io_write32(frame + GICD_ICACTIVER + 4 * bank, UINT32_MAX);
    for (uint32_t i = 0; i < 32; i += 4)
        io_write32(frame + GICD_IPRIORITYR + 32 * bank + i, PRIORITY);
    if (bank == 0)
        io_write8(frame + GICD_IPRIORITYR + ppi.hyp_timer, HYP_TIMER_PRIORITY);
}
