/* SPDX-License-Identifier: MIT */
/*
 * See gic_rig.h: the distributor's side and the state of the rig. The CPU interface is in
 * gic_interface.c.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "dev/irq.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define IROUTER_AFFINITY UINT64_C(0xFF00FFFFFF)

/*
 * Documented differences.
 *
 * - Stile has 64 SPIs, 5 bits of priority (what the hardware's list registers hold), no LPIs.
 * - QEMU's GICv2 stores target bits of CPUs that do not exist (IHI 0048 4.3.12: RAZ/WI). What is
 *   made pending by GICD_ISPENDR is pending on each CPU that is a target just then, for each to
 *   take and whatever the targets are later (1.4.3: one takes it; 4.3.7: PPIs are banked). Words
 *   can be accessed by byte (4.1.4 allows that only of a few registers).
 * - QEMU's GICv3 has 32 INTIDs more than GICD_TYPER.ITLinesNumber tells (12.9.38), and keeps all 64
 *   bits of GICD_IROUTER (12.9.22: some are reserved).
 * - With both, what is pending of a group that the CPU interface does not take hides what is less
 *   urgent. So it does on Stile's GICv2, whose CPU interface is QEMU's virtual one.
 * - QEMU's CPUs do not fault on accesses to device memory that are not aligned (Arm ARM B2.5.2).
 */
static const struct gic_traits all_traits[] = {
    {.name = "Stile's GICv2",
     .version = 2,
     .iidr = 0x5300043B,
     .nr_intids = 96,
     .priority_bits = 5,
     .groups_hide = true,
     .is_stile = true},
    {.name = "Stile's GICv3",
     .version = 3,
     .iidr = 0x5300043B,
     .nr_intids = 96,
     .priority_bits = 5,
     .is_stile = true},
    {.name = "QEMU's GICv2",
     .version = 2,
     .iidr = 0x43B,
     .nr_intids = 288,
     .priority_bits = 8,
     .stores_absent_targets = true,
     .pends_by_target = true,
     .groups_hide = true,
     .any_width = true,
     .takes_unaligned = true},
    {.name = "QEMU's GICv3",
     .version = 3,
     .iidr = 0x43B,
     .nr_intids = 256,
     .priority_bits = 8,
     .lpis = true,
     .tells_too_few = true,
     .stores_irouter_whole = true,
     .groups_hide = true,
     .takes_unaligned = true},
};

static uint64_t flags; /* of the thread that set the rig up */

const struct gic_traits *gic_rig_traits(void)
{
    if (gic_distributor() == 0)
        return NULL;
    uint32_t iidr = io_read32(gic_distributor() + GICD_IIDR);

    for (size_t i = 0; i < sizeof(all_traits) / sizeof(all_traits[0]); i++) {
        if (all_traits[i].version == gic->version && all_traits[i].iidr == iidr)
            return &all_traits[i];
    }
    ktf_log("GICv%u, IIDR %08x", gic->version, iidr);
    return NULL;
}

void gic_rig_need_gic(void)
{
    if (gic_distributor() == 0)
        SKIP("the machine has no GIC");
}

/* --- registers --- */

uint64_t gic_rig_own_frame(void)
{
    return gicv3_redistributor(smp_cpu()->index);
}

/* Where the registers of an interrupt are: a GICv3 has those of SGIs and PPIs elsewhere. */
static uint64_t frame_of(uint32_t intid)
{
    if (gic->version == 3 && intid < IRQ_FIRST_SPI)
        return gic_rig_own_frame() + GICR_SGI_FRAME;
    return gic_distributor();
}

uint64_t gic_rig_word(uint32_t file, uint32_t intid)
{
    return gicd_bit_word(frame_of(intid), file, intid);
}

uint64_t gic_rig_priority(uint32_t intid)
{
    return frame_of(intid) + GICD_IPRIORITYR + intid;
}

void gic_rig_write_bit(uint32_t file, uint32_t intid)
{
    io_write32(gic_rig_word(file, intid), gicd_bit(intid));
}

bool gic_rig_read_bit(uint32_t file, uint32_t intid)
{
    return io_read32(gic_rig_word(file, intid)) & gicd_bit(intid);
}

void gic_rig_set_edge(uint32_t intid, bool edge)
{
    uint64_t word = frame_of(intid) + GICD_ICFGR + intid / 16 * 4;
    uint32_t bit = 2u << intid % 16 * 2;
    uint32_t value = io_read32(word);

    io_write32(word, edge ? value | bit : value & ~bit);
}

void gic_rig_route(uint32_t intid, uint32_t cpu)
{
    uint64_t gicd = gic_distributor();

    if (gic->version == 3)
        io_write64(gicd + GICD_IROUTER + 8 * (uint64_t)intid,
                   machine.mpidr[cpu] & IROUTER_AFFINITY);
    else
        io_write8(gicd + GICD_ITARGETSR + intid, (uint8_t)(1u << cpu));
}

void gic_rig_enable(uint32_t intid, uint32_t priority)
{
    io_write8(gic_rig_priority(intid), (uint8_t)priority);
    gic_rig_write_bit(GICD_ISENABLER, intid);
}

void gic_rig_pend(uint32_t intid)
{
    if (gic->version == 2 && intid < 16)
        io_write8(gic_distributor() + GICD_SPENDSGIR + intid, (uint8_t)(1u << smp_cpu()->index));
    else
        gic_rig_write_bit(GICD_ISPENDR, intid);
    dsb_sy();
}

void gic_rig_settle(void)
{
    if (gic->version != 3)
        return;
    while (io_read32(gic_distributor() + GICD_CTLR) & GICD_CTLR_RWP)
        ;
    while (io_read32(gic_rig_own_frame() + GICR_CTLR) & (1u << 3))
        ;
}

/* --- the rig --- */

void gic_rig_clear(uint32_t intid)
{
    if (gic->version == 2 && intid < 16)
        io_write8(gic_distributor() + GICD_CPENDSGIR + intid, 0xFF);
    else
        gic_rig_write_bit(GICD_ICPENDR, intid);
    gic_rig_write_bit(GICD_ICACTIVER, intid);
}

void gic_rig_quiet(uint32_t intid)
{
    gic_rig_write_bit(GICD_ICENABLER, intid);
    gic_rig_settle();
    gic_rig_clear(intid);
    io_write8(gic_rig_priority(intid), GIC_PRIORITY);
    if (gic->version == 3)
        io_write32(gic_rig_word(GICD_IGROUPR, intid),
                   io_read32(gic_rig_word(GICD_IGROUPR, intid)) | gicd_bit(intid));
    if (intid >= 16)
        gic_rig_set_edge(intid, intid >= IRQ_FIRST_SPI);
}

static void quiet_all(void)
{
    gic_rig_quiet(RIG_SGI);
    gic_rig_quiet(RIG_PPI);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_quiet(RIG_SPI + i);
}

void gic_rig_setup(void)
{
    flags = irq_save();
    quiet_all();
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_route(RIG_SPI + i, smp_cpu()->index);
    gic_rig_set_mask(RIG_MASK);
}

void gic_rig_teardown(void)
{
    quiet_all();
    gic_rig_write_bit(GICD_ISENABLER, RIG_SGI); /* as the driver has all SGIs */
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_route(RIG_SPI + i, 0);
    gic_rig_split_eoi(false);
    gic_rig_group_priorities(false);
    gic_rig_set_mask(GIC_PRIORITY_MASK);
    irq_restore(flags);
}
