/* SPDX-License-Identifier: MIT */
/*
 * dev/predictor.c: what a CPU does between two VMs, by its identification registers and by its
 * firmware; and which firmware is asked at all.
 */
#include "arch/id.c"
#include "dev/predictor.c"

#include "ktf.h"

#define CORTEX_A72 UINT64_C(0x410FD083)
#define CORTEX_A76 UINT64_C(0x414FD0B1)
#define CORTEX_A73 UINT64_C(0x410FD091)

struct machine machine;

static struct pcpu self;
static int32_t version, answer; /* of the firmware */
static uint32_t called;         /* the last function that was not a question */
static unsigned nr_smcs;

int32_t psci_firmware(uint32_t fid, uint64_t x1)
{
    nr_smcs++;
    if (fid == STILE_PSCI_FEATURES)
        return version == 0 ? -1 : 0;
    if (fid == STILE_SMCCC_VERSION)
        return version;
    if (fid == STILE_SMCCC_ARCH_FEATURES)
        return x1 == STILE_SMCCC_ARCH_WORKAROUND_1 || x1 == STILE_SMCCC_ARCH_WORKAROUND_3 ? answer
                                                                                          : -1;
    called = fid;
    return 0;
}

static void setup(void)
{
    machine.has_psci = true;
    version = 0;
    answer = -1;
    called = 0;
    nr_smcs = 0;
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fake_sysreg_write("history", 0);
    fake_sysreg_write("s3_0_c0_c4_0", 0);
    fake_sysreg_write("s3_0_c0_c6_2", 0);
    fake_sysreg_write("s3_0_c0_c7_1", 0);
}

KTF_SUITE(predictor, .setup = setup);

static uint64_t history_after(uint64_t midr)
{
    fake_sysreg_write("midr_el1", midr);
    predictor_init_pcpu();
    predictor_clean(&self);
    return read_sysreg(history);
}

KTF_TEST(predictor, a_cpu_without_history_needs_nothing)
{
    EXPECT_EQ(history_after(0x410FD034), 0); /* Cortex-A53 */
    EXPECT_EQ(called, 0);
}

KTF_TEST(predictor, history_is_filled_by_branches)
{
    EXPECT_EQ(history_after(CORTEX_A72), 8);
    EXPECT_EQ(history_after(CORTEX_A76), 24);
}

KTF_TEST(predictor, the_instruction_is_used_where_there_is_one)
{
    fake_sysreg_write("s3_0_c0_c6_2", UINT64_C(1) << 28);
    EXPECT_EQ(history_after(CORTEX_A76), 1);
}

KTF_TEST(predictor, a_cpu_that_says_so_needs_nothing)
{
    fake_sysreg_write("s3_0_c0_c4_0", UINT64_C(3) << 56);
    EXPECT_EQ(history_after(CORTEX_A76), 0);
    setup();
    fake_sysreg_write("s3_0_c0_c7_1", UINT64_C(1) << 60);
    EXPECT_EQ(history_after(CORTEX_A76), 0);
}

KTF_TEST(predictor, firmware_is_called_where_it_says_so)
{
    version = SMCCC_1_1;
    answer = 0;
    (void)history_after(CORTEX_A73);
    EXPECT_EQ(called, STILE_SMCCC_ARCH_WORKAROUND_3);
    EXPECT_EQ(history_after(CORTEX_A72), 8);
    EXPECT_EQ(called, STILE_SMCCC_ARCH_WORKAROUND_1);
    called = 0;
    answer = 1;
    (void)history_after(CORTEX_A73);
    EXPECT_EQ(called, 0);
}

KTF_TEST(predictor, old_firmware_is_not_asked)
{
    answer = 0;
    (void)history_after(CORTEX_A73);
    EXPECT_EQ(predictor_features(STILE_SMCCC_ARCH_WORKAROUND_1), -1);
    version = 0x10000;
    (void)history_after(CORTEX_A73);
    EXPECT_EQ(predictor_features(STILE_SMCCC_ARCH_WORKAROUND_3), -1);
    EXPECT_EQ(called, 0);
}

KTF_TEST(predictor, no_firmware_is_called_where_there_is_none)
{
    machine.has_psci = false;
    version = SMCCC_1_1;
    (void)history_after(CORTEX_A72);
    EXPECT_EQ(predictor_features(STILE_SMCCC_ARCH_WORKAROUND_1), -1);
    EXPECT_EQ(nr_smcs, 0);
}
