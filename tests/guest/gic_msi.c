/* SPDX-License-Identifier: MIT */
/*
 * A GICv2m, by which whoever writes an SPI's number makes it pending (Arm's Server Base System
 * Architecture, appendix on GICv2m). In a VM it is the machine's (stile,device), and some of its
 * SPIs are the VM's; others may be the hypervisor's own.
 */
#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/smp.h"
#include "test/test.h"

#define MSI_TYPER     0x008
#define MSI_SETSPI_NS 0x040

#define PRIORITY 0x40

#define NR_ANY   20000u
#define NR_STORM 20000u

static void need_frame(void)
{
    gic_rig_need_gic();
    if (test_msi == 0)
        ktf_skip("no GICv2m");
}

static void setup(void)
{
    gic_rig_setup();
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_route(RIG_SPI + i, smp_cpu()->index);
}

static void teardown(void)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_quiet(RIG_SPI + i);
    gic_rig_teardown();
}

KTF_SUITE(gic_msi, .suite_setup = need_frame, .setup = setup, .teardown = teardown);

static void set(uint32_t value)
{
    io_write32(test_msi + MSI_SETSPI_NS, value);
}

/* Takes an interrupt that has been made pending; false if it does not come. */
static bool take(uint32_t intid)
{
    if (!gic_rig_wait(gic_rig_highest_pending() == intid) || gic_rig_take() != intid)
        return false;
    gic_rig_end(intid);
    return true;
}

KTF_TEST(gic_msi, its_spis_are_from_there_on)
{
    uint32_t typer = io_read32(test_msi + MSI_TYPER);

    EXPECT_EQ(typer >> 16 & 0x3FF, RIG_SPI);
    EXPECT_GE(typer & 0x3FF, RIG_NR_SPIS);
}

KTF_TEST(gic_msi, each_comes_once_for_a_write)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, PRIORITY);
        set(RIG_SPI + i);
        EXPECT_TRUE(take(RIG_SPI + i));
        EXPECT_TRUE(gic_rig_none());
    }
}

/* What comes of anything, and that one of ours still comes. */
static void expect_it_works(void)
{
    while (gic_rig_highest_pending() == RIG_SPI)
        EXPECT_TRUE(take(RIG_SPI));
    set(RIG_SPI);
    EXPECT_TRUE(take(RIG_SPI));
}

static uint32_t draw(void)
{
    static uint64_t seed = 1;

    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

/* SPIs of the machine's own devices, those of nobody, what is no SPI. */
KTF_TEST(gic_msi, any_value_is_written)
{
    gic_rig_enable(RIG_SPI, PRIORITY);
    for (uint32_t i = 0; i < 1024; i++)
        set(i);
    expect_it_works();
    for (uint32_t i = 0; i < NR_ANY; i++)
        set(draw() >> draw() % 32);
    expect_it_works();
    set(UINT32_MAX);
    expect_it_works();
}

/* Those behind ours, some of which are the SMMU's on QEMU's virt, in a loop. */
KTF_TEST(gic_msi, a_storm_of_what_is_not_ours)
{
    gic_rig_enable(RIG_SPI, PRIORITY);
    for (uint32_t i = 0; i < NR_STORM; i++)
        set(RIG_SPI + RIG_NR_SPIS + i % 48);
    expect_it_works();
}
