/* SPDX-License-Identifier: MIT */
/*
 * A channel between two VMs of the fake that are two threads: each sleeps in vcpu_poll until the
 * other's event wakes it.
 */
#include <pthread.h>

#include "ktf.h"
#include "stile/channel.h"
#include "stile/fake.h"

#define MESSAGES 3000
#define AT       (STILE_FAKE_MEMORY_BASE + 0x10000000)

static uint32_t owner, peer;
static struct stile_channel ours, theirs;

static void start(void)
{
    stile_fake_reset();
    owner = stile_fake_start(NULL);
    peer = stile_fake_start(NULL);
    stile_fake_use_threads(true);
}

KTF_SUITE(channel_threads, .setup = start);

static struct stile_channel_memory memory_at(uint64_t ipa)
{
    uint8_t *memory = stile_fake_pointer(stile_ipa(STILE_FAKE_MEMORY_BASE));

    return (struct stile_channel_memory){
        .memory = memory + (ipa - STILE_FAKE_MEMORY_BASE),
        .base = stile_ipa(ipa),
        .pages = stile_nr_pages(1),
        .message_bytes = sizeof(uint64_t),
    };
}

/* One end of a channel comes, gets some messages and sends as many, and goes. */
static uint32_t nr_messages;

static void *come_and_go(void *unused)
{
    uint64_t number;

    stile_fake_become(peer, 0);
    struct stile_channel_memory memory = memory_at(AT);
    EXPECT_EQ(stile_channel_join(&theirs, &memory, "channel", stile_vm_id(owner), stile_vcpu_id(0),
                                 stile_fake_mailbox(peer, 0)),
              STILE_SUCCESS);
    for (uint64_t i = 0; i < nr_messages; i++) {
        EXPECT_EQ(stile_channel_receive_wait(&theirs, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_SUCCESS);
        EXPECT_EQ(stile_channel_send(&theirs, &i), STILE_SUCCESS);
    }
    EXPECT_EQ(stile_channel_leave(&theirs), STILE_SUCCESS);
    return unused;
}

/* Sends back what it gets, plus one. */
static void *answer(void *unused)
{
    uint64_t number;

    stile_fake_become(peer, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    struct stile_channel_memory memory = memory_at(AT);
    EXPECT_EQ(stile_channel_join(&theirs, &memory, "channel", stile_vm_id(owner), stile_vcpu_id(0),
                                 stile_fake_mailbox(peer, 0)),
              STILE_SUCCESS);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        EXPECT_EQ(stile_channel_receive_wait(&theirs, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_SUCCESS);
        number++;
        EXPECT_EQ(stile_channel_send_wait(&theirs, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_SUCCESS);
    }
    return unused;
}

KTF_TEST(channel_threads, questions_and_answers)
{
    pthread_t thread;
    uint64_t number;

    stile_fake_become(owner, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    struct stile_channel_memory memory = memory_at(STILE_FAKE_MEMORY_BASE);
    ASSERT_EQ(stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer), stile_vcpu_id(0),
                                  stile_fake_mailbox(owner, 0)),
              STILE_SUCCESS);
    ASSERT_EQ(pthread_create(&thread, NULL, answer, NULL), 0);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        EXPECT_EQ(stile_channel_send_wait(&ours, &i, stile_ticks(STILE_TIME_NEVER)), STILE_SUCCESS);
        EXPECT_EQ(stile_channel_receive_wait(&ours, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_SUCCESS);
        EXPECT_EQ(number, i + 1);
    }
    (void)pthread_join(thread, NULL);
    EXPECT_GT(stile_fake_calls_of(STILE_NR_event_send), 0);
}

/* All that the peer has sent is received, and then that it has gone: nobody waits for ever. */
KTF_TEST(channel_threads, a_peer_that_leaves_ends_the_others_wait_at_each_step)
{
    uint64_t number = 0;
    pthread_t thread;

    stile_fake_become(peer, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_fake_become(owner, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    struct stile_channel_memory memory = memory_at(STILE_FAKE_MEMORY_BASE);
    for (nr_messages = 0; nr_messages < 20; nr_messages++) {
        ASSERT_EQ(stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer),
                                      stile_vcpu_id(0), stile_fake_mailbox(owner, 0)),
                  STILE_SUCCESS);
        ASSERT_EQ(pthread_create(&thread, NULL, come_and_go, NULL), 0);
        for (uint64_t i = 0; i < nr_messages; i++)
            EXPECT_EQ(stile_channel_send(&ours, &i), STILE_SUCCESS);
        for (uint64_t i = 0; i < nr_messages; i++) {
            EXPECT_EQ(stile_channel_receive_wait(&ours, &number, stile_ticks(STILE_TIME_NEVER)),
                      STILE_SUCCESS);
            EXPECT_EQ(number, i);
        }
        EXPECT_EQ(stile_channel_receive_wait(&ours, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_NOT_BOUND);
        EXPECT_EQ(stile_channel_receive_wait(&ours, &number, stile_ticks(STILE_TIME_NEVER)),
                  STILE_NOT_BOUND);
        (void)pthread_join(thread, NULL);
        EXPECT_EQ(stile_channel_withdraw(&ours, "channel"), STILE_SUCCESS);
    }
}
