/* SPDX-License-Identifier: MIT */
/*
 * Software-generated interrupts a CPU sends: ICC_SGI1R_EL1 (IHI 0069 12.2.20), GICD_SGIR and the
 * registers of the sources (IHI 0048 4.3.15 to 4.3.17). How they reach other CPUs is in gic_smp.c.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define ICC_SGI0R_EL1 S3_0_C12_C11_7

#define ICC_CTLR_RSS (UINT64_C(1) << 18)

#define SGI1R_ALL_OTHERS (UINT64_C(1) << 40)
#define SGI1R_RANGE(n)   ((uint64_t)(n) << 44)
#define SGI1R_AFF1(n)    ((uint64_t)(n) << 16)
#define SGI1R_AFF2(n)    ((uint64_t)(n) << 32)
#define SGI1R_AFF3(n)    ((uint64_t)(n) << 48)

#define SGIR_ALL_OTHERS (1u << 24)
#define SGIR_TARGETS(n) ((uint32_t)(n) << 16)

#define ACK_SOURCE(ack) ((ack) >> 10 & 7)

static void setup(void)
{
    gic_rig_setup();
    gic_rig_enable(RIG_SGI, 0x40);
}

KTF_SUITE(gic_sgi, .suite_setup = gic_rig_need_gic, .setup = setup, .teardown = gic_rig_teardown);

static void write_sgir(uint32_t value)
{
    io_write32(gic_distributor() + GICD_SGIR, value);
    dsb_sy();
}

static void write_sgi1r(uint64_t value)
{
    write_icc(ICC_SGI1R_EL1, value);
    isb();
}

static uint32_t own_bit(void)
{
    return 1u << smp_cpu()->index;
}

static void expect_one(void)
{
    uint32_t ack;

    EXPECT_EQ(gic_rig_take_source(&ack), RIG_SGI);
    EXPECT_EQ(ACK_SOURCE(ack), gic->version == 2 ? smp_cpu()->index : 0);
    gic_rig_end(ack);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST(gic_sgi, sent_to_oneself_it_comes)
{
    gic->send_sgi(smp_cpu()->index, RIG_SGI);
    expect_one();
    if (gic->version == 2) {
        write_sgir(GICD_SGIR_SELF | RIG_SGI);
        expect_one();
        /* To oneself, whatever the list says. */
        write_sgir(GICD_SGIR_SELF | SGIR_TARGETS(0xFF & ~own_bit()) | RIG_SGI);
        expect_one();
    }
}

KTF_TEST(gic_sgi, sent_twice_it_comes_once)
{
    gic->send_sgi(smp_cpu()->index, RIG_SGI);
    gic->send_sgi(smp_cpu()->index, RIG_SGI);
    expect_one();
}

KTF_TEST(gic_sgi, sent_while_active_it_comes_again)
{
    uint32_t ack;

    gic->send_sgi(smp_cpu()->index, RIG_SGI);
    EXPECT_EQ(gic_rig_take_source(&ack), RIG_SGI);
    gic->send_sgi(smp_cpu()->index, RIG_SGI);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_end(ack);
    expect_one();
}

KTF_TEST(gic_sgi, sent_to_all_others_it_does_not_come_here)
{
    if (machine.nr_cpus > 1)
        SKIP("others would get it: see gic_smp");
    if (gic->version == 3)
        write_sgi1r(SGI1R_ALL_OTHERS | (uint64_t)RIG_SGI << 24);
    else
        write_sgir(SGIR_ALL_OTHERS | SGIR_TARGETS(0xFF) | RIG_SGI);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST(gic_sgi, sent_to_nobody_it_comes_nowhere)
{
    if (gic->version == 3) {
        uint64_t word = gicv3_sgi_word(smp_cpu()->index, RIG_SGI);
        if (read_icc(ICC_CTLR_EL1) & ICC_CTLR_RSS) { /* else the range is reserved */
            write_sgi1r(word | SGI1R_RANGE(1));
            write_sgi1r(word | SGI1R_RANGE(15));
        }
        write_sgi1r(word | SGI1R_AFF1(0x40)); /* no machine has so many clusters */
        write_sgi1r(word | SGI1R_AFF2(0x40));
        write_sgi1r(word | SGI1R_AFF3(0x40));
        write_sgi1r(word & ~UINT64_C(0xFFFF));
    } else {
        write_sgir(SGIR_TARGETS(0) | RIG_SGI);
        write_sgir(SGIR_TARGETS(0xFF) & ~SGIR_TARGETS((1u << machine.nr_cpus) - 1));
    }
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST(gic_sgi, one_of_another_group_does_not_come)
{
    if (gic->version != 3)
        SKIP("GICD_SGIR has no groups without a secure world");
    write_icc(ICC_SGI0R_EL1, gicv3_sgi_word(smp_cpu()->index, RIG_SGI));
    isb();
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, RIG_SGI));
}

KTF_TEST(gic_sgi, all_sixteen_come_in_the_order_of_their_priorities)
{
    uint32_t ack;

    for (uint32_t sgi = 2; sgi < 16; sgi++) {
        io_write8(gic_rig_priority(sgi), (uint8_t)(0x80 - 8 * sgi));
        gic->send_sgi(smp_cpu()->index, sgi);
    }
    for (uint32_t sgi = 15; sgi >= 2; sgi--) {
        EXPECT_EQ(gic_rig_take_source(&ack), sgi);
        gic_rig_end(ack);
        io_write8(gic_rig_priority(sgi), GIC_PRIORITY);
    }
    EXPECT_TRUE(gic_rig_none());
}

/* --- GICv2: the CPUs an SGI comes from --- */

static uint64_t pending_sources(uint32_t file)
{
    return gic_distributor() + file + RIG_SGI;
}

static uint32_t read8(uint64_t address)
{
    uint32_t value;

    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

KTF_TEST(gic_sgi, sources_are_set_and_cleared)
{
    if (gic->version != 2)
        SKIP("a GICv3's SGIs have no sources");
    for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++) {
        io_write8(pending_sources(GICD_SPENDSGIR), (uint8_t)(1u << cpu));
        EXPECT_EQ(read8(pending_sources(GICD_SPENDSGIR)), (2u << cpu) - 1);
        EXPECT_EQ(read8(pending_sources(GICD_CPENDSGIR)), (2u << cpu) - 1);
    }
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, RIG_SGI));
    for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++)
        io_write8(pending_sources(GICD_CPENDSGIR), (uint8_t)(1u << cpu));
    EXPECT_EQ(read8(pending_sources(GICD_SPENDSGIR)), 0);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, RIG_SGI));
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST(gic_sgi, it_comes_once_from_each_source)
{
    uint32_t seen = 0, ack;

    if (gic->version != 2)
        SKIP("a GICv3's SGIs have no sources");
    io_write8(pending_sources(GICD_SPENDSGIR), (uint8_t)((1u << machine.nr_cpus) - 1));
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        ASSERT_EQ(gic_rig_take_source(&ack), RIG_SGI);
        EXPECT_EQ(seen & 1u << ACK_SOURCE(ack), 0);
        seen |= 1u << ACK_SOURCE(ack);
        gic_rig_end(ack);
    }
    EXPECT_EQ(seen, (1u << machine.nr_cpus) - 1);
    EXPECT_TRUE(gic_rig_none());
}
