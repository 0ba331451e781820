/* SPDX-License-Identifier: MIT */
/*
 * A program of tests of which many fail, on purpose: what it prints is compared with expected.ktap.
 */
#include <stdio.h>
#include <string.h>

#include "ktf.h"

static size_t free_pages = 100;

size_t ktf_free_pages(void)
{
    return free_pages;
}

/* --- what passes --- */

KTF_SUITE(passing);

KTF_TEST(passing, compares_by_value)
{
    const char *text = "text";

    EXPECT_EQ(1 + 1, 2u);
    EXPECT_NE(-1, 0xFFFFFFFFu);
    EXPECT_NE(-1, UINT64_MAX);
    EXPECT_LT(-1, 0u);
    EXPECT_LE(INT64_MIN, INT64_MIN);
    EXPECT_GT(UINT64_MAX, INT64_MAX);
    EXPECT_GE((char)7, 7L);
    EXPECT_EQ(text, &text[0]);
    EXPECT_EQ(true, 1);
}

KTF_TEST(passing, compares_what_is_no_number)
{
    const char *null = NULL;

    EXPECT_TRUE(1 < 2);
    EXPECT_FALSE(2 < 1);
    EXPECT_NULL(null);
    ASSERT_NOT_NULL("x");
    EXPECT_STREQ("same", "same");
    EXPECT_STREQ(null, NULL);
    EXPECT_MEMEQ("abc", "abd", 2);
    EXPECT_MEMEQ("abc", "xyz", 0);
}

KTF_TEST(passing, skips)
{
    SKIP("there is no such device");
}

/* --- what fails, and how it is told --- */

KTF_SUITE(failing);

KTF_TEST(failing, numbers)
{
    int minus_one = -1;
    uint32_t big = 0xFFFFFFFF;

    EXPECT_EQ(minus_one, big);
    EXPECT_NE(2 * 2, 4);
    EXPECT_LT(5, 5);
    EXPECT_LE(6, 5);
    EXPECT_GT(UINT64_MAX, UINT64_MAX);
    EXPECT_GE(-3, 0u);
}

KTF_TEST(failing, truths_and_pointers)
{
    EXPECT_TRUE(1 == 2);
    EXPECT_FALSE(1 == 1);
    EXPECT_NOT_NULL((void *)0);
    EXPECT_NULL((void *)0x1000);
}

KTF_TEST(failing, strings_and_memory)
{
    EXPECT_STREQ("one\ttwo", "one two");
    EXPECT_STREQ(NULL, "");
    EXPECT_MEMEQ("0123456789abcdefghij", "01234#6789abcdefghij", 20);
    EXPECT_FAIL("in so many words: %d", 42);
}

KTF_TEST(failing, assert_ends_the_case)
{
    ASSERT_EQ(1, 2);
    EXPECT_FAIL("not reached");
}

KTF_TEST(failing, an_overlong_line_is_cut)
{
    char text[400];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    EXPECT_STREQ(text, "");
    ktf_log("%s", text);
}

/* --- parameters --- */

KTF_SUITE(parameters);

static const struct square {
    int root;
    int square;
} squares[] = {{1, 1}, {2, 4}, {3, 10}, {0, 0}};

static void describe_square(const struct square *square, char *text, size_t size)
{
    snprintf(text, size, "root#%d\n", square->root);
}

KTF_TEST_EACH(parameters, one_fails_one_skips, struct square, squares, describe_square)
{
    if (param->root == 0)
        SKIP("too easy");
    EXPECT_EQ(param->root * param->root, param->square);
}

/* --- setup and teardown --- */

static char calls[64];

static void note(const char *what)
{
    strcat(calls, what);
}

static void suite_setup(void)
{
    calls[0] = '\0';
    note("S");
}

static void setup(void)
{
    note("s");
}

static void teardown(void)
{
    note("t");
    EXPECT_LT(strlen(calls), sizeof(calls));
}

static void suite_teardown(void)
{
    note("T");
    ktf_log("order: %s", calls);
}

KTF_SUITE(around, .suite_setup = suite_setup, .setup = setup, .teardown = teardown,
          .suite_teardown = suite_teardown);

KTF_TEST(around, first)
{
    note("1");
}

KTF_TEST(around, second)
{
    note("2");
}

static void setup_that_fails(void)
{
    ASSERT_TRUE(false);
}

KTF_SUITE(setup_fails, .setup = setup_that_fails);

KTF_TEST(setup_fails, does_not_run)
{
    EXPECT_FAIL("not reached");
}

KTF_SUITE(suite_setup_fails, .suite_setup = setup_that_fails);

KTF_TEST(suite_setup_fails, does_not_run)
{
    EXPECT_FAIL("not reached");
}

static void setup_that_skips(void)
{
    SKIP("no such machine");
}

KTF_SUITE(suite_setup_skips, .suite_setup = setup_that_skips);

KTF_TEST(suite_setup_skips, does_not_run)
{
    EXPECT_FAIL("not reached");
}

/* --- leaks --- */

KTF_SUITE(leaking);

KTF_TEST(leaking, keeps_a_page)
{
    free_pages--;
}
