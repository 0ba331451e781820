/* SPDX-License-Identifier: MIT */
/*
 * What stilectl prints. A VM's name and its last words are somebody else's: they are neither orders
 * for the terminal, nor more JSON than a string.
 */
#include "../../tools/stilectl/show.c"

#include <stdlib.h>
#include <string.h>

#include "ktf.h"

KTF_SUITE(stilectl_show);

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const char hostile[] = "\"\\\n\x1b[2J\x7f\xff,}]";

static const struct field records[][3] = {
    {{"number", 6, NULL, 7, false},
     {"what", 5, NULL, UINT64_MAX, true},
     {"name", 0, "a", 0, false}},
    {{"number", 6, NULL, UINT64_MAX, false},
     {"what", 5, NULL, 0, true},
     {"name", 0, hostile, 0, false}},
};

/* What @nr records are as @as; to be freed. */
static char *shown(enum show_form as, size_t nr)
{
    FILE *before = stdout;
    size_t bytes;
    char *text;

    stdout = open_memstream(&text, &bytes);
    show_begin(as);
    for (size_t i = 0; i < nr; i++)
        show(records[i], NR(records[i]));
    show_end();
    (void)fclose(stdout);
    stdout = before;
    return text;
}

static void expect_shown(enum show_form as, size_t nr, const char *wanted)
{
    char *text = shown(as, nr);

    EXPECT_STREQ(text, wanted);
    free(text);
}

KTF_TEST(stilectl_show, a_table_is_for_a_terminal)
{
    expect_shown(SHOW_TABLE, 0, "");
    expect_shown(SHOW_TABLE, 2,
                 "number   what  name\n"
                 "     7  0xffffffffffffffff  a\n"
                 "18446744073709551615      0  \"\\??[2J??,}]\n");
}

KTF_TEST(stilectl_show, lines_are_of_one)
{
    expect_shown(SHOW_LINES, 1,
                 "number     7\n"
                 "what       0xffffffffffffffff\n"
                 "name       a\n");
}

KTF_TEST(stilectl_show, json_is_json_whatever_a_name_is)
{
    expect_shown(SHOW_JSON_LIST, 0, "[]\n");
    expect_shown(SHOW_JSON, 1,
                 "{\"number\": 7, \"what\": 18446744073709551615, \"name\": \"a\"}\n");
    expect_shown(SHOW_JSON_LIST, 2,
                 "[{\"number\": 7, \"what\": 18446744073709551615, \"name\": \"a\"},\n"
                 "{\"number\": 18446744073709551615, \"what\": 0, \"name\": "
                 "\"\\\"\\\\\\u000a\\u001b[2J\\u007f\\u00ff,}]\"}]\n");
}
