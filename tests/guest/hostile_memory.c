/* SPDX-License-Identifier: MIT */
/*
 * Physical addresses where nothing is, or where a device is, met by a data access, an instruction
 * fetch and a table walk: an external abort each, told with the right address, and the kernel goes
 * on.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "hostile_window.h"
#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"

/* An external abort on a table walk; the two low bits are the level. */
#define FSC_WALK_ABORT 0x14

#define DESC_TABLE UINT64_C(3)

KTF_SUITE(hostile_memory);

static bool is_emulated(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    return traits && traits->is_stile;
}

static void load(void *address)
{
    (void)io_read32((uintptr_t)address);
}

static void store(void *address)
{
    io_write32((uintptr_t)address, UINT32_MAX);
}

static void jump(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

/*
 * A hypervisor sees a walk fail, but not at which level of the guest's: it tells of an abort that
 * is not on a walk, where hardware would name the level.
 */
static void expect_external(const struct fault *fault, uint32_t class, uint64_t address, bool walk)
{
    uint64_t code = fault->esr & ISS_FSC;

    EXPECT_EQ(esr_class(fault->esr), class);
    EXPECT_TRUE(code == FSC_SYNCHRONOUS_ABORT ||
                (walk && (code & ~(uint64_t)FSC_LEVEL) == FSC_WALK_ABORT));
    EXPECT_EQ(fault->far, address);
}

KTF_TEST(hostile_memory, data_that_is_not_there_aborts)
{
    uint64_t nowhere[] = {support_beyond_memory(), UINT64_C(0x7F00000000), 0x0F000000};

    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        struct fault fault = {0, 0, 0};
        ASSERT_TRUE(
            hostile_window_try(nowhere[i], 1, MAP_DEVICE, load, HOSTILE_VA + 0x7FC, &fault));
        expect_external(&fault, EC_DATA, HOSTILE_VA + 0x7FC, false);
        ASSERT_TRUE(
            hostile_window_try(nowhere[i], 1, MAP_KERNEL_DATA, store, HOSTILE_VA + 4, &fault));
        expect_external(&fault, EC_DATA, HOSTILE_VA + 4, false);
    }
}

KTF_TEST(hostile_memory, code_that_is_not_there_aborts)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(hostile_window_try(support_beyond_memory(), 1, MAP_KERNEL_TEXT, jump,
                                   HOSTILE_VA + 0x10, &fault));
    expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA + 0x10, false);
    EXPECT_EQ(fault.elr, HOSTILE_VA + 0x10);
}

KTF_TEST(hostile_memory, code_in_a_device_aborts)
{
    struct fault fault = {0, 0, 0};

    if (!is_emulated())
        SKIP("no GIC, or not a hypervisor's");
    ASSERT_TRUE(
        hostile_window_try(machine.gicd.base, 1, MAP_KERNEL_TEXT, jump, HOSTILE_VA, &fault));
    expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA, false);
    if (gic->version == 2) { /* what the guest has of the hardware itself */
        ASSERT_TRUE(
            hostile_window_try(machine.gicc.base, 1, MAP_KERNEL_TEXT, jump, HOSTILE_VA, &fault));
        expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA, false);
    }
}

/* --- tables --- */

static void expect_walk_aborts(uint64_t root)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(hostile_window_try_root(root, load, HOSTILE_VA, &fault));
    expect_external(&fault, EC_DATA, HOSTILE_VA, true);
    ASSERT_TRUE(hostile_window_try_root(root, store, HOSTILE_VA + 8, &fault));
    expect_external(&fault, EC_DATA, HOSTILE_VA + 8, true);
    ASSERT_TRUE(hostile_window_try_root(root, jump, HOSTILE_VA, &fault));
    expect_external(&fault, EC_INSTRUCTION, HOSTILE_VA, true);
}

/* Tables at @where, from the first level on and from the second on. */
static void expect_tables_abort(uint64_t where)
{
    uint64_t root = page_alloc_zeroed();

    expect_walk_aborts(where);
    *(uint64_t *)phys_to_virt(root) = where | DESC_TABLE;
    dsb_ish();
    expect_walk_aborts(root);
    page_free(root);
}

KTF_TEST(hostile_memory, tables_that_are_not_there_abort)
{
    expect_tables_abort(support_beyond_memory());
}

KTF_TEST(hostile_memory, tables_in_a_device_abort)
{
    if (!is_emulated())
        SKIP("no GIC, or not a hypervisor's");
    expect_tables_abort(machine.gicd.base);
    if (machine.uart.bytes != 0)
        expect_tables_abort(machine.uart.base);
    if (gic->version == 2)
        expect_tables_abort(machine.gicc.base);
    else
        expect_tables_abort(machine.gicr.base);
}
