/* SPDX-License-Identifier: MIT */
/*
 * What comes out of the console: who is seen when, what a full UART does, what is kept, who waits.
 * What goes in is in console_input.c.
 */
#include "console_fake.h"

KTF_SUITE(console, .setup = setup);

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

/* What is kept of a VM that shows at once is full: of whole lines, and of the one begun. */
KTF_TEST(console, a_character_that_finds_no_room_ends_no_line)
{
    char text[CONSOLE_LINE_BYTES + 1];

    console_attach(&pv);
    memset(text, 'x', sizeof(text));
    text[CONSOLE_LINE_BYTES - 4] = '\n';
    memcpy(text + CONSOLE_LINE_BYTES - 3, "begun", 3);
    ASSERT_EQ(console_write(&pv, &CONSOLE_TURN, text, CONSOLE_LINE_BYTES), CONSOLE_LINE_BYTES);
    EXPECT_TRUE(console_write_one(&pv, 'u'));
    forget_sent();
    console_write_hv("note", 4);
    EXPECT_STREQ(sent(), "\r\n[hv] note\r\nbegu");
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
