/* SPDX-License-Identifier: MIT */
/*
 * The guest's ends of the console ring: who is told when, what is lost, and odd indexes.
 */
#include <string.h>

#include "ktf.h"
#include "stile/console_ring.h"
#include "stile/fake.h"
#include "stile/hypercall.h"

static uint32_t vm;
static struct stile_console_ring *ring;

static void start(void)
{
    uint32_t agreed;

    stile_fake_reset();
    vm = stile_fake_start(NULL);
    ring = stile_fake_console_ring(vm);
    ASSERT_EQ(stile_handshake(STILE_CONDUIT_HVC, &agreed), STILE_SUCCESS);
    ASSERT_EQ(stile_console_use_ring(1).status, STILE_SUCCESS);
}

KTF_SUITE(console_ring, .setup = start);

static void expect_console(const char *expected)
{
    static char text[8192];

    (void)stile_fake_console(vm, text, sizeof(text));
    EXPECT_STREQ(text, expected);
}

KTF_TEST(console_ring, a_sleeping_reader_is_told)
{
    EXPECT_EQ(stile_console_ring_write(ring, "hello\n", 6), 6);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_console_notify), 1);
    expect_console("hello\n");
}

KTF_TEST(console_ring, while_the_reader_is_awake_there_is_no_call)
{
    stile_fake_ring_sleeps(vm, false);
    uint64_t before = stile_fake_calls();

    for (int i = 0; i < 10; i++)
        EXPECT_EQ(stile_console_ring_write(ring, "0123456789\n", 11), 11);
    EXPECT_EQ(stile_fake_calls(), before);
}

KTF_TEST(console_ring, what_finds_no_room_is_lost_and_counted)
{
    static char text[STILE_CONSOLE_RING_OUT + 100];

    memset(text, 'x', sizeof(text));
    stile_fake_ring_sleeps(vm, false);
    EXPECT_EQ(stile_console_ring_try(ring, text, sizeof(text)), STILE_CONSOLE_RING_OUT);
    EXPECT_EQ(ring->out_lost, 0);
    EXPECT_EQ(stile_console_ring_write(ring, "lost", 4), 0);
    EXPECT_EQ(ring->out_lost, 4);
    stile_fake_ring_sleeps(vm, false); /* it reads */
    EXPECT_EQ(stile_console_ring_write(ring, "kept", 4), 4);
    EXPECT_EQ(ring->out_lost, 4);
}

KTF_TEST(console_ring, puts_waits_for_room)
{
    static char text[3 * STILE_CONSOLE_RING_OUT + 5];

    memset(text, 'y', sizeof(text) - 1);
    EXPECT_EQ(stile_console_ring_puts(ring, text, sizeof(text) - 1), STILE_SUCCESS);
    EXPECT_EQ(ring->out_lost, 0);
    expect_console(text);
}

KTF_TEST(console_ring, indexes_wrap)
{
    char text[4] = "";

    ring->out_produced = UINT32_MAX - 1;
    ring->out_consumed = UINT32_MAX - 1;
    ring->in_produced = UINT32_MAX;
    ring->in_consumed = UINT32_MAX;
    EXPECT_EQ(stile_console_ring_write(ring, "wrap", 4), 4);
    EXPECT_EQ(ring->out_produced, 2);
    expect_console("wrap");
    stile_fake_type(vm, "abc");
    EXPECT_EQ(stile_console_ring_read(ring, text, 4), 3);
    EXPECT_STREQ(text, "abc");
    EXPECT_EQ(ring->in_consumed, 2);
}

KTF_TEST(console_ring, an_impossible_index_is_a_full_or_empty_ring)
{
    char text[4];

    ring->out_consumed = 5; /* more than was produced */
    ring->out_sleeps = 0;
    EXPECT_EQ(stile_console_ring_try(ring, "no", 2), 0);
    ring->in_produced = STILE_CONSOLE_RING_IN + 1;
    EXPECT_EQ(stile_console_ring_read(ring, text, sizeof(text)), 0);
}

KTF_TEST(console_ring, input_is_read_in_pieces)
{
    char text[8] = "";

    stile_fake_type(vm, "typed");
    EXPECT_EQ(stile_console_ring_read(ring, text, 3), 3);
    EXPECT_EQ(stile_console_ring_read(ring, text + 3, 5), 2);
    EXPECT_STREQ(text, "typed");
    EXPECT_EQ(stile_console_ring_read(ring, text, 1), 0);
}

static void expect_not_written(void)
{
    EXPECT_EQ(stile_console_ring_write(ring, "nobody\n", 7), STILE_BUSY);
    EXPECT_EQ(stile_console_ring_try(ring, "nobody\n", 7), STILE_BUSY);
    EXPECT_EQ(stile_console_ring_puts(ring, "nobody\n", 7), STILE_BUSY);
    EXPECT_EQ(ring->out_lost, 0);
}

KTF_TEST(console_ring, no_answer_is_taken_for_a_count)
{
    stile_fake_fail(STILE_NR_console_notify, 3, 1);
    EXPECT_EQ(stile_console_ring_try(ring, "nobody\n", 7), STILE_NOT_SUPPORTED);
}

KTF_TEST(console_ring, a_ring_that_is_not_used_says_so)
{
    ASSERT_EQ(stile_console_use_ring(0).status, STILE_SUCCESS);
    expect_not_written();
    ASSERT_EQ(stile_console_use_ring(1).status, STILE_SUCCESS);
    EXPECT_EQ(stile_console_ring_write(ring, "reader\n", 7), 7);
    expect_console("reader\n");
}

KTF_TEST(console_ring, a_ring_that_was_never_used_says_so)
{
    vm = stile_fake_start(NULL);
    ring = stile_fake_console_ring(vm);
    stile_fake_become(vm, 0);
    ASSERT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
    expect_not_written();
    expect_console("");
}

/* Unaligned, at the ring's end and of every length: what is written is what comes out. */
KTF_TEST(console_ring, text_of_any_length_and_place)
{
    static char text[64], expected[2 * 64 * 33];
    size_t nr_written = 0;

    for (size_t length = 0; length <= 32; length++) {
        for (size_t i = 0; i < length; i++)
            text[i + length % 8] = (char)('a' + (i + length) % 26);
        EXPECT_EQ(stile_console_ring_write(ring, text + length % 8, length), length);
        memcpy(expected + nr_written, text + length % 8, length);
        nr_written += length;
    }
    expect_console(expected);
}

KTF_TEST(console_ring, what_was_typed_before_moves_into_the_ring)
{
    char text[8] = "";

    ASSERT_EQ(stile_console_use_ring(0).status, STILE_SUCCESS);
    stile_fake_type(vm, "early");
    ASSERT_EQ(stile_console_use_ring(1).status, STILE_SUCCESS);
    EXPECT_EQ(stile_console_read(stile_nr_bytes(8)).value[0], 0);
    EXPECT_EQ(stile_console_ring_read(ring, text, sizeof(text)), 5);
    EXPECT_STREQ(text, "early");
}
