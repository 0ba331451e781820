/* SPDX-License-Identifier: MIT */
/*
 * The console down to the PL011's registers, with monitor/input.c above it: who is seen when, what
 * a full UART does, where input goes, who holds it up.
 */
#include <stdio.h>
#include <string.h>

#include "console/console.c"
#include "console/console_out.c"
#include "console/console_write.c"
#include "console/serial.c"
#include "dev/pl011.c"
#include "lib/escape.c"
#include "lib/ring.c"
#include "monitor/input.c"

#include "fakes/log.h"
#include "ktf.h"

#define UART_BASE  UINT64_C(0x9000000)
#define UART_INTID 33

struct machine machine = {
    .uart = {.base = {UART_BASE}, .bytes = 0x1000},
    .uart_intid = UART_INTID,
};

/* --- a PL011 --- */

/* QEMU's interrupts for the first character only; those of Arm's at half a FIFO, or some time
 * later. */
static const struct model {
    size_t depth, trigger;
    bool times_out;
} models[] = {{16, 1, false}, {16, 8, true}, {32, 16, true}};

#define NR_MODELS (sizeof(models) / sizeof(models[0]))

static struct {
    char sent[16384]; /* everything that left the transmit FIFO */
    size_t nr_sent;
    size_t fifo; /* characters in it */
    bool stuck;  /* nothing leaves the FIFO */
    const struct model *model;
    char typed[16384]; /* what the receive FIFO got, gets and will get */
    size_t nr_typed, nr_put, nr_read;
    uint32_t imsc, ris; /* ris: receive and timeout only */
    bool overrun;
} device;

/* The sender goes on while there is room. */
static void device_fill(void)
{
    while (device.nr_put < device.nr_typed &&
           device.nr_put - device.nr_read < device.model->depth) {
        device.nr_put++;
        if (device.nr_put - device.nr_read == device.model->trigger)
            device.ris |= INT_RX;
    }
}

static char device_read(void)
{
    char first = device.typed[device.nr_read++];

    if (device.nr_put - device.nr_read == device.model->trigger - 1)
        device.ris &= ~INT_RX;
    if (device.nr_put == device.nr_read)
        device.ris &= ~INT_RT;
    device_fill();
    return first;
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    uint32_t flags = 0;

    EXPECT_EQ(bytes, 4);
    switch (address - UART_BASE) {
    case FR:
        flags |= device.fifo == 0 ? FR_TXFE : 0;
        flags |= device.fifo == FIFO_CHARACTERS ? FR_TXFF : 0;
        flags |= device.nr_put == device.nr_read ? FR_RXFE : 0;
        return flags;
    case DR:
        return (uint8_t)device_read();
    case IMSC:
        return device.imsc;
    default:
        EXPECT_FAIL("read of %lx", (unsigned long)address);
        return 0;
    }
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    EXPECT_EQ(bytes, 4);
    if (address - UART_BASE == IMSC)
        device.imsc = (uint32_t)value;
    if (address - UART_BASE == ICR)
        device.ris &= ~(uint32_t)value;
    if (address - UART_BASE != DR)
        return;
    if (device.fifo == FIFO_CHARACTERS)
        device.overrun = true;
    device.sent[device.nr_sent++] = (char)value;
    if (device.stuck)
        device.fifo++;
}

/* Interrupts as long as it has a reason to; it must not have one for ever. */
static void device_run(void)
{
    for (int i = 0; i < 1000; i++) {
        if (device.model->times_out && device.nr_put != device.nr_read)
            device.ris |= INT_RT;
        if ((device.ris & device.imsc) == 0)
            return;
        input_irq();
    }
    EXPECT_FAIL("it interrupts for ever");
}

/* Lets the FIFO run empty, and interrupts if the driver asked for it. */
static void device_send(void)
{
    device.fifo = 0;
    if ((device.imsc & INT_TX) != 0)
        input_irq();
}

static void device_paste(const char *text, size_t length)
{
    memcpy(device.typed + device.nr_typed, text, length);
    device.nr_typed += length;
    device_fill();
    device_run();
}

static void device_type(const char *text)
{
    device_paste(text, strlen(text));
}

/* --- what the console calls --- */

static struct {
    const struct vm *vm;
    char text[16384];
    size_t length, room, nr_lost;
    const struct vm *ready;
} input_seen;

size_t vtty_input(struct vm *vm, const char *text, size_t length)
{
    EXPECT_EQ(vm->nr_holds, 1);
    if (input_seen.vm != vm)
        input_seen.length = 0;
    if (length > input_seen.room)
        length = input_seen.room;
    input_seen.vm = vm;
    input_seen.room -= length;
    memcpy(input_seen.text + input_seen.length, text, length);
    input_seen.length += length;
    input_seen.text[input_seen.length] = '\0';
    return length;
}

void vtty_lose(struct vm *vm, size_t length)
{
    EXPECT_EQ(vm->nr_holds, 1);
    input_seen.nr_lost += length;
}

void vtty_output_ready(struct vm *vm, struct console_turn *turn)
{
    EXPECT_EQ(vm->nr_holds, 1);
    EXPECT_NE(turn->left, 0);
    input_seen.ready = vm;
}

static struct {
    char text[8192];
    size_t length, room;
    uint32_t nr_runs;
} monitor_seen;

size_t monitor_input(const char *text, size_t length)
{
    if (length > monitor_seen.room)
        length = monitor_seen.room;
    monitor_seen.room -= length;
    memcpy(monitor_seen.text + monitor_seen.length, text, length);
    monitor_seen.length += length;
    monitor_seen.text[monitor_seen.length] = '\0';
    return length;
}

void monitor_run(void)
{
    EXPECT_EQ(input.lock.next, input.lock.serving);
    EXPECT_EQ(console.lock.next, console.lock.serving);
    monitor_seen.nr_runs++;
}

static bool look_is_armed;

void vring_look_later(void)
{
    look_is_armed = true;
}

/* The timer, @us later. */
static void look(uint64_t us)
{
    EXPECT_TRUE(look_is_armed);
    look_is_armed = false;
    fake_sysreg_write("cntpct_el0", fake_sysreg_read("cntpct_el0") + us);
    input_look(&CONSOLE_TURN);
    device_run();
}

static uint32_t enabled_intid;

static void fake_enable(uint32_t intid)
{
    enabled_intid = intid;
}

static const struct gic_ops fake_gic = {.enable = fake_enable};
const struct gic_ops *gic = &fake_gic;

/* --- the cases --- */

static struct vm pv = {.config = {.name = "pv"}, .id = 1};
static struct vm trap = {.config = {.name = "trap"}, .id = 2};

struct vm *vm_get(uint32_t index)
{
    struct vm *vm = index == 0 ? &pv : &trap;

    EXPECT_LT(index, 2);
    if (vm->state != VM_RUNNING)
        return NULL;
    vm_hold(vm);
    return vm;
}

void sched_release_last(struct vm *vm)
{
    EXPECT_FAIL("%s was held by nobody else", vm->config.name);
}

static char kept[2][STILE_CONSOLE_KEPT_BYTES];

static void setup(void)
{
    memset(&console, 0, sizeof(console));
    memset(&device, 0, sizeof(device));
    memset(&monitor_seen, 0, sizeof(monitor_seen));
    memset(&input, 0, sizeof(input));
    memset(&input_seen, 0, sizeof(input_seen));
    device.model = &models[0];
    input_seen.room = monitor_seen.room = SIZE_MAX;
    pv.state = trap.state = VM_RUNNING;
    look_is_armed = false;
    fake_sysreg_write("cntfrq_el0", 1000000);
    log_clear();
    pv.console.port = (struct console_port){.kept = kept[0]};
    trap.console.port = (struct console_port){.kept = kept[1]};
    backlog.head = backlog.tail = 0;
    uart = 0;
    console_init();
}

static void attach_both(void)
{
    console_attach(&pv);
    console_attach(&trap);
}

KTF_SUITE(console, .setup = setup);

static size_t write_turn(struct vm *vm, const char *text, size_t length)
{
    struct console_turn turn = CONSOLE_TURN;

    return console_write(vm, &turn, text, length);
}

static size_t write_text(struct vm *vm, const char *text)
{
    return write_turn(vm, text, strlen(text));
}

static const char *sent(void)
{
    device.sent[device.nr_sent] = '\0';
    return device.sent;
}

static void forget_sent(void)
{
    device.nr_sent = 0;
}

KTF_TEST(console, lines_before_the_uart_is_found_are_kept)
{
    uart = 0;
    console_write_hv("early", 5);
    EXPECT_STREQ(sent(), "");
    console_init();
    EXPECT_STREQ(sent(), "[hv] early\r\n");
    EXPECT_EQ(enabled_intid, UART_INTID);
    EXPECT_EQ(device.imsc, INT_RX | INT_RT);
}

KTF_TEST(console, a_panic_without_a_uart_is_kept_for_whoever_asks)
{
    char kept_first;

    uart = 0;
    console_write_hv("line", 4);
    console_panic_write("panic", 5);
    EXPECT_STREQ(sent(), "");
    EXPECT_TRUE(serial_take_kept(&kept_first));
    EXPECT_EQ(kept_first, '[');
    while (serial_room() < SERIAL_BUFFER_BYTES - 5)
        EXPECT_TRUE(serial_take_kept(&kept_first));
    serial_early(UART_BASE);
    EXPECT_FALSE(serial_take_kept(&kept_first));
    console_panic_write("!", 1);
    EXPECT_STREQ(sent(), "panic!");
}

KTF_TEST(console, a_lone_vm_has_no_prefix)
{
    console_attach(&pv);
    EXPECT_EQ(write_text(&pv, "one\ntwo\nthree"), 13);
    EXPECT_STREQ(sent(), "one\ntwo\nthree");
}

KTF_TEST(console, only_the_begun_line_is_written_again)
{
    console_attach(&pv);
    write_text(&pv, "one\ntwo\nthr");
    write_text(&pv, "ee\nfour\nfi");
    write_text(&pv, "ve");
    forget_sent();
    console_write_hv("note", 4);
    EXPECT_STREQ(sent(), "\r\n[hv] note\r\nfive");
}

KTF_TEST(console, two_vms_have_names_on_every_line)
{
    attach_both();
    write_text(&pv, "a\nb\n> ");
    EXPECT_STREQ(sent(), "[pv] a\n[pv] b\n[pv] > ");
    write_text(&pv, "ls\n");
    EXPECT_STREQ(sent(), "[pv] a\n[pv] b\n[pv] > ls\n");
}

KTF_TEST(console, the_other_vm_shows_whole_lines_only)
{
    attach_both();
    EXPECT_EQ(write_text(&trap, "hel"), 3);
    EXPECT_STREQ(sent(), "");
    EXPECT_EQ(write_text(&trap, "lo\r\nmore"), 8);
    EXPECT_STREQ(sent(), "[trap] hello\r\n");
}

KTF_TEST(console, a_line_broken_into_is_written_again)
{
    attach_both();
    write_text(&pv, "> typ");
    write_text(&trap, "tick\n");
    EXPECT_STREQ(sent(), "[pv] > typ\r\n[trap] tick\r\n[pv] > typ");
    forget_sent();
    console_write_hv("note", 4);
    EXPECT_STREQ(sent(), "\r\n[hv] note\r\n[pv] > typ");
    forget_sent();
    write_text(&pv, "ed\n");
    EXPECT_STREQ(sent(), "ed\n");
}

/* A shell asks for the cursor's place; the answer would be typed a second time. */
KTF_TEST(console, a_terminal_is_not_asked_again)
{
    attach_both();
    write_text(&pv, "# \x1b[6n\x1b[1mls\x1b[?6n");
    EXPECT_STREQ(sent(), "[pv] # \x1b[6n\x1b[1mls\x1b[?6n");
    forget_sent();
    write_text(&trap, "tick\n");
    EXPECT_STREQ(sent(), "\r\n[trap] tick\r\n[pv] # \x1b[1mls");
}

KTF_TEST(console, what_breaks_into_a_sequence_is_no_part_of_it)
{
    attach_both();
    write_text(&pv, "> \x1b[3");
    forget_sent();
    write_text(&trap, "tick\n");
    EXPECT_STREQ(sent(), "\x18\r\n[trap] tick\r\n[pv] > \x1b[3");
    write_text(&pv, "1m");
    forget_sent();
    write_text(&trap, "\x1b]0;no end\n");
    EXPECT_STREQ(sent(), "\r\n[trap] \x1b]0;no end\x18\r\n[pv] > \x1b[31m");
}

KTF_TEST(console, a_line_begun_anew_has_its_name_again)
{
    attach_both();
    write_text(&pv, "# lss\r# ls\x1b[J");
    EXPECT_STREQ(sent(), "[pv] # lss\r[pv] # ls\x1b[J");
    forget_sent();
    (void)console_write_one(&pv, '\r');
    (void)console_write_one(&pv, '#');
    EXPECT_STREQ(sent(), "\r[pv] #");
    forget_sent();
    write_text(&trap, "tick\n");
    EXPECT_STREQ(sent(), "\r\n[trap] tick\r\n[pv] #");
    forget_sent();
    write_text(&pv, " end\r");
    write_text(&pv, "\r\nnext\r\n");
    EXPECT_STREQ(sent(), " end\r\r\n[pv] next\r\n");
}

KTF_TEST(console, long_lines_are_broken)
{
    char text[CONSOLE_LINE_BYTES + 10];

    attach_both();
    memset(text, 'x', sizeof(text));
    EXPECT_EQ(write_turn(&trap, text, sizeof(text)), sizeof(text));
    EXPECT_EQ(device.nr_sent, strlen("[trap] ") + CONSOLE_LINE_BYTES + 2);
    EXPECT_EQ(trap.console.port.length, 10);
    /* The focus's go on; what is known of them is their end. */
    EXPECT_EQ(write_turn(&pv, text, sizeof(text)), sizeof(text));
    EXPECT_EQ(pv.console.port.length, CONSOLE_LINE_BYTES);
    write_text(&pv, "yz");
    EXPECT_EQ(pv.console.port.length, 2);
}

/* Text is written in pieces of any length, as a ring is read; the begun line is shown again whole.
 */
KTF_TEST(console, a_begun_line_is_known_whatever_came_before_it)
{
    char text[1200], expected[64];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 50 == 49 ? '\n' : (char)('a' + i / 50);
    for (size_t piece = 2; piece < 600; piece += 7) {
        setup();
        console_attach(&pv);
        for (size_t done = 0; done < 1130; done += piece)
            write_turn(&pv, text + done, done + piece < 1130 ? piece : 1130 - done);
        forget_sent();
        console_try_hv("a line", 6);
        snprintf(expected, sizeof(expected), "[hv] a line\r\n%.30s", text + 1100);
        EXPECT_NOT_NULL(strstr(sent(), expected));
    }
}

/* A UART that takes everything at once bounds nothing. */
KTF_TEST(console, a_turn_is_bounded_whatever_is_written)
{
    static const char *const patterns[] = {"\n",    "\r",      "\rx", "x\r",      "x\n",
                                           "\x1B[", "\x1B[6n", "x",   "\n\n\n\nx"};
    static char text[4096], begun[CONSOLE_LINE_BYTES];

    attach_both();
    memset(begun, 'x', sizeof(begun));
    for (unsigned i = 0; i < 2 * sizeof(patterns) / sizeof(patterns[0]); i++) {
        const char *pattern = patterns[i / 2];
        struct vm *vm = i % 2 ? &trap : &pv;
        size_t done = 0, nothing = 0;

        for (size_t at = 0; at < sizeof(text); at++)
            text[at] = pattern[at % strlen(pattern)];
        (void)write_turn(&pv, begun, sizeof(begun)); /* what is taken away, and shown again */
        while (done < sizeof(text)) {
            forget_sent();
            size_t taken = write_turn(vm, text + done, sizeof(text) - done);

            EXPECT_LE(device.nr_sent, CONSOLE_TURN_MOST);
            EXPECT_LE(taken, CONSOLE_TURN_MOST);
            nothing = taken == 0 ? nothing + 1 : 0;
            ASSERT_LE(nothing, 1); /* a full line that was gathered before may be all of a turn */
            done += taken;
        }
        forget_sent();
    }
}

/* Wherever a turn ends, what is written is the same in the end. */
KTF_TEST(console, turns_of_any_length_write_the_same)
{
    static const char text[] = "one\ntwo\r\nthree\rfour\n\n\nfive\n";
    static const char named[] = "[pv] one\n[pv] two\r\n[pv] three\r[pv] four\n[pv] \n[pv] \n"
                                "[pv] five\n";

    attach_both();
    for (uint32_t i = COST_PART + COST_LINE + 1; i < 600; i++) {
        const char *rest = text;

        forget_sent();
        while (*rest != '\0') {
            struct console_turn turn = {i};

            rest += console_write(&pv, &turn, rest, strlen(rest));
            for (uint32_t left = 0; left < i; left++) { /* what is too little writes nothing */
                turn.left = left;
                rest += console_write(&pv, &turn, rest, strlen(rest));
                EXPECT_LE(turn.left, left);
            }
        }
        EXPECT_STREQ(sent(), named);
    }
}

KTF_TEST(console, what_a_turn_leaves_is_asked_for_though_the_uart_is_idle)
{
    static char lines[4096];
    struct console_turn turn = CONSOLE_TURN;

    attach_both();
    memset(lines, '\n', sizeof(lines));
    EXPECT_LT(console_write(&pv, &turn, lines, sizeof(lines)), sizeof(lines));
    EXPECT_EQ(console_write(&pv, &turn, lines, sizeof(lines)), 0); /* the turn is over */
    EXPECT_NULL(input_seen.ready);
    turn = CONSOLE_TURN;
    input_look(&turn);
    EXPECT_EQ(input_seen.ready, &pv);
}

KTF_TEST(console, a_stuck_uart_fills_the_buffer_and_no_more)
{
    char text[1000];
    size_t taken = 0, last;

    console_attach(&pv);
    device.stuck = true;
    memset(text, 'x', sizeof(text));
    do {
        last = write_turn(&pv, text, sizeof(text));
        taken += last;
    } while (last > 0 && taken < 100000);
    EXPECT_EQ(taken, SERIAL_BUFFER_BYTES + FIFO_CHARACTERS);
    EXPECT_EQ(device.imsc & INT_TX, INT_TX);
    EXPECT_FALSE(device.overrun);
    EXPECT_NULL(input_seen.ready);
    /* It goes on: everything comes out, and the VM is told. */
    device.stuck = false;
    device_send();
    EXPECT_EQ(device.nr_sent, taken);
    EXPECT_EQ(device.imsc & INT_TX, 0);
    EXPECT_EQ(input_seen.ready, &pv);
}

KTF_TEST(console, the_fifo_is_filled_to_the_brim_by_each_interrupt)
{
    console_attach(&pv);
    device.stuck = true;
    write_text(&pv, "0123456789abcdefGHIJKLMNOPQRSTUVwxyz");
    EXPECT_EQ(device.nr_sent, 16);
    device.fifo = 5;
    input_irq();
    EXPECT_EQ(device.nr_sent, 27);
    EXPECT_EQ(device.imsc & INT_TX, INT_TX);
    device_send();
    EXPECT_STREQ(sent(), "0123456789abcdefGHIJKLMNOPQRSTUVwxyz");
    EXPECT_EQ(device.imsc & INT_TX, 0);
    EXPECT_FALSE(device.overrun);
}

KTF_TEST(console, a_line_without_room_is_not_taken_in_part)
{
    char text[SERIAL_BUFFER_BYTES];

    attach_both();
    device.stuck = true;
    memset(text, 'x', sizeof(text));
    while (write_turn(&pv, text, 100) > 0)
        ;
    EXPECT_EQ(write_text(&trap, "gathered"), 8);
    EXPECT_EQ(write_text(&trap, "\n"), 0);
    device.stuck = false;
    device_send();
    EXPECT_EQ(input_seen.ready, &trap);
    forget_sent();
    EXPECT_EQ(write_text(&trap, "\n"), 1);
    EXPECT_EQ(memcmp(sent(), "\r\n[trap] gathered\r\n", 19), 0);
}

KTF_TEST(console, the_hypervisor_gives_up_on_a_dead_uart)
{
    char text[100];

    device.stuck = true;
    memset(text, 'h', sizeof(text));
    for (int i = 0; i < 60; i++)
        console_write_hv(text, sizeof(text));
    EXPECT_LE(ring_used(&backlog), SERIAL_BUFFER_BYTES);
    EXPECT_EQ(device.nr_sent, 16);
    EXPECT_FALSE(device.overrun);
}

KTF_TEST(console, single_characters_are_as_longer_texts)
{
    attach_both();
    for (const char *text = "a\nbc"; *text != '\0'; text++) {
        EXPECT_TRUE(console_write_one(&pv, *text));
        EXPECT_TRUE(console_write_one(&trap, *text));
    }
    EXPECT_STREQ(sent(), "[pv] a\n[trap] a\r\n[pv] bc");
    device.stuck = true;
    while (console_write_one(&pv, 'x'))
        ;
    EXPECT_TRUE(pv.console.port.wants_room);
    EXPECT_EQ(ring_room(&backlog), 0);
    EXPECT_EQ(device.fifo, FIFO_CHARACTERS);
    EXPECT_FALSE(device.overrun);
}

KTF_TEST(console, input_goes_to_the_focus_and_the_key_moves_it)
{
    attach_both();
    device_type("ab");
    EXPECT_EQ(input_seen.vm, &pv);
    EXPECT_STREQ(input_seen.text, "ab");
    device_type("c\x14"
                "d");
    EXPECT_EQ(input_seen.vm, &trap);
    EXPECT_STREQ(input_seen.text, "d");
    EXPECT_STREQ(sent(), "[hv] input goes to trap\r\n");
    EXPECT_EQ(monitor_seen.length, 0);
    device_type("\x14"
                "e\x14");
    EXPECT_STREQ(monitor_seen.text, "e");
    device_type("f");
    EXPECT_EQ(input_seen.vm, &pv);
}

KTF_TEST(console, the_hypervisors_console_has_a_begun_line_too)
{
    attach_both();
    console_type("stile> ", 7);
    EXPECT_STREQ(sent(), "");
    device_type("\x14\x14");
    EXPECT_STREQ(sent(), "[hv] input goes to trap\r\n"
                         "[hv] input goes to the hypervisor: try ?\r\n[hv] stile> ");
    forget_sent();
    console_type("vmx", 3);
    console_untype(1);
    EXPECT_STREQ(sent(), "vmx\b \b");
    forget_sent();
    write_text(&pv, "tick\n");
    EXPECT_STREQ(sent(), "\r\n[pv] tick\r\n[hv] stile> vm");
    forget_sent();
    console_type("s\r\n", 3);
    console_write_hv("a row", 5);
    console_type("stile> ", 7);
    EXPECT_STREQ(sent(), "s\r\n[hv] a row\r\n[hv] stile> ");
    console_untype(100);
    EXPECT_EQ(console.prompt.length, 0);
}

KTF_TEST(console, a_command_moves_the_focus)
{
    attach_both();
    device_type("\x14\x14");
    EXPECT_TRUE(console_focus(&trap));
    device_type("x");
    EXPECT_EQ(input_seen.vm, &trap);
    console_detach(&pv);
    EXPECT_FALSE(console_focus(&pv));
    EXPECT_EQ(console.focus, &trap);
}

KTF_TEST(console, tells_whether_a_line_fits)
{
    char text[CONSOLE_LINE_BYTES];
    uint32_t before;

    console_attach(&pv);
    device.stuck = true;
    memset(text, 'x', sizeof(text));
    while (console_hv_ready()) {
        before = ring_used(&backlog);
        console_write_hv(text, sizeof(text));
        EXPECT_GE(ring_used(&backlog), before + (before > 0 ? sizeof(text) : 0));
    }
    EXPECT_GT(ring_used(&backlog),
              SERIAL_BUFFER_BYTES - 2 * CONSOLE_LINE_BYTES - 2 * CONSOLE_OUT_EXTRA);
    before = monitor_seen.nr_runs;
    device.stuck = false;
    device_send();
    EXPECT_EQ(monitor_seen.nr_runs, before + 1);
    EXPECT_TRUE(console_hv_ready());
}

KTF_TEST(console, the_hypervisor_keeps_the_focus_it_was_given)
{
    attach_both();
    device_type("\x14\x14");
    console_detach(&pv);
    console_detach(&trap);
    device_type("x");
    EXPECT_STREQ(monitor_seen.text, "x");
    console_attach(&pv);
    device_type("y");
    EXPECT_STREQ(monitor_seen.text, "xy");
    EXPECT_NULL(input_seen.vm);
}

KTF_TEST(console, moving_the_focus_moves_the_begun_lines)
{
    attach_both();
    write_text(&pv, "pv> ");
    write_text(&trap, "trap> ");
    forget_sent();
    device_type("\x14");
    EXPECT_STREQ(sent(), "\r\n[hv] input goes to trap\r\n[trap] trap> ");
    forget_sent();
    write_text(&pv, "done\n");
    EXPECT_STREQ(sent(), "\r\n[pv] pv> done\r\n[trap] trap> ");
}

KTF_TEST(console, a_vm_that_leaves_finishes_its_line)
{
    attach_both();
    write_text(&trap, "last words");
    console_detach(&trap);
    EXPECT_STREQ(sent(), "[trap] last words\r\n");
    forget_sent();
    write_text(&pv, "still named\n");
    EXPECT_STREQ(sent(), "[pv] still named\n");
    console_detach(&trap);
    EXPECT_EQ(console.nr_vms, 1);
}

KTF_TEST(console, the_focus_passes_on_when_its_vm_leaves)
{
    attach_both();
    write_text(&pv, "> ");
    forget_sent();
    console_detach(&pv);
    EXPECT_STREQ(sent(), "\r\n[hv] input goes to trap\r\n");
    device_type("x");
    EXPECT_EQ(input_seen.vm, &trap);
    console_detach(&trap);
    input_seen.vm = NULL;
    device_type("y");
    EXPECT_NULL(input_seen.vm);
    EXPECT_EQ(monitor_seen.length, 0);
    console_attach(&pv);
    device_type("z");
    EXPECT_EQ(input_seen.vm, &pv);
}

KTF_TEST(console, a_vm_that_starts_anew_has_its_focus_again)
{
    attach_both();
    console_detach(&pv);
    console_attach(&pv);
    device_type("x");
    EXPECT_EQ(input_seen.vm, &pv);
    console_detach(&trap);
    console_attach(&trap);
    device_type("y");
    EXPECT_EQ(input_seen.vm, &pv);
}

KTF_TEST(console, names_can_be_there_from_the_first_line_on)
{
    console_name_lines();
    console_attach(&pv);
    write_text(&pv, "a\n");
    EXPECT_STREQ(sent(), "[pv] a\n");
}

KTF_TEST(console, panic_writes_what_was_buffered_first)
{
    console_attach(&pv);
    device.stuck = true;
    write_text(&pv, "0123456789abcdefbuffered");
    device.stuck = false;
    device.fifo = 0;
    spin_lock(&console.lock);
    console_panic_write("panic", 5);
    EXPECT_STREQ(sent(), "0123456789abcdefbufferedpanic");
}

/* --- what is kept --- */

static size_t read_kept(struct vm *vm, uint64_t from, size_t limit, char *text, uint64_t *first)
{
    size_t count = console_read_kept(vm, from, text, limit, first);

    text[count] = '\0';
    return count;
}

KTF_TEST(console, what_was_taken_is_kept_whoever_had_the_focus)
{
    char text[64];
    uint64_t first;

    attach_both();
    (void)write_text(&pv, "one\n");
    (void)console_write_one(&pv, 't');
    (void)console_write_one(&pv, 'w');
    (void)write_text(&pv, "o\n");
    (void)write_text(&trap, "begun");
    EXPECT_EQ(read_kept(&pv, 0, 63, text, &first), 8);
    EXPECT_EQ(first, 0);
    EXPECT_STREQ(text, "one\ntwo\n");
    EXPECT_EQ(read_kept(&pv, 4, 2, text, &first), 2);
    EXPECT_EQ(first, 4);
    EXPECT_STREQ(text, "tw");
    console_detach(&trap);
    EXPECT_EQ(read_kept(&trap, 0, 63, text, &first), 5);
    EXPECT_STREQ(text, "begun");
}

KTF_TEST(console, what_was_not_taken_is_not_kept)
{
    static char line[SERIAL_BUFFER_BYTES + 100];
    char text[64];
    uint64_t first;

    console_attach(&pv);
    device.stuck = true;
    memset(line, 'x', sizeof(line));
    size_t taken = write_turn(&pv, line, sizeof(line));
    EXPECT_LT(taken, sizeof(line));
    EXPECT_EQ(read_kept(&pv, UINT64_MAX, 63, text, &first), 0);
    EXPECT_EQ(first, taken);
}

KTF_TEST(console, the_last_characters_are_kept)
{
    static char text[STILE_CONSOLE_KEPT_BYTES + 1];
    uint64_t first;

    console_attach(&pv);
    for (int i = 0; i < 1000; i++) {
        char line[16];

        (void)snprintf(line, sizeof(line), "%06d\n", i);
        EXPECT_EQ(write_text(&pv, line), 7);
        forget_sent();
    }
    EXPECT_EQ(read_kept(&pv, 0, STILE_CONSOLE_KEPT_BYTES, text, &first), STILE_CONSOLE_KEPT_BYTES);
    EXPECT_EQ(first, 7000 - STILE_CONSOLE_KEPT_BYTES);
    EXPECT_STREQ(text + STILE_CONSOLE_KEPT_BYTES - 14, "000998\n000999\n");
    EXPECT_EQ(read_kept(&pv, 6993, 4, text, &first), 4);
    EXPECT_STREQ(text, "0009");
    EXPECT_EQ(read_kept(&pv, 7000, 4, text, &first), 0);
    EXPECT_EQ(first, 7000);
    EXPECT_EQ(read_kept(&pv, UINT64_MAX, 4, text, &first), 0);
    EXPECT_EQ(first, 7000);
}

/* --- pasting --- */

static char pasted[4096];

static void fill_pasted(void)
{
    for (size_t i = 0; i < sizeof(pasted); i++)
        pasted[i] = (char)(' ' + i % 95);
}

KTF_TEST(console, a_paste_comes_whole_whatever_the_fifo_is_like)
{
    fill_pasted();
    for (size_t i = 0; i < NR_MODELS; i++) {
        setup();
        device.model = &models[i];
        console_attach(&pv);
        device_paste(pasted, sizeof(pasted));
        EXPECT_EQ(input_seen.length, sizeof(pasted));
        EXPECT_MEMEQ(input_seen.text, pasted, sizeof(pasted));
        device_type("!");
        EXPECT_EQ(input_seen.length, sizeof(pasted) + 1);
    }
}

KTF_TEST(console, what_a_vm_has_no_room_for_stays_in_the_uart)
{
    fill_pasted();
    for (size_t i = 0; i < NR_MODELS; i++) {
        setup();
        device.model = &models[i];
        console_attach(&pv);
        input_seen.room = 1000;
        device_paste(pasted, sizeof(pasted));
        EXPECT_EQ(input_seen.length, 1000);
        EXPECT_EQ(device.imsc & (INT_RX | INT_RT), 0);
        EXPECT_LE(device.nr_read, 1000 + PIECE_BYTES);
        /* Slow as it is, it loses nothing. */
        for (int looks = 0; look_is_armed && looks < 100; looks++) {
            input_seen.room += 100;
            look(INPUT_PATIENCE_US * 9 / 10);
        }
        EXPECT_EQ(input_seen.length, sizeof(pasted));
        EXPECT_MEMEQ(input_seen.text, pasted, sizeof(pasted));
        EXPECT_EQ(device.imsc & (INT_RX | INT_RT), INT_RX | INT_RT);
        EXPECT_EQ(log_lines, 0);
    }
}

KTF_TEST(console, a_vm_that_reads_nothing_does_not_hide_the_key)
{
    attach_both();
    fill_pasted();
    input_seen.room = 10;
    device_paste(pasted, 1000);
    device_type("\x14"
                "x");
    EXPECT_EQ(input_seen.vm, &pv);
    look(10000);
    EXPECT_EQ(input_seen.nr_lost, 0);
    look(INPUT_PATIENCE_US);
    EXPECT_EQ(input_seen.nr_lost, 990);
    EXPECT_STREQ(sent(), "[hv] input goes to trap\r\n");
    EXPECT_STREQ(log_text, "pv reads nothing: what is typed is dropped\n"
                           "990 typed characters were dropped\n");
    input_seen.room = 100;
    device_type("y");
    EXPECT_EQ(input_seen.vm, &trap);
    EXPECT_STREQ(input_seen.text, "xy");
}

KTF_TEST(console, a_vm_that_reads_again_is_waited_for_again)
{
    console_attach(&pv);
    fill_pasted();
    input_seen.room = 10;
    device_paste(pasted, 200);
    look(INPUT_PATIENCE_US + 1);
    EXPECT_EQ(input_seen.nr_lost, 190);
    EXPECT_FALSE(look_is_armed);
    device_paste(pasted, 100);
    EXPECT_EQ(input_seen.nr_lost, 290);
    input_seen.room = 50;
    device_type("read");
    EXPECT_EQ(input_seen.length, 14);
    device_paste(pasted, 100);
    EXPECT_EQ(input_seen.nr_lost, 290);
    EXPECT_TRUE(look_is_armed);
    EXPECT_STREQ(log_text, "pv reads nothing: what is typed is dropped\n"
                           "290 typed characters were dropped\n");
}

KTF_TEST(console, what_is_held_back_goes_to_nobody_else)
{
    attach_both();
    input_seen.room = 3;
    device_type("secret");
    console_detach(&pv);
    input_seen.room = 100;
    look(10000);
    EXPECT_EQ(input_seen.vm, &pv);
    EXPECT_STREQ(input_seen.text, "sec");
    device_type("to trap");
    EXPECT_EQ(input_seen.vm, &trap);
    EXPECT_STREQ(input_seen.text, "to trap");
}

KTF_TEST(console, the_hypervisors_own_console_is_waited_for_too)
{
    attach_both();
    device_type("\x14\x14");
    fill_pasted();
    monitor_seen.room = 128;
    device_paste(pasted, sizeof(pasted));
    EXPECT_EQ(monitor_seen.length, 128);
    while (monitor_seen.length < sizeof(pasted) && device.imsc == 0) {
        monitor_seen.room = 16;
        input_go_on();
        device_run();
    }
    EXPECT_EQ(monitor_seen.length, sizeof(pasted));
    EXPECT_MEMEQ(monitor_seen.text, pasted, sizeof(pasted));
}

KTF_TEST(console, input_for_a_vm_that_is_ending_is_not_kept)
{
    attach_both();
    pv.state = VM_ENDING;
    device_type("gone");
    EXPECT_NULL(input_seen.vm);
    EXPECT_FALSE(look_is_armed);
}

/* --- lines that guests cause --- */

static void fill_uart(void)
{
    char text[100];

    memset(text, 'x', sizeof(text));
    device.stuck = true;
    while (write_turn(&pv, text, sizeof(text)) > 0)
        ;
}

KTF_TEST(console, a_guests_line_is_not_waited_for)
{
    console_attach(&pv);
    fill_uart();
    device.stuck = false;
    device.fifo = FIFO_CHARACTERS;
    size_t before = device.nr_sent;
    for (int i = 0; i < 5; i++)
        console_try_hv("noise", 5);
    EXPECT_EQ(device.nr_sent, before);
    device.fifo = 0;
    input_irq();
    EXPECT_NOT_NULL(strstr(sent(), "\r\n[hv] 5 lines were left out\r\n"));
    forget_sent();
    write_text(&pv, "\n");
    console_try_hv("noise", 5);
    EXPECT_STREQ(sent(), "\n[hv] noise\r\n");
}

KTF_TEST(console, the_hypervisors_own_line_is_waited_for)
{
    console_attach(&pv);
    fill_uart();
    device.stuck = false;
    device.fifo = 0;
    console_write_hv("own", 3);
    EXPECT_NOT_NULL(strstr(sent(), "[hv] own\r\n"));
}

/* Nobody waits for the UART because a VM starts anew; who has the focus is said later. */
KTF_TEST(console, a_vm_comes_and_goes_without_waiting)
{
    attach_both();
    fill_uart();
    size_t before = device.nr_sent;
    console_detach(&pv);
    EXPECT_EQ(console.focus, &trap);
    EXPECT_EQ(device.nr_sent, before);
    EXPECT_EQ(write_text(&trap, "unseen"), 0);
    console_attach(&pv);
    EXPECT_EQ(console.focus, &pv);
    device.stuck = false;
    device_send();
    sent();
    EXPECT_NOT_NULL(strstr(device.sent, "\r\n[hv] input goes to pv\r\n"));
    EXPECT_NULL(strstr(device.sent, "input goes to trap"));
    forget_sent();
    write_text(&pv, "a\n");
    EXPECT_STREQ(sent(), "[pv] a\n");
}
