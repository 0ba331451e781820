/* SPDX-License-Identifier: MIT */
/*
 * Physical addresses where nothing is, or where a device is, met by a data access or an instruction
 * fetch: an external abort each, told with the right address, and the kernel goes on. Table walks
 * are aborts.c's.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "hostile_window.h"
#include "ktf.h"
#include "machine/machine.h"

KTF_SUITE(hostile_memory);

static void expect_external(const struct fault *fault, uint32_t class, uint64_t address)
{
    EXPECT_EQ(esr_class(fault->esr), class);
    EXPECT_EQ(fault->esr & ISS_FSC, FSC_SYNCHRONOUS_ABORT);
    EXPECT_EQ(fault->far, address);
}

KTF_TEST(hostile_memory, data_that_is_not_there_aborts)
{
    uint64_t nowhere[] = {support_beyond_memory(), UINT64_C(0x7F00000000), 0x0F000000};

    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        struct fault fault = {0, 0, 0};
        ASSERT_TRUE(hostile_window_try(nowhere[i], 1, MAP_DEVICE, hostile_load, HOSTILE_VA + 0x7FC,
                                       &fault));
        expect_external(&fault, EC_DATA, HOSTILE_VA + 0x7FC);
        ASSERT_TRUE(hostile_window_try(nowhere[i], 1, MAP_KERNEL_DATA, hostile_store,
                                       HOSTILE_VA + 4, &fault));
        expect_external(&fault, EC_DATA, HOSTILE_VA + 4);
    }
}

KTF_TEST(hostile_memory, code_that_is_not_there_aborts)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(hostile_window_try(support_beyond_memory(), 1, MAP_KERNEL_TEXT, hostile_jump,
                                   HOSTILE_VA + 0x10, &fault));
    expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA + 0x10);
    EXPECT_EQ(fault.elr, HOSTILE_VA + 0x10);
}

KTF_TEST(hostile_memory, code_in_a_device_aborts)
{
    struct fault fault = {0, 0, 0};

    if (!hostile_is_emulated())
        SKIP("no GIC, or not a hypervisor's");
    ASSERT_TRUE(hostile_window_try(machine.gicd.base, 1, MAP_KERNEL_TEXT, hostile_jump, HOSTILE_VA,
                                   &fault));
    expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA);
    if (gic->version == 2) { /* what the guest has of the hardware itself */
        ASSERT_TRUE(hostile_window_try(machine.gicc.base, 1, MAP_KERNEL_TEXT, hostile_jump,
                                       HOSTILE_VA, &fault));
        expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA);
    }
}
