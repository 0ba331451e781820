/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a message ring in one thread, and a peer that lies.
 */
#include <string.h>

#include "ktf.h"
#include "stile/message_ring.h"

#define NR    4
#define BYTES 12

static struct {
    struct stile_message_ring ring;
    uint8_t messages[NR * BYTES];
    uint8_t beyond[64]; /* nobody writes there */
} shared __attribute__((aligned(64)));

static struct stile_message_end producer, consumer;
static bool notify;

static enum stile_error join(struct stile_message_end *end)
{
    return stile_message_ring_join(end, &shared.ring, sizeof(shared.ring) + sizeof(shared.messages),
                                   BYTES);
}

static void open(void)
{
    memset(&shared, 0xEE, sizeof(shared));
    ASSERT_EQ(stile_message_ring_make(&producer, &shared.ring, BYTES, NR), STILE_SUCCESS);
    ASSERT_EQ(join(&consumer), STILE_SUCCESS);
}

static void expect_nothing_beyond(void)
{
    for (size_t i = 0; i < sizeof(shared.beyond); i++)
        EXPECT_EQ(shared.beyond[i], 0xEE);
}

KTF_SUITE(message_ring, .setup = open, .teardown = expect_nothing_beyond);

static enum stile_error send(uint8_t number)
{
    uint8_t message[BYTES];

    memset(message, number, sizeof(message));
    return stile_message_ring_send(&producer, message, &notify);
}

static void expect_received(uint8_t number)
{
    uint8_t message[BYTES], expected[BYTES];

    memset(expected, number, sizeof(expected));
    EXPECT_EQ(stile_message_ring_receive(&consumer, message, &notify), STILE_SUCCESS);
    EXPECT_MEMEQ(message, expected, BYTES);
}

static enum stile_error receive(void)
{
    uint8_t message[BYTES];

    return stile_message_ring_receive(&consumer, message, &notify);
}

KTF_TEST(message_ring, messages_come_in_order)
{
    for (uint8_t round = 0; round < 100; round++) {
        for (uint8_t i = 0; i < 1 + round % NR; i++)
            EXPECT_EQ(send((uint8_t)(round + i)), STILE_SUCCESS);
        for (uint8_t i = 0; i < 1 + round % NR; i++)
            expect_received((uint8_t)(round + i));
        EXPECT_EQ(receive(), STILE_BUSY);
    }
}

KTF_TEST(message_ring, a_full_ring_takes_no_more)
{
    for (uint8_t i = 0; i < NR; i++)
        EXPECT_EQ(send(i), STILE_SUCCESS);
    EXPECT_EQ(send(NR), STILE_BUSY);
    expect_received(0);
    EXPECT_EQ(send(NR), STILE_SUCCESS);
    for (uint8_t i = 1; i <= NR; i++)
        expect_received(i);
}

KTF_TEST(message_ring, indexes_wrap)
{
    shared.ring.produced = shared.ring.consumed = UINT32_MAX - 1;
    producer.own = producer.peer = consumer.own = consumer.peer = UINT32_MAX - 1;
    for (uint8_t i = 0; i < 10; i++) {
        EXPECT_EQ(send(i), STILE_SUCCESS);
        expect_received(i);
    }
    EXPECT_EQ(shared.ring.produced, 8);
}

KTF_TEST(message_ring, a_consumer_that_sleeps_is_told_once)
{
    EXPECT_EQ(send(1), STILE_SUCCESS);
    EXPECT_FALSE(notify);
    EXPECT_FALSE(stile_message_ring_wait_message(&consumer)); /* there is one */
    expect_received(1);
    EXPECT_TRUE(stile_message_ring_wait_message(&consumer));
    EXPECT_EQ(send(2), STILE_SUCCESS);
    EXPECT_TRUE(notify);
    EXPECT_EQ(send(3), STILE_SUCCESS);
    EXPECT_FALSE(notify);
}

KTF_TEST(message_ring, a_producer_that_sleeps_is_told_once)
{
    EXPECT_FALSE(stile_message_ring_wait_room(&producer));
    for (uint8_t i = 0; i < NR; i++)
        EXPECT_EQ(send(i), STILE_SUCCESS);
    EXPECT_TRUE(stile_message_ring_wait_room(&producer));
    expect_received(0);
    EXPECT_FALSE(notify); /* worth it when half of them are read */
    expect_received(1);
    EXPECT_TRUE(notify);
    expect_received(2);
    EXPECT_FALSE(notify);
}

KTF_TEST(message_ring, an_index_of_the_consumers_that_cannot_be_breaks_the_ring)
{
    for (uint8_t i = 0; i < NR; i++)
        EXPECT_EQ(send(i), STILE_SUCCESS);
    shared.ring.consumed = NR + 1; /* read more than there were */
    EXPECT_EQ(send(9), STILE_DENIED);
    shared.ring.consumed = NR; /* too late to be good */
    EXPECT_EQ(send(9), STILE_DENIED);
    EXPECT_FALSE(stile_message_ring_wait_room(&producer));
}

KTF_TEST(message_ring, an_index_of_the_producers_that_cannot_be_breaks_the_ring)
{
    static const uint32_t lies[] = {NR + 1, UINT32_MAX, 0x80000000};

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        open();
        shared.ring.produced = lies[i];
        EXPECT_EQ(receive(), STILE_DENIED);
        EXPECT_FALSE(stile_message_ring_wait_message(&consumer));
        EXPECT_EQ(receive(), STILE_DENIED);
    }
}

/* What a side has published is only a copy: the peer may scribble on it. */
KTF_TEST(message_ring, ones_own_index_is_out_of_the_peers_reach)
{
    EXPECT_EQ(send(1), STILE_SUCCESS);
    shared.ring.produced = 77;
    EXPECT_EQ(send(2), STILE_SUCCESS);
    EXPECT_EQ(shared.ring.produced, 2);
    expect_received(1);
    shared.ring.consumed = 1234;
    expect_received(2);
    EXPECT_EQ(shared.ring.consumed, 2);
}

KTF_TEST(message_ring, numbers_that_make_no_ring_are_refused)
{
    static const struct {
        uint32_t message_bytes;
        uint32_t nr_messages;
    } numbers[] = {{0, NR}, {STILE_RING_MESSAGE_MAX + 1, NR}, {BYTES, 0}, {BYTES, 3}};
    struct stile_message_end end;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        EXPECT_EQ(stile_message_ring_make(&end, &shared.ring, numbers[i].message_bytes,
                                          numbers[i].nr_messages),
                  STILE_INVALID_ARGUMENT);
        EXPECT_EQ(stile_message_ring_send(&end, "", &notify), STILE_DENIED);
    }
    EXPECT_EQ(shared.ring.nr_messages, NR); /* nothing was written */
    EXPECT_EQ(stile_message_ring_bytes(BYTES, NR), 192 + NR * BYTES);
}

KTF_TEST(message_ring, what_a_peer_made_otherwise_is_not_joined)
{
    struct stile_message_end end;

    shared.ring.magic++;
    EXPECT_EQ(join(&end), STILE_DENIED);
    shared.ring.magic--;
    shared.ring.version++;
    EXPECT_EQ(join(&end), STILE_BAD_VERSION);
    EXPECT_EQ(stile_message_ring_send(&end, "", &notify), STILE_DENIED);
    shared.ring.version--;
    shared.ring.message_bytes = BYTES + 1;
    EXPECT_EQ(join(&end), STILE_DENIED);
    shared.ring.message_bytes = BYTES;
    for (uint32_t nr = 0; nr < 3 * NR; nr++) {
        shared.ring.nr_messages = nr; /* a power of two that fits */
        EXPECT_EQ(join(&end), nr == 1 || nr == 2 || nr == NR ? STILE_SUCCESS : STILE_DENIED);
    }
    shared.ring.nr_messages = 0x80000000; /* times BYTES is 0 in 32 bits */
    EXPECT_EQ(join(&end), STILE_DENIED);
}
