/* SPDX-License-Identifier: MIT */
/*
 * Stolen time (DEN 0057): how a guest finds it, where and what it is. With "contended" on the
 * command line, another VM is as busy as this one on the same physical CPU.
 */
#include "arch/cpu.h"
#include "arch/layout.h"
#include "firmware.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "stile/smccc.h"
#include "support.h"

/* Section 3.2.2. */
struct stolen_time {
    uint32_t revision;
    uint32_t attributes;
    uint64_t ns;
    uint8_t reserved[48];
};

#define NS_PER_US 1000

static const struct conduit conduits[] = FIRMWARE_CONDUITS;

static const volatile struct stolen_time *stolen; /* of the CPU that set the suite up */

static void find_it(void)
{
    if (!firmware_is_stile())
        SKIP("the firmware here tells of no stolen time");
    uint64_t ipa = firmware_call(&conduits[0], STILE_PV_TIME_ST, 0, 0, 0).x[0];
    ASSERT_EQ(ipa % sizeof(struct stolen_time), 0);
    if (!stolen)
        stolen =
            (const volatile void *)(kernel_map_device(ipa & ~(uint64_t)(PAGE_SIZE - 1), PAGE_SIZE) +
                                    ipa % PAGE_SIZE);
}

KTF_SUITE(firmware_stolen, .suite_setup = find_it);

KTF_TEST_EACH(firmware_stolen, is_found_as_the_standard_says, struct conduit, conduits,
              firmware_describe)
{
    EXPECT_EQ(firmware_call(param, STILE_SMCCC_ARCH_FEATURES, STILE_PV_TIME_FEATURES, 0, 0).x[0],
              0);
    EXPECT_EQ(firmware_call(param, STILE_PV_TIME_FEATURES, STILE_PV_TIME_FEATURES, 0, 0).x[0], 0);
    EXPECT_EQ(firmware_call(param, STILE_PV_TIME_FEATURES, STILE_PV_TIME_ST, 0, 0).x[0], 0);
    EXPECT_EQ((int32_t)firmware_call(param, STILE_PV_TIME_FEATURES, 0xC5000022, 0, 0).x[0], -1);
    EXPECT_EQ((int32_t)firmware_call(param, 0xC5000022, 0, 0, 0).x[0], -1);
    EXPECT_EQ((int32_t)firmware_call(param, 0x85000020, 0, 0, 0).x[0], -1);
}

KTF_TEST(firmware_stolen, is_of_the_revision_there_is)
{
    EXPECT_EQ(stolen->revision, 0);
    EXPECT_EQ(stolen->attributes, 0);
    for (size_t i = 0; i < sizeof(stolen->reserved); i++)
        EXPECT_EQ(stolen->reserved[i], 0);
}

KTF_TEST(firmware_stolen, cannot_be_written)
{
    struct fault fault;
    uint64_t ipa = firmware_call(&conduits[0], STILE_PV_TIME_ST, 0, 0, 0).x[0];

    EXPECT_TRUE(support_touch(ipa, true, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
}

/* It never falls, and no more is stolen than there was time. */
KTF_TEST(firmware_stolen, is_plausible)
{
    uint64_t last = stolen->ns, start = last;
    uint64_t start_ticks = cpu_ticks();

    for (int i = 0; i < 1000; i++) {
        uint64_t now = stolen->ns;
        ASSERT_GE(now, last);
        last = now;
    }
    uint64_t elapsed = time_ticks_to_us(cpu_ticks() - start_ticks) * NS_PER_US;
    EXPECT_LE(last - start, elapsed + 1000 * NS_PER_US);
    EXPECT_LT(last / NS_PER_US, time_ticks_to_us(cpu_ticks()));
}

static void spin_ms(uint64_t ms)
{
    uint64_t end = cpu_ticks() + time_ms_to_ticks(ms);

    while (cpu_ticks() < end)
        ;
}

/* Both VMs are in here, one a little before the other: it spins at either end for the other. */
KTF_TEST(firmware_stolen, half_is_stolen_if_there_are_two)
{
    if (!machine_option("contended"))
        SKIP("nobody else is said to be busy");
    spin_ms(100);
    uint64_t before_ns = stolen->ns, before = cpu_ticks();
    spin_ms(200);
    uint64_t stolen_us = (stolen->ns - before_ns) / NS_PER_US;
    uint64_t elapsed_us = time_ticks_to_us(cpu_ticks() - before);
    spin_ms(100);
    EXPECT_GE(stolen_us * 100, elapsed_us * 45);
    EXPECT_LE(stolen_us * 100, elapsed_us * 55);
}
