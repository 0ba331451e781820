/* SPDX-License-Identifier: MIT */
/*
 * Accesses to emulated registers that no device has: several SIMD registers at once, and what
 * reaches past a device's end. They get an external abort, and nothing has changed. What is
 * emulated is device_forms.c's, what a device cannot have aborts.c's.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "hostile_window.h"
#include "ktf.h"
#include "machine/machine.h"

#define CPACR_FPEN (UINT64_C(3) << 20)

static void need_emulation(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    if (!traits || !traits->is_stile)
        SKIP("no GIC, or not a hypervisor's");
}

KTF_SUITE(hostile_access, .suite_setup = need_emulation, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

/* --- the instructions: x0 is the address --- */

#define INSTRUCTION(name, text)                                                                    \
    static void name(void *address)                                                                \
    {                                                                                              \
        register uint64_t x0 __asm__("x0") = (uint64_t)address;                                    \
        __asm__ volatile(text : "+r"(x0) : : "memory", "x1", "x2", "x3");                          \
    }

INSTRUCTION(ldp64, "ldp x1, x2, [x0]")
INSTRUCTION(stp64, "stp xzr, xzr, [x0]")
INSTRUCTION(ld2, ".arch_extension simd\n\tld2 {v0.4s, v1.4s}, [x0]")
INSTRUCTION(ld1, ".arch_extension simd\n\tld1 {v0.4s}, [x0]")
INSTRUCTION(st1, ".arch_extension simd\n\tst1 {v0.4s}, [x0]")

struct instruction {
    const char *name;
    void (*run)(void *address);
};

static const struct instruction instructions[] = {
    {"ld2", ld2},
    {"ld1", ld1},
    {"st1", st1},
};

static void describe(const struct instruction *instruction, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", instruction->name);
}

static void expect_abort(void (*run)(void *), uint64_t address)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(run, (void *)address, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    EXPECT_EQ(fault.far, address);
}

/* The enable bits of the test interrupts: a write that took effect would show there. */
KTF_TEST_EACH(hostile_access, it_aborts, struct instruction, instructions, describe)
{
    uint64_t word = gic_rig_word(GICD_ISENABLER, RIG_SPI) & ~UINT64_C(15);

    uint64_t cpacr = read_sysreg(cpacr_el1);
    write_sysreg(cpacr_el1, cpacr | CPACR_FPEN);
    isb();
    gic_rig_write_bit(GICD_ISENABLER, RIG_SPI);
    uint32_t before = io_read32(gic_rig_word(GICD_ISENABLER, RIG_SPI));
    for (int i = 0; i < 3; i++)
        expect_abort(param->run, word);
    expect_abort(param->run, gic_distributor() + 0xFC0);
    EXPECT_EQ(io_read32(gic_rig_word(GICD_ISENABLER, RIG_SPI)), before);
    gic_rig_write_bit(GICD_ICENABLER, RIG_SPI);
    write_sysreg(cpacr_el1, cpacr);
    isb();
}

/* What the syndrome does tell works: acquire and release, an index, sign extension. */
KTF_TEST(hostile_access, what_can_be_told_works)
{
    uint64_t word = gic_rig_priority(RIG_SPI);
    uint64_t value;

    io_write32(word, 0x80604020);
    __asm__ volatile("ldar %w0, [%1]" : "=r"(value) : "r"(word) : "memory");
    EXPECT_EQ(value, 0x80604020);
    __asm__ volatile("stlr %w0, [%1]" : : "r"(0xA0A0A0A0), "r"(word) : "memory");
    EXPECT_EQ(io_read32(word), 0xA0A0A0A0);
    __asm__ volatile("ldrsb %0, [%1, %2]" : "=r"(value) : "r"(word - 3), "r"(UINT64_C(3)));
    EXPECT_EQ(value, UINT64_C(0xFFFFFFFFFFFFFFA0));
    __asm__ volatile("ldrsw %0, [%1]" : "=r"(value) : "r"(word));
    EXPECT_EQ(value, UINT64_C(0xFFFFFFFFA0A0A0A0));
    __asm__ volatile("ldrsb %w0, [%1]" : "=r"(value) : "r"(word));
    EXPECT_EQ(value, 0xFFFFFFA0);
    __asm__ volatile("ldr wzr, [%0]" : : "r"(word));
    __asm__ volatile("ldur %w0, [%1, #-1]" : "=r"(value) : "r"(word + 1));
    EXPECT_EQ(value, 0xA0A0A0A0);
}

/* --- past the end --- */

static void load64(void *address)
{
    (void)io_read64((uintptr_t)address);
}

static void store64(void *address)
{
    io_write64((uintptr_t)address, UINT64_MAX);
}

static void load32(void *address)
{
    (void)io_read32((uintptr_t)address);
}

static void expect_abort_at_end(const struct range *device, void (*function)(void *), uint64_t from)
{
    struct fault fault = {0, 0, 0};
    uint64_t last_page = device->base + device->bytes - PAGE_SIZE;

    EXPECT_TRUE(hostile_window_try(last_page, 2, MAP_DEVICE, function,
                                   HOSTILE_VA + PAGE_SIZE - from, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
}

static void check_end(const struct range *device)
{
    struct fault fault;
    uint64_t last_page = device->base + device->bytes - PAGE_SIZE;

    EXPECT_FALSE(
        hostile_window_try(last_page, 2, MAP_DEVICE, load64, HOSTILE_VA + PAGE_SIZE - 8, &fault));
    EXPECT_FALSE(
        hostile_window_try(last_page, 2, MAP_DEVICE, store64, HOSTILE_VA + PAGE_SIZE - 8, &fault));
    expect_abort_at_end(device, load64, 4);
    expect_abort_at_end(device, store64, 4);
    expect_abort_at_end(device, store64, 1);
    expect_abort_at_end(device, load32, 2);
    expect_abort_at_end(device, ldp64, 8);
    expect_abort_at_end(device, stp64, 8);
    EXPECT_TRUE(
        hostile_window_try(last_page, 2, MAP_DEVICE, ldp64, HOSTILE_VA + PAGE_SIZE - 8, &fault));
    EXPECT_EQ(fault.far, HOSTILE_VA + PAGE_SIZE); /* of its second register */
}

KTF_TEST(hostile_access, past_the_end_of_the_uart_it_aborts)
{
    if (machine.uart.bytes == 0)
        SKIP("the machine has none");
    check_end(&machine.uart);
    expect_abort_at_end(&machine.uart, load32, 0);
}

KTF_TEST(hostile_access, past_the_end_of_the_controller_it_aborts)
{
    if (gic->version != 3)
        SKIP("behind a GICv2's distributor is its CPU interface");
    check_end(&machine.gicd);
    expect_abort_at_end(&machine.gicd, load32, 0);
    check_end(&machine.gicr);
    expect_abort_at_end(&machine.gicr, load32, 0);
}
