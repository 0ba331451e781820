/* SPDX-License-Identifier: MIT */
/*
 * Registers with more than a bit for each interrupt: priorities, targets, routes, configuration,
 * by every width the architecture allows.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/irq.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define ICFGR_EDGES 0xAAAAAAAAu

/* Reserved or, without 1 of N routing, to be ignored: Interrupt_Routing_Mode among them. */
#define IROUTER_STORED UINT64_C(0xFF00FFFFFF)

static const struct gic_traits *traits;

static void find_traits(void)
{
    traits = gic_rig_traits();
    if (!traits)
        SKIP("no GIC, or one whose documented differences are not known");
}

KTF_SUITE(gic_fields, .suite_setup = find_traits, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

static uint64_t gicd(uint32_t offset)
{
    return gic_distributor() + offset;
}

static uint32_t read8(uint64_t address)
{
    uint32_t value;

    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

/* --- priorities --- */

static const uint32_t intids[] = {RIG_SGI, RIG_PPI, RIG_SPI};

KTF_TEST(gic_fields, a_priority_has_its_upper_bits)
{
    uint32_t mask = 0xFF00u >> traits->priority_bits & 0xFF;

    EXPECT_GE(traits->priority_bits, 4);
    for (size_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        for (uint32_t value = 0; value < 0x100; value += 0x55) {
            io_write8(gic_rig_priority(intids[i]), (uint8_t)value);
            EXPECT_EQ(read8(gic_rig_priority(intids[i])), value & mask);
        }
    }
}

KTF_TEST(gic_fields, priorities_are_bytes_of_a_word)
{
    for (size_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        uint64_t word = gic_rig_priority(intids[i]) & ~UINT64_C(3);
        uint32_t before = io_read32(word);
        io_write32(word, 0x80604020);
        EXPECT_EQ(io_read32(word), 0x80604020);
        for (uint32_t b = 0; b < 4; b++)
            EXPECT_EQ(read8(word + b), 0x20 * (b + 1));
        io_write8(word + 2, 0xC0);
        EXPECT_EQ(io_read32(word), 0x80C04020);
        io_write32(word, before);
    }
}

/* --- GICD_ITARGETSR --- */

KTF_TEST(gic_fields, targets_of_a_cpus_own_interrupts_are_fixed)
{
    uint32_t own = machine.nr_cpus > 1 ? 0x01010101u << smp_cpu()->index : 0;

    if (gic->version != 2)
        SKIP("a GICv3 has no targets");
    for (uint32_t offset = GICD_ITARGETSR; offset < GICD_ITARGETSR + 32; offset += 4) {
        EXPECT_EQ(io_read32(gicd(offset)), own);
        io_write32(gicd(offset), ~own);
        EXPECT_EQ(io_read32(gicd(offset)), own);
        EXPECT_EQ(read8(gicd(offset + 3)), own & 0xFF);
    }
}

KTF_TEST(gic_fields, targets_are_bytes_of_a_word)
{
    uint64_t word = gicd(GICD_ITARGETSR + RIG_SPI);

    if (gic->version != 2 || machine.nr_cpus == 1)
        SKIP("a GICv3, or one CPU, has no targets");
    io_write32(word, 0x02010302);
    EXPECT_EQ(io_read32(word), 0x02010302);
    EXPECT_EQ(read8(word + 1), 3);
    io_write8(word + 1, 1);
    EXPECT_EQ(io_read32(word), 0x02010102);
    io_write32(word, 0);
    EXPECT_EQ(io_read32(word), 0);
}

KTF_TEST(gic_fields, a_target_that_does_not_exist_is_ignored)
{
    uint64_t word = gicd(GICD_ITARGETSR + RIG_SPI);
    uint32_t all = machine.nr_cpus > 1 ? ((1u << machine.nr_cpus) - 1) * 0x01010101u : 0;

    if (gic->version != 2)
        SKIP("a GICv3 has no targets");
    if (traits->stores_absent_targets && machine.nr_cpus > 1)
        SKIP("documented: this one keeps such bits");
    io_write32(word, UINT32_MAX);
    EXPECT_EQ(io_read32(word), all);
    io_write8(word, 0x80);
    EXPECT_EQ(read8(word), 0x80 & all);
}

KTF_TEST(gic_fields, without_a_target_it_stays_pending)
{
    if (gic->version != 2 || machine.nr_cpus == 1)
        SKIP("a GICv3, or one CPU, has no targets");
    if (traits->pends_by_target)
        SKIP("documented: here it is pending nowhere");
    io_write8(gicd(GICD_ITARGETSR + RIG_SPI), 0);
    gic_rig_enable(RIG_SPI, 0x40);
    gic_rig_pend(RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, RIG_SPI));
    gic_rig_route(RIG_SPI, smp_cpu()->index);
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_end(RIG_SPI);
}

/* --- GICD_IROUTER --- */

KTF_TEST(gic_fields, a_route_is_read_whole_and_in_halves)
{
    uint64_t router = gicd(GICD_IROUTER + 8 * RIG_SPI);
    uint64_t value = UINT64_C(0x5600123456);

    if (gic->version != 3)
        SKIP("a GICv2 has no routes");
    io_write64(router, value);
    EXPECT_EQ(io_read64(router), value);
    EXPECT_EQ(io_read32(router), (uint32_t)value);
    EXPECT_EQ(io_read32(router + 4), value >> 32);
    io_write32(router, 0x00ABCDEF);
    EXPECT_EQ(io_read64(router), UINT64_C(0x5600ABCDEF));
    io_write32(router + 4, 0x9A);
    EXPECT_EQ(io_read64(router), UINT64_C(0x9A00ABCDEF));
}

KTF_TEST(gic_fields, a_route_has_no_more_than_affinities)
{
    uint64_t router = gicd(GICD_IROUTER + 8 * RIG_SPI);

    if (gic->version != 3)
        SKIP("a GICv2 has no routes");
    if (traits->stores_irouter_whole)
        SKIP("documented: this one keeps reserved bits");
    io_write64(router, UINT64_MAX);
    EXPECT_EQ(io_read64(router), IROUTER_STORED);
}

KTF_TEST(gic_fields, routed_to_no_cpu_it_stays_pending)
{
    uint64_t router = gicd(GICD_IROUTER + 8 * RIG_SPI);

    if (gic->version != 3)
        SKIP("a GICv2 has no routes");
    io_write64(router, UINT64_C(0x7F00FFFFFF));
    gic_rig_enable(RIG_SPI, 0x40);
    gic_rig_pend(RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, RIG_SPI));
    gic_rig_route(RIG_SPI, smp_cpu()->index);
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_end(RIG_SPI);
}

/* --- GICD_ICFGR --- */

KTF_TEST(gic_fields, sgis_are_edges)
{
    uint64_t word =
        gic->version == 3 ? gic_rig_own_frame() + GICR_SGI_FRAME + GICD_ICFGR : gicd(GICD_ICFGR);

    EXPECT_EQ(io_read32(word), ICFGR_EDGES);
    io_write32(word, 0);
    EXPECT_EQ(io_read32(word), ICFGR_EDGES);
    io_write32(word, UINT32_MAX);
    EXPECT_EQ(io_read32(word), ICFGR_EDGES);
}

KTF_TEST(gic_fields, an_spi_is_a_level_or_an_edge)
{
    uint64_t word = gicd(GICD_ICFGR + RIG_SPI / 16 * 4);

    io_write32(word, 0);
    EXPECT_EQ(io_read32(word), 0);
    io_write32(word, UINT32_MAX); /* the lower bit of each is reserved */
    EXPECT_EQ(io_read32(word), ICFGR_EDGES);
    for (uint32_t i = 0; i < 16; i++) {
        io_write32(word, 2u << 2 * i);
        EXPECT_EQ(io_read32(word), 2u << 2 * i);
    }
}

/* --- what affinity routing leaves out --- */

KTF_TEST(gic_fields, with_affinity_routing_the_distributor_has_shared_interrupts_alone)
{
    static const uint32_t offsets[] = {
        GICD_IGROUPR,
        GICD_ISENABLER,
        GICD_ICENABLER,
        GICD_ISPENDR,
        GICD_ICPENDR,
        GICD_ISACTIVER,
        GICD_ICACTIVER,
        GICD_ICFGR,
        GICD_ICFGR + 4,
        GICD_IPRIORITYR,
        GICD_ITARGETSR,
        GICD_IPRIORITYR + 28,
        GICD_ITARGETSR + RIG_SPI,
        GICD_CPENDSGIR,
        GICD_SPENDSGIR,
        GICD_IROUTER,
        GICD_IROUTER + 8 * 31 + 4,
    };

    if (gic->version != 3)
        SKIP("a GICv2 has no affinity routing");
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        io_write32(gicd(offsets[i]), UINT32_MAX);
        EXPECT_EQ(io_read32(gicd(offsets[i])), 0);
    }
    io_write32(gicd(GICD_SGIR), GICD_SGIR_SELF | RIG_SGI);
    gic_rig_enable(RIG_SGI, 0x40);
    EXPECT_TRUE(gic_rig_none());
}
