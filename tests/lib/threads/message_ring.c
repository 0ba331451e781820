/* SPDX-License-Identifier: MIT */
/*
 * A producer and a consumer that are two threads, under ThreadSanitizer: no race, no message lost,
 * none twice, nobody asleep for ever. The ring is plain memory here, so that every access is seen.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "ktf.h"
#include "stile/message_ring.h"

#define NR       8
#define MESSAGES 100000

struct message {
    uint64_t number;
    uint64_t square;
};

static struct {
    struct stile_message_ring ring;
    struct message messages[NR];
} shared __attribute__((aligned(64)));

static struct stile_message_end producer, consumer;
static sem_t room, message;
static bool sleeps;
static uint32_t nr_notified;

static void open(void)
{
    ASSERT_EQ(stile_message_ring_make(&producer, &shared.ring, sizeof(struct message), NR),
              STILE_SUCCESS);
    ASSERT_EQ(
        stile_message_ring_join(&consumer, &shared.ring, sizeof(shared), sizeof(struct message)),
        STILE_SUCCESS);
    (void)sem_init(&room, 0, 0);
    (void)sem_init(&message, 0, 0);
    nr_notified = 0;
}

KTF_SUITE(message_ring_threads, .setup = open);

/* Sleeps, or only lets the others run where the threads never sleep. */
static void wait_for(sem_t *semaphore, struct stile_message_end *end,
                     bool (*may_wait)(struct stile_message_end *end))
{
    if (!sleeps)
        (void)sched_yield();
    else if (may_wait(end))
        (void)sem_wait(semaphore);
}

static void *produce(void *unused)
{
    bool notify;

    for (uint64_t i = 0; i < MESSAGES; i++) {
        struct message sent = {i, i * i};

        while (stile_message_ring_send(&producer, &sent, &notify) != STILE_SUCCESS)
            wait_for(&room, &producer, stile_message_ring_wait_room);
        if (notify) {
            nr_notified++;
            (void)sem_post(&message);
        }
    }
    return unused;
}

static void consume(void)
{
    struct message received;
    bool notify;

    for (uint64_t i = 0; i < MESSAGES; i++) {
        while (stile_message_ring_receive(&consumer, &received, &notify) != STILE_SUCCESS)
            wait_for(&message, &consumer, stile_message_ring_wait_message);
        if (notify)
            (void)sem_post(&room);
        if (received.number != i || received.square != i * i)
            ASSERT_FAIL("message %llu is %llu", (unsigned long long)i,
                        (unsigned long long)received.number);
    }
}

static void exchange(void)
{
    pthread_t thread;

    ASSERT_EQ(pthread_create(&thread, NULL, produce, NULL), 0);
    consume();
    (void)pthread_join(thread, NULL);
    EXPECT_EQ(shared.ring.produced, MESSAGES);
    EXPECT_EQ(shared.ring.consumed, MESSAGES);
}

KTF_TEST(message_ring_threads, all_messages_come_once_and_in_order)
{
    sleeps = false;
    exchange();
    EXPECT_EQ(nr_notified, 0);
}

KTF_TEST(message_ring_threads, no_wakeup_is_lost)
{
    sleeps = true;
    exchange();
    EXPECT_GT(nr_notified, 0);
}
