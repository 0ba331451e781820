/* SPDX-License-Identifier: MIT */
/*
 * What is typed and pasted: to whom it goes, and what waits when nobody takes it. The output is
 * tested in console.c.
 */
#include "console_fake.h"

KTF_SUITE(console_input, .setup = setup);

KTF_TEST(console_input, input_goes_to_the_focus_and_the_key_moves_it)
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

KTF_TEST(console_input, the_hypervisors_console_has_a_begun_line_too)
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

KTF_TEST(console_input, a_command_moves_the_focus)
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

KTF_TEST(console_input, the_hypervisor_keeps_the_focus_it_was_given)
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

KTF_TEST(console_input, moving_the_focus_moves_the_begun_lines)
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

KTF_TEST(console_input, the_focus_passes_on_when_its_vm_leaves)
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

KTF_TEST(console_input, a_vm_that_starts_anew_has_its_focus_again)
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

/* --- pasting --- */

static char pasted[4096];

static void fill_pasted(void)
{
    for (size_t i = 0; i < sizeof(pasted); i++)
        pasted[i] = (char)(' ' + i % 95);
}

KTF_TEST(console_input, a_paste_comes_whole_whatever_the_fifo_is_like)
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

KTF_TEST(console_input, what_a_vm_has_no_room_for_stays_in_the_uart)
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

KTF_TEST(console_input, a_vm_that_reads_nothing_does_not_hide_the_key)
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

KTF_TEST(console_input, a_vm_that_reads_again_is_waited_for_again)
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

KTF_TEST(console_input, what_is_held_back_goes_to_nobody_else)
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

KTF_TEST(console_input, the_hypervisors_own_console_is_waited_for_too)
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

KTF_TEST(console_input, input_for_a_vm_that_is_ending_is_not_kept)
{
    attach_both();
    pv.state = VM_ENDING;
    device_type("gone");
    EXPECT_NULL(input_seen.vm);
    EXPECT_FALSE(look_is_armed);
}

static void leave_and_type(void)
{
    console_detach(&pv);
    memcpy(device.typed + device.nr_typed, "new", 3);
    device.nr_typed += 3;
    device_fill();
}

/* Meanwhile the focus moves, which somebody has seen who types on. */
KTF_TEST(console_input, what_is_typed_once_the_focus_has_moved_is_the_next_ones)
{
    attach_both();
    pv.state = VM_ENDING;
    on_ending = leave_and_type;
    device_type("gone");
    EXPECT_EQ(input_seen.vm, &trap);
    EXPECT_STREQ(input_seen.text, "new");
}
