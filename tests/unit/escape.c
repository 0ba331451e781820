/* SPDX-License-Identifier: MIT */
/*
 * lib/escape.c: sequences whole and cut, at every place.
 */
#include <stdio.h>
#include <string.h>

#include "lib/escape.c"

#include "ktf.h"

KTF_SUITE(escape);

static const struct row {
    const char *text;
    size_t length;
    bool is_query;
} rows[] = {
    {"\x1b[m", 3, false},
    {"\x1b[1;31m", 7, false},
    {"\x1b[6n", 4, true},
    {"\x1b[?6n", 5, true},
    {"\x1b[c", 3, true},
    {"\x1b[>0c", 5, true},
    {"\x1b[ q", 4, false},
    {"\x1b[2J", 4, false},
    {"\x1b"
     "c",
     2, false},
    {"\x1b(B", 3, false},
    {"\x1b"
     "7",
     2, false},
    {"\x1b]0;a title\x07", 12, false},
    {"\x1bPq data\x1b\\", 10, false},
    {"\x1b\\", 2, false},
};

static void describe(const struct row *row, char *text, size_t size)
{
    size_t length = 0;

    for (const char *c = row->text; *c && length + 5 < size; c++)
        length += (size_t)snprintf(text + length, size - length, *c < ' ' ? "\\x%02x" : "%c", *c);
}

KTF_TEST_EACH(escape, ends_where_it_ends, struct row, rows, describe)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%snext", param->text);
    ASSERT_EQ(strlen(param->text), param->length);
    EXPECT_EQ(escape_length(text, strlen(text)), param->length);
    EXPECT_EQ(escape_is_query(text, param->length), param->is_query);
    EXPECT_FALSE(escape_is_open(text, strlen(text)));
    for (size_t cut = 1; cut < param->length; cut++) {
        EXPECT_GT(escape_length(text, cut), cut);
        EXPECT_TRUE(escape_is_open(text, cut));
    }
}

KTF_TEST(escape, text_is_no_sequence)
{
    EXPECT_EQ(escape_length("[6n", 3), 0);
    EXPECT_EQ(escape_length("\n", 1), 0);
    EXPECT_FALSE(escape_is_open("", 0));
    EXPECT_FALSE(escape_is_open("a [6n \x1b[m text", 14));
    EXPECT_TRUE(escape_is_open("a \x1b[m text \x1b", 12));
}
