/* SPDX-License-Identifier: MIT */
/*
 * The PL011's registers (Arm DDI 0183 3.2) and its interrupt. The UART may be the console of this
 * very kernel: what is changed is put back, and the only character sent is a carriage return.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/pl011.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define DR    0x000
#define RSR   0x004
#define FR    0x018
#define ILPR  0x020
#define IBRD  0x024
#define FBRD  0x028
#define LCR_H 0x02C
#define CR    0x030
#define IFLS  0x034
#define IMSC  0x038
#define RIS   0x03C
#define MIS   0x040
#define ICR   0x044
#define DMACR 0x048
#define IDS   0xFE0

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_TXFE (1u << 7)

#define INT_TX  (1u << 5)
#define INT_ALL 0x7FFu

static uint64_t uart;
static bool is_stile;

static void find_uart(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    uart = pl011_data_register();
    if (uart == 0)
        SKIP("the machine has no UART");
    is_stile = traits && traits->is_stile;
}

static uint32_t mask_before;
static bool was_enabled;

/* The kernel's handler for input may be at work on the boot CPU: it ends before a case begins. */
static void setup(void)
{
    gic_rig_setup();
    mask_before = io_read32(uart + IMSC);
    io_write32(uart + IMSC, 0);
    was_enabled = gic_rig_read_bit(GICD_ISENABLER, machine.uart_intid);
    gic_rig_write_bit(GICD_ICENABLER, machine.uart_intid);
    gic_rig_settle();
    while (gic_rig_read_bit(GICD_ISACTIVER, machine.uart_intid))
        ;
}

static void teardown(void)
{
    io_write32(uart + ICR, INT_TX);
    io_write32(uart + IMSC, mask_before);
    io_write8(gic_rig_priority(machine.uart_intid), GIC_PRIORITY);
    gic_rig_route(machine.uart_intid, 0);
    gic_rig_write_bit(was_enabled ? GICD_ISENABLER : GICD_ICENABLER, machine.uart_intid);
    gic_rig_teardown();
}

KTF_SUITE(uart_registers, .suite_setup = find_uart, .setup = setup, .teardown = teardown);

static void send_something(void)
{
    while (io_read32(uart + FR) & FR_TXFF)
        ;
    io_write32(uart + DR, '\r');
    while (io_read32(uart + FR) & FR_BUSY)
        ;
}

KTF_TEST(uart_registers, it_says_what_it_is)
{
    static const uint8_t ids[8] = {0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

    for (uint32_t i = 0; i < 8; i++) {
        EXPECT_EQ(io_read32(uart + IDS + 4 * i), ids[i]);
        io_write32(uart + IDS + 4 * i, 0xFF);
        EXPECT_EQ(io_read32(uart + IDS + 4 * i), ids[i]);
    }
}

struct field {
    const char *name;
    uint32_t offset;
    uint32_t bits;
};

static const struct field fields[] = {
    {"ILPR", ILPR, 0xFF}, {"IBRD", IBRD, 0xFFFF}, {"FBRD", FBRD, 0x3F}, {"LCR_H", LCR_H, 0xFF},
    {"IFLS", IFLS, 0x3F}, {"IMSC", IMSC, 0x7FF},  {"CR", CR, 0xFF87},
};

static void describe(const struct field *field, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", field->name);
}

KTF_TEST_EACH(uart_registers, what_can_be_written_is_stored, struct field, fields, describe)
{
    uint64_t address = uart + param->offset;
    uint32_t before = io_read32(address);

    for (uint32_t bit = 1; bit < 0x10000; bit <<= 1) {
        io_write32(address, bit & param->bits);
        EXPECT_EQ(io_read32(address), bit & param->bits);
    }
    if (is_stile) { /* QEMU keeps reserved bits as well */
        io_write32(address, UINT32_MAX);
        EXPECT_EQ(io_read32(address), param->bits);
    }
    io_write32(address, before);
}

KTF_TEST_EACH(uart_registers, narrow_accesses_are_of_the_low_bytes, struct field, fields, describe)
{
    uint64_t address = uart + param->offset;
    uint32_t before = io_read32(address), value;

    io_write32(address, 0x55 & param->bits);
    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    EXPECT_EQ(value, 0x55 & param->bits);
    __asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    EXPECT_EQ(value, 0x55 & param->bits);
    __asm__ volatile("strh %w0, [%1]" : : "r"(0xAA & param->bits), "r"(address) : "memory");
    EXPECT_EQ(io_read32(address) & 0xFF, 0xAA & param->bits & 0xFF);
    io_write8(address, (uint8_t)(0x33 & param->bits));
    EXPECT_EQ(io_read32(address) & 0xFF, 0x33 & param->bits & 0xFF);
    io_write32(address, before);
}

KTF_TEST(uart_registers, others_are_read_only_or_write_only)
{
    static const uint32_t offsets[] = {FR, RIS, MIS};

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint32_t before = io_read32(uart + offsets[i]);
        io_write32(uart + offsets[i], ~before);
        EXPECT_EQ(io_read32(uart + offsets[i]), before);
    }
    EXPECT_EQ(io_read32(uart + ICR), 0);
    EXPECT_EQ(io_read32(uart + RSR), 0);
    io_write32(uart + RSR, 0xF);
    EXPECT_EQ(io_read32(uart + RSR), 0);
}

KTF_TEST(uart_registers, reserved_ones_are_nothing)
{
    for (uint32_t offset = 0x08; offset < IDS; offset += offset < 0x100 ? 4 : 0x40) {
        if (offset >= FR && offset <= DMACR && offset != 0x1C)
            continue;
        io_write32(uart + offset, UINT32_MAX);
        EXPECT_EQ(io_read32(uart + offset), 0);
    }
}

KTF_TEST(uart_registers, an_idle_one_has_sent_all_and_received_nothing)
{
    send_something();
    EXPECT_EQ(io_read32(uart + FR) & (FR_BUSY | FR_RXFE | FR_TXFF | FR_TXFE), FR_RXFE | FR_TXFE);
}

/* --- interrupts --- */

KTF_TEST(uart_registers, an_interrupt_is_raw_masked_and_cleared)
{
    io_write32(uart + ICR, INT_ALL);
    EXPECT_EQ(io_read32(uart + RIS) & INT_TX, 0);
    send_something();
    EXPECT_EQ(io_read32(uart + RIS) & INT_TX, INT_TX);
    EXPECT_EQ(io_read32(uart + MIS), 0);
    io_write32(uart + IMSC, INT_TX);
    EXPECT_EQ(io_read32(uart + MIS), INT_TX);
    io_write32(uart + ICR, INT_ALL & ~INT_TX);
    EXPECT_EQ(io_read32(uart + MIS), INT_TX);
    io_write32(uart + ICR, INT_TX);
    EXPECT_EQ(io_read32(uart + MIS), 0);
    EXPECT_EQ(io_read32(uart + RIS) & INT_TX, 0);
}

/* The interrupt is a level: the controller follows it, whatever is written there. */
KTF_TEST(uart_registers, its_level_is_pending_at_the_controller)
{
    uint32_t intid = machine.uart_intid;

    send_something();
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, intid));
    io_write32(uart + IMSC, INT_TX);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, intid));
    gic_rig_write_bit(GICD_ICPENDR, intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, intid));
    io_write32(uart + IMSC, 0);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, intid));
}

KTF_TEST(uart_registers, a_level_comes_until_it_falls)
{
    uint32_t intid = machine.uart_intid;

    gic_rig_route(intid, smp_cpu()->index);
    if (gic->version == 3)
        io_write32(gic_rig_word(GICD_IGROUPR, intid), UINT32_MAX);
    send_something();
    gic_rig_enable(intid, 0x40);
    io_write32(uart + IMSC, INT_TX);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(gic_rig_take(), intid);
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, intid));
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, intid));
        gic_rig_end(intid);
    }
    EXPECT_EQ(gic_rig_take(), intid);
    io_write32(uart + ICR, INT_TX);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, intid));
    gic_rig_end(intid);
    EXPECT_TRUE(gic_rig_none());
}
