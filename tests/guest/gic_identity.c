/* SPDX-License-Identifier: MIT */
/*
 * What an interrupt controller says it is, and its control registers: GICD_TYPER, IIDR, PIDR2,
 * CTLR (IHI 0048 4.3, IHI 0069 12.9), and a GICv3's redistributors (12.11).
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define TYPER_CPUS(typer)   (((typer) >> 5 & 7) + 1)
#define TYPER_SECURITY      (1u << 10)
#define TYPER_IDBITS(typer) (((typer) >> 19 & 0x1F) + 1)
#define GICV2_PIDR2         0x0FE8
#define GICV3_PIDR2         0xFFE8
#define PIDR2_REVISION(x)   ((x) >> 4 & 0xF)

#define GICR_TYPER_PLPIS       (UINT64_C(1) << 0)
#define GICR_TYPER_LAST        (UINT64_C(1) << 4)
#define GICR_TYPER_NUMBER(t)   ((t) >> 8 & 0xFFFF)
#define GICR_TYPER_AFFINITY(t) ((t) >> 32)
#define GICR_CTLR_ENABLE_LPIS  (1u << 0)
#define GICR_WAKER_SLEEP       (1u << 1)
#define GICR_WAKER_ASLEEP      (1u << 2)

static const struct gic_traits *traits;

static void find_traits(void)
{
    traits = gic_rig_traits();
    if (!traits)
        SKIP("no GIC, or one whose documented differences are not known");
    ktf_log("this is %s", traits->name);
}

KTF_SUITE(gic_identity, .suite_setup = find_traits, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

static uint32_t gicd_read(uint32_t offset)
{
    return io_read32(gic_distributor() + offset);
}

static void gicd_write(uint32_t offset, uint32_t value)
{
    io_write32(gic_distributor() + offset, value);
}

static uint32_t pidr2_offset(void)
{
    return gic->version == 3 ? GICV3_PIDR2 : GICV2_PIDR2;
}

KTF_TEST(gic_identity, the_distributor_tells_what_it_has)
{
    uint32_t typer = gicd_read(GICD_TYPER);

    EXPECT_EQ(32 * ((typer & GICD_TYPER_LINES) + 1), traits->nr_intids);
    EXPECT_EQ(typer & TYPER_SECURITY, 0);
    if (gic->version == 2) {
        EXPECT_EQ(TYPER_CPUS(typer), machine.nr_cpus);
    } else {
        EXPECT_GE(TYPER_IDBITS(typer), 10);
    }
}

KTF_TEST(gic_identity, the_revision_is_the_architectures)
{
    EXPECT_EQ(PIDR2_REVISION(gicd_read(pidr2_offset())), gic->version);
}

KTF_TEST(gic_identity, what_it_is_cannot_be_written)
{
    const uint32_t offsets[] = {GICD_TYPER, GICD_IIDR, pidr2_offset()};

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint32_t before = gicd_read(offsets[i]);
        gicd_write(offsets[i], ~before);
        EXPECT_EQ(gicd_read(offsets[i]), before);
    }
}

KTF_TEST(gic_identity, there_is_nothing_past_the_last_interrupt)
{
    static const uint32_t files[] = {GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                     GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER};

    if (traits->tells_too_few)
        SKIP("documented: this one has more than it tells");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        uint64_t word = gicd_bit_word(gic_distributor(), files[i], traits->nr_intids);
        io_write32(word, UINT32_MAX);
        EXPECT_EQ(io_read32(word), 0);
    }
    uint64_t priority = gic_distributor() + GICD_IPRIORITYR + traits->nr_intids;
    io_write32(priority, UINT32_MAX);
    EXPECT_EQ(io_read32(priority), 0);
}

/* --- GICD_CTLR --- */

KTF_TEST(gic_identity, the_groups_can_be_switched)
{
    uint32_t before = gicd_read(GICD_CTLR);
    uint32_t fixed = gic->version == 3 ? GICD_CTLR_ARE | GICD_CTLR_DS : 0;

    for (uint32_t enables = 0; enables <= GICD_CTLR_ENABLES; enables++) {
        gicd_write(GICD_CTLR, fixed | enables);
        gic_rig_settle();
        EXPECT_EQ(gicd_read(GICD_CTLR), fixed | enables);
    }
    gicd_write(GICD_CTLR, before);
}

KTF_TEST(gic_identity, affinity_routing_and_the_one_security_state_are_fixed)
{
    uint32_t before = gicd_read(GICD_CTLR);

    if (gic->version != 3)
        SKIP("a GICv2 has neither");
    gicd_write(GICD_CTLR, before & ~(GICD_CTLR_ARE | GICD_CTLR_DS));
    gic_rig_settle();
    EXPECT_EQ(gicd_read(GICD_CTLR) & (GICD_CTLR_ARE | GICD_CTLR_DS), GICD_CTLR_ARE | GICD_CTLR_DS);
    gicd_write(GICD_CTLR, before);
}

KTF_TEST(gic_identity, a_disabled_distributor_forwards_nothing)
{
    uint32_t before = gicd_read(GICD_CTLR);

    gic_rig_enable(RIG_SPI, 0x40);
    gicd_write(GICD_CTLR, before & ~GICD_CTLR_ENABLES);
    gic_rig_settle();
    gic_rig_pend(RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, RIG_SPI));
    gicd_write(GICD_CTLR, before);
    gic_rig_settle();
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_end(RIG_SPI);
}

/* --- redistributors --- */

#define NO_REDISTRIBUTORS "a GICv2 has no redistributors"

KTF_TEST(gic_identity, there_is_a_redistributor_for_each_cpu)
{
    if (gic->version != 3)
        SKIP(NO_REDISTRIBUTORS);
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        uint64_t base = gicv3_redistributor(i);
        uint64_t typer = io_read64(base + GICR_TYPER);
        EXPECT_EQ(base, gicv3_redistributor(0) + (uint64_t)i * GICR_STRIDE);
        EXPECT_EQ(GICR_TYPER_AFFINITY(typer), machine.mpidr[i] & 0xFFFFFF);
        EXPECT_EQ(GICR_TYPER_NUMBER(typer), i);
        EXPECT_EQ((typer & GICR_TYPER_LAST) != 0, i == machine.nr_cpus - 1);
        EXPECT_EQ((typer & GICR_TYPER_PLPIS) != 0, traits->lpis);
    }
}

KTF_TEST(gic_identity, a_redistributors_type_can_be_read_in_halves)
{
    if (gic->version != 3)
        SKIP(NO_REDISTRIBUTORS);
    uint64_t base = gic_rig_own_frame();
    uint64_t typer = io_read64(base + GICR_TYPER);

    EXPECT_EQ(io_read32(base + GICR_TYPER), (uint32_t)typer);
    EXPECT_EQ(io_read32(base + GICR_TYPER + 4), typer >> 32);
    io_write64(base + GICR_TYPER, ~typer);
    EXPECT_EQ(io_read64(base + GICR_TYPER), typer);
}

KTF_TEST(gic_identity, a_redistributor_is_of_the_same_make)
{
    if (gic->version != 3)
        SKIP(NO_REDISTRIBUTORS);
    EXPECT_EQ(io_read32(gic_rig_own_frame() + GICR_IIDR), gicd_read(GICD_IIDR));
    EXPECT_EQ(PIDR2_REVISION(io_read32(gic_rig_own_frame() + GICV3_PIDR2)), 3);
}

KTF_TEST(gic_identity, without_lpis_none_can_be_enabled)
{
    if (gic->version != 3)
        SKIP(NO_REDISTRIBUTORS);
    if (traits->lpis)
        SKIP("there are LPIs");
    io_write32(gic_rig_own_frame() + GICR_CTLR, GICR_CTLR_ENABLE_LPIS);
    EXPECT_EQ(io_read32(gic_rig_own_frame() + GICR_CTLR), 0);
}

KTF_TEST(gic_identity, a_redistributor_sleeps_and_wakes)
{
    if (gic->version != 3)
        SKIP(NO_REDISTRIBUTORS);
    uint64_t waker = gic_rig_own_frame() + GICR_WAKER;

    EXPECT_EQ(io_read32(waker), 0);
    io_write32(waker, GICR_WAKER_SLEEP);
    while (!(io_read32(waker) & GICR_WAKER_ASLEEP))
        ;
    EXPECT_EQ(io_read32(waker), GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP);
    io_write32(waker, GICR_WAKER_ASLEEP); /* read-only: what was written is 0 */
    while (io_read32(waker) & GICR_WAKER_ASLEEP)
        ;
    EXPECT_EQ(io_read32(waker), 0);
}
