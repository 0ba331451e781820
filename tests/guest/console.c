/* SPDX-License-Identifier: MIT */
/*
 * Console output of every length. What is written are KTAP diagnostics, so that a log with them is
 * still KTAP.
 */
#include <string.h>

#include "ktf.h"
#include "lib/printk.h"
#include "sensitive/sensitive.h"

#define LONGEST 300

KTF_SUITE(console);

/* "# " and letters, and a line's end, in @length characters. */
static void make_line(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + i % 26);
    if (length > 0)
        text[0] = '#';
    if (length > 1)
        text[1] = ' ';
    if (length > 0)
        text[length - 1] = '\n';
}

KTF_TEST(console, lines_of_every_length_are_written)
{
    char text[LONGEST] = "";

    for (size_t length = 0; length <= 70; length++) {
        make_line(text, length);
        printk_write(text, length);
    }
    for (size_t length = 250; length <= 260; length++) {
        make_line(text, length);
        printk_write(text, length);
    }
}

KTF_TEST(console, a_text_may_start_anywhere)
{
    char text[LONGEST];

    for (size_t offset = 0; offset < 16; offset++) {
        make_line(text + offset, 40);
        printk_write(text + offset, 40);
    }
}

KTF_TEST(console, without_input_nothing_is_read)
{
    char text[8] = "unread!";

    EXPECT_EQ(sensitive->console_read(text, sizeof(text)), 0);
}
