/* SPDX-License-Identifier: MIT */
/*
 * A message ring in 32 pages, of which the other VM writes whatever it likes, whenever it likes:
 * nothing beyond the pages or the message is touched, and an end that was broken stays so.
 */
#include <stdlib.h>
#include <string.h>

#include "ktf.h"
#include "stile/abi.h"
#include "stile/message_ring.h"

#define PAGES        UINT64_C(32)
#define SHARED_BYTES (PAGES * STILE_PAGE_SIZE)
#define ROUNDS       20000
#define STEPS        64

static struct stile_message_ring *ring; /* of the heap: AddressSanitizer knows where it ends */
static uint64_t seed;

static void setup(void)
{
    ring = aligned_alloc(STILE_RING_ALIGN, SHARED_BYTES);
    ASSERT_NOT_NULL(ring);
    seed = UINT64_C(0x9E3779B97F4A7C15);
}

static void teardown(void)
{
    free(ring);
}

KTF_SUITE(hostile_ring, .setup = setup, .teardown = teardown);

static uint64_t draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* What a check may have missed: small numbers, sizes, the ends of 32 bits, powers of two. */
static uint32_t hostile_word(void)
{
    switch (draw() % 6) {
    case 0:
        return (uint32_t)(draw() % 8);
    case 1:
        return (uint32_t)(draw() % (2 * STILE_RING_MESSAGE_MAX));
    case 2:
        return UINT32_C(1) << draw() % 32;
    case 3:
        return UINT32_MAX - (uint32_t)(draw() % 8);
    case 4:
        return (uint32_t)(SHARED_BYTES / 4 + draw() % 8 - 4);
    default:
        return (uint32_t)draw();
    }
}

/* Some words of the header, and some of the messages. */
static void scribble(unsigned nr)
{
    uint32_t *words = (uint32_t *)ring;

    while (nr-- > 0) {
        uint64_t limit = draw() % 4 ? sizeof(*ring) : SHARED_BYTES;

        words[draw() % (limit / sizeof(*words))] = hostile_word();
    }
}

/* A ring that may be joined, but for what is written over it. */
static void make(uint32_t message_bytes)
{
    uint32_t most = (uint32_t)((SHARED_BYTES - sizeof(*ring)) / message_bytes);
    uint32_t nr = UINT32_C(1) << draw() % 18;
    struct stile_message_end end;

    while (nr > most)
        nr /= 2;
    ASSERT_EQ(stile_message_ring_make(&end, ring, message_bytes, nr), STILE_SUCCESS);
    ring->produced = ring->consumed = 0;
}

/* One side's part, its message as long as the messages are and no longer. */
static void play(struct stile_message_end *end, void *message, bool sends)
{
    bool was_broken = end->broken;
    bool notify;
    enum stile_error error = sends ? stile_message_ring_send(end, message, &notify)
                                   : stile_message_ring_receive(end, message, &notify);

    EXPECT_TRUE(error == STILE_SUCCESS || error == STILE_BUSY || error == STILE_DENIED);
    EXPECT_EQ(end->broken, error == STILE_DENIED);
    EXPECT_FALSE(was_broken && !end->broken);
    if (error == STILE_BUSY && draw() % 2)
        (void)(sends ? stile_message_ring_wait_room(end) : stile_message_ring_wait_message(end));
}

KTF_TEST(hostile_ring, thirty_two_pages_of_lies)
{
    uint64_t nr_joined = 0, nr_broken = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t message_bytes = 1 + (uint32_t)(draw() % STILE_RING_MESSAGE_MAX);
        uint8_t *message = malloc(message_bytes);
        struct stile_message_end end;
        bool sends = draw() % 2;

        ASSERT_NOT_NULL(message);
        memset(message, 0, message_bytes);
        make(message_bytes);
        if (draw() % 2)
            scribble(1 + (unsigned)(draw() % 4));
        if (!stile_message_ring_join(&end, ring, SHARED_BYTES, message_bytes))
            nr_joined++;
        for (unsigned step = 0; step < STEPS; step++) {
            if (draw() % 8 == 0)
                scribble(1 + (unsigned)(draw() % 8));
            play(&end, message, sends);
        }
        nr_broken += end.broken;
        free(message);
    }
    EXPECT_GT(nr_joined, ROUNDS / 4);
    EXPECT_GT(nr_broken, ROUNDS / 4);
}
