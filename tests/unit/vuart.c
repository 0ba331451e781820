/* SPDX-License-Identifier: MIT */
/*
 * virt/vuart.c and virt/vconsole.c as Linux's amba-pl011 and sbsa-uart drivers use them.
 */
#include <string.h>

#include "vm/vm.h"
#include "vm/vcpu.h"
#include "lib/ring.c"
#include "vm/mmio_map.c"
#include "virt/vconsole.c"
#include "virt/vtty.c"
#include "virt/vuart.c"

#include "ktf.h"

#define BASE  UINT64_C(0x9000000)
#define INTID 33

/* --- what the devices call --- */

static struct {
    bool level;
    int nr_edges;
    int nr_injected;
    char written[64];
    size_t nr_written;
    size_t room;
} machine;

static struct vm vm;

static void set_level(struct vm *of, uint32_t intid, bool high)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(intid, INTID);
    EXPECT_NE(machine.level, high);
    machine.level = high;
    machine.nr_edges++;
}

static void inject(struct vm *of, uint32_t vcpu_index, uint32_t intid)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(vcpu_index, 0);
    EXPECT_EQ(intid, VCONSOLE_INTID);
    machine.nr_injected++;
}

static const struct controller controller = {.set_level = set_level, .inject = inject};
static struct vcpu vcpu;

static bool looks_later;

void vring_look_later(void)
{
    looks_later = true;
}

size_t console_write(struct vm *of, struct console_turn *turn, const char *text, size_t length)
{
    size_t taken = length < machine.room ? length : machine.room;

    EXPECT_EQ(of, &vm);
    EXPECT_GE(turn->left, taken);
    memcpy(machine.written + machine.nr_written, text, taken);
    machine.nr_written += taken;
    machine.room -= taken;
    return taken;
}

bool console_write_one(struct vm *of, char character)
{
    return console_write(of, &CONSOLE_TURN, &character, 1) == 1;
}

/* In the ring there is a dash, if the VM uses it. vring.c has a test of its own. */
static struct stile_console_ring ring;

bool vring_flush(struct vm *of, struct console_turn *turn)
{
    EXPECT_EQ(of, &vm);
    if (vm.console.ring.out_consumed != ring.out_produced && console_write(of, turn, "-", 1) == 1)
        vm.console.ring.out_consumed = ring.out_produced;
    return vm.console.ring.out_consumed == ring.out_produced;
}

bool vring_feed(struct vm *of)
{
    EXPECT_FAIL("%p uses no ring", (void *)of);
    return false;
}

void vring_lose(struct vm *of, uint32_t count)
{
    EXPECT_FAIL("%u characters for %p's ring", count, (void *)of);
}

/* --- the cases --- */

static void setup(void)
{
    memset(&machine, 0, sizeof(machine));
    memset(&vm, 0, sizeof(vm));
    vm.controller = &controller;
    machine.room = sizeof(machine.written);
    vm.config.uart = (struct ipa_range){ipa_make(BASE), 0x1000};
    vm.config.uart_intid = INTID;
    vcpu.vm = &vm;
    ring = (struct stile_console_ring){.out_produced = 0};
    vm.ring = &ring;
    vconsole_init(&vm);
    vuart_init(&vm);
}

KTF_SUITE(vuart, .setup = setup);

/* As exits/mmio.c hands an access of 2^@sas bytes on. */
static uint64_t access_register(uint32_t offset, uint32_t sas, bool is_write, uint64_t value)
{
    const struct mmio_region *region = &vm.mmio.regions[0];
    uint32_t bits = 8u << sas;

    EXPECT_EQ(region->base, BASE);
    if (!is_write)
        return region->ops->read(&vcpu, offset, bits / 8) & UINT64_MAX >> (64 - bits);
    region->ops->write(&vcpu, offset, bits / 8, value & UINT64_MAX >> (64 - bits));
    return value;
}

static uint64_t get(uint32_t offset)
{
    return access_register(offset, 2, false, 0);
}

static void set(uint32_t offset, uint64_t value)
{
    access_register(offset, 2, true, value);
}

static void type(const char *text)
{
    (void)vtty_input(&vm, text, strlen(text));
}

KTF_TEST(vuart, is_identified_as_an_arm_pl011_r1p1)
{
    uint64_t periph = 0, cell = 0;

    for (uint32_t i = 0; i < 4; i++) {
        periph |= get(0xFE0 + 4 * i) << (8 * i);
        cell |= get(0xFF0 + 4 * i) << (8 * i);
    }
    EXPECT_EQ(periph, 0x00141011);
    EXPECT_EQ(cell, 0xB105F00D);
    EXPECT_EQ(get(0xFDC), 0);
}

KTF_TEST(vuart, resets_as_the_manual_says)
{
    EXPECT_EQ(get(FR), FR_TXFE | FR_RXFE);
    EXPECT_EQ(get(CR), 0x300);
    EXPECT_EQ(get(IFLS), 0x12);
    EXPECT_EQ(get(RIS), 0);
    EXPECT_EQ(get(MIS), 0);
    EXPECT_EQ(get(IMSC), 0);
}

KTF_TEST(vuart, registers_keep_their_implemented_bits)
{
    static const struct {
        uint32_t offset, bits;
    } rows[] = {{IBRD, 0xFFFF}, {FBRD, 0x3F}, {LCR_H, 0xFF}, {CR, 0xFF87},
                {IFLS, 0x3F},   {ILPR, 0xFF}, {DMACR, 7},    {IMSC, 0x7FF}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set(rows[i].offset, 0xFFFFFFFF);
        EXPECT_EQ(get(rows[i].offset), rows[i].bits);
    }
    set(FR, 0xFFFF);
    set(RIS, 0xFFFF);
    set(0xFE0, 0xFFFF);
    set(0xFFC, 0xFFFF);
    EXPECT_EQ(get(FR), FR_TXFE | FR_RXFE);
    EXPECT_EQ(get(0xFE0), 0x11);
    vm.mmio = (struct mmio_map){0};
    vuart_init(&vm);
    EXPECT_EQ(get(CR), 0x300);
    EXPECT_EQ(get(IMSC), 0);
}

KTF_TEST(vuart, sends_characters_of_every_access_width)
{
    access_register(DR, 0, true, 'a');
    access_register(DR, 1, true, 'b');
    access_register(DR, 2, true, 'c');
    access_register(DR, 3, true, 'd');
    EXPECT_EQ(machine.nr_written, 4);
    EXPECT_MEMEQ(machine.written, "abcd", 4);
    EXPECT_EQ(get(FR) & (FR_TXFF | FR_BUSY), 0);
}

KTF_TEST(vuart, a_sent_character_raises_the_transmit_interrupt)
{
    set(DR, 'a');
    EXPECT_EQ(get(RIS), INT_TX);
    EXPECT_FALSE(machine.level);
    set(IMSC, INT_TX);
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(MIS), INT_TX);
    set(ICR, INT_TX);
    EXPECT_FALSE(machine.level);
    EXPECT_EQ(get(RIS), 0);
}

KTF_TEST(vuart, input_interrupts_until_it_is_read)
{
    set(IMSC, INT_RX | INT_RT);
    type("ok");
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(FR) & FR_RXFE, 0);
    EXPECT_EQ(get(DR), 'o');
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(DR), 'k');
    EXPECT_FALSE(machine.level);
    EXPECT_EQ(get(FR) & FR_RXFE, FR_RXFE);
    EXPECT_EQ(get(DR), 0);
    EXPECT_EQ(machine.nr_edges, 2);
}

KTF_TEST(vuart, either_receive_interrupt_alone_is_enough)
{
    set(IMSC, INT_RT);
    type("a");
    EXPECT_TRUE(machine.level);
    get(DR);
    EXPECT_FALSE(machine.level);
    set(IMSC, INT_RX);
    type("b");
    EXPECT_TRUE(machine.level);
}

KTF_TEST(vuart, a_cleared_receive_interrupt_comes_again_with_input)
{
    set(IMSC, INT_RX | INT_RT);
    type("a");
    set(ICR, INT_RX | INT_RT);
    EXPECT_FALSE(machine.level);
    type("b");
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(DR), 'a');
    EXPECT_EQ(get(DR), 'b');
}

KTF_TEST(vuart, a_full_console_shows_as_a_full_fifo)
{
    machine.room = 2;
    for (char c = 'a'; c < 'a' + 2 + VUART_FIFO_BYTES; c++)
        set(DR, (uint64_t)c);
    EXPECT_EQ(get(FR) & (FR_TXFF | FR_TXFE | FR_BUSY), FR_TXFF | FR_BUSY);
    EXPECT_EQ(get(RIS) & INT_TX, 0);
    set(DR, '!'); /* lost, as in the real one */
    set(IMSC, INT_TX);
    machine.room = 5;
    looks_later = false;
    vtty_output_ready(&vm, &CONSOLE_TURN);
    EXPECT_TRUE(looks_later); /* the console may have cut it short without a UART that is busy */
    EXPECT_EQ(get(FR) & (FR_TXFF | FR_BUSY), FR_BUSY);
    EXPECT_FALSE(machine.level);
    machine.room = 40;
    looks_later = false;
    vtty_output_ready(&vm, &CONSOLE_TURN);
    EXPECT_FALSE(looks_later);
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(FR) & (FR_TXFF | FR_TXFE | FR_BUSY), FR_TXFE);
    EXPECT_MEMEQ(machine.written, "abcdefghijklmnopqr", 18);
    EXPECT_EQ(machine.nr_written, 18);
}

KTF_TEST(vuart, order_is_kept_while_characters_wait)
{
    machine.room = 0;
    set(DR, 'a');
    machine.room = 9;
    set(DR, 'b');
    EXPECT_EQ(machine.nr_written, 0);
    vtty_output_ready(&vm, &CONSOLE_TURN);
    EXPECT_MEMEQ(machine.written, "ab", 2);
}

KTF_TEST(vuart, the_call_interrupt_waits_for_an_agreed_version)
{
    type("a");
    EXPECT_EQ(machine.nr_injected, 0);
    vm.agreed = true;
    type("b");
    EXPECT_EQ(machine.nr_injected, 1);
}

/* Linux clears the interrupts as it opens the UART, then takes some characters only. */
KTF_TEST(vuart, what_is_left_interrupts_again)
{
    set(IMSC, INT_RX | INT_RT);
    type("abc");
    set(ICR, INT_ALL);
    EXPECT_FALSE(machine.level);
    EXPECT_EQ(get(DR), 'a');
    EXPECT_TRUE(machine.level);
    EXPECT_EQ(get(DR), 'b');
    EXPECT_EQ(get(DR), 'c');
    EXPECT_FALSE(machine.level);
}

KTF_TEST(vuart, input_beyond_the_room_is_not_taken)
{
    static char text[VCONSOLE_INPUT_BYTES + 44], read[sizeof(text)];

    memset(text, 'x', sizeof(text));
    text[0] = 'f';
    EXPECT_EQ(vtty_input(&vm, text, sizeof(text)), VCONSOLE_INPUT_BYTES);
    EXPECT_EQ(vconsole_pending(&vm), VCONSOLE_INPUT_BYTES);
    EXPECT_EQ(vconsole_read(&vm, read, 10), 10);
    EXPECT_EQ(read[0], 'f');
    EXPECT_EQ(vtty_input(&vm, "0123456789ABC", 13), 10);
    EXPECT_EQ(vconsole_read(&vm, read, sizeof(read)), VCONSOLE_INPUT_BYTES);
    EXPECT_MEMEQ(read + VCONSOLE_INPUT_BYTES - 10, "0123456789", 10);
    EXPECT_EQ(vconsole_read(&vm, read, sizeof(read)), 0);
}

KTF_TEST(vuart, a_vm_without_one_has_no_registers)
{
    memset(&vm, 0, sizeof(vm));
    vm.controller = &controller;
    vconsole_init(&vm);
    vuart_init(&vm);
    EXPECT_EQ(vm.mmio.nr_regions, 0);
    type("a");
    EXPECT_EQ(vconsole_pending(&vm), 1);
    EXPECT_EQ(machine.nr_edges, 0);
}

KTF_TEST(vuart, what_is_in_the_ring_comes_first)
{
    ring.out_produced = 1;
    vm.console.ring.used = true;
    set(DR, 'a');
    set(DR, 'b');
    EXPECT_EQ(machine.nr_written, 3);
    EXPECT_MEMEQ(machine.written, "-ab", 3);
}
