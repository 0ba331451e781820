/* SPDX-License-Identifier: MIT */
/*
 * Shares and channels between two VMs of the fake: found, accepted, refused, revoked.
 */
#include <string.h>

#include "ktf.h"
#include "stile/channel.h"
#include "stile/event.h"
#include "stile/fake.h"
#include "stile/share.h"

#define READ       STILE_ACCESS_READ
#define READ_WRITE (STILE_ACCESS_READ | STILE_ACCESS_WRITE)
#define AT         (STILE_FAKE_MEMORY_BASE + 0x10000000) /* where nothing is */

static uint32_t owner, peer;
static stile_ipa_t base;
static stile_share_t share;

static void start(void)
{
    stile_fake_reset();
    owner = stile_fake_start(NULL);
    peer = stile_fake_start(NULL);
    base = stile_ipa(STILE_FAKE_MEMORY_BASE);
    stile_fake_become(peer, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_fake_become(owner, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
}

KTF_SUITE(channel, .setup = start);

static int64_t offer(uint32_t access)
{
    return stile_share_offer("pages", base, stile_nr_pages(2), stile_vm_id(peer), access, &share);
}

static int64_t accept_from(uint64_t nr_pages, uint32_t access)
{
    stile_share_t found;

    return stile_share_accept_from(stile_vm_id(owner), "pages", stile_ipa(AT),
                                   stile_nr_pages(nr_pages), access, &found);
}

KTF_TEST(channel, shared_pages_are_the_same_pages)
{
    uint64_t *ours = stile_fake_pointer(base);

    EXPECT_EQ(offer(READ_WRITE), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ_WRITE), STILE_SUCCESS);
    uint64_t *theirs = stile_fake_pointer(stile_ipa(AT));
    ASSERT_NOT_NULL(theirs);
    ours[600] = 42;
    EXPECT_EQ(theirs[600], 42);
    theirs[1] = 7;
    EXPECT_EQ(ours[1], 7);
    EXPECT_EQ(stile_fake_ipa(theirs).ipa, AT);
}

KTF_TEST(channel, a_share_is_found_by_its_owner)
{
    struct stile_share_info info;

    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(stile_share_find(stile_vm_id(0), &info), STILE_SUCCESS);
    EXPECT_EQ(info.share.handle, share.handle);
    EXPECT_EQ(info.peer.number, owner);
    EXPECT_EQ(info.nr_pages, 2);
    EXPECT_EQ(info.flags, READ);
    EXPECT_EQ(stile_share_find(stile_vm_id(peer), &info), STILE_NOT_FOUND);
    EXPECT_EQ(stile_share_accept(info.share, stile_ipa(AT), stile_nr_pages(2), READ),
              STILE_SUCCESS);
    EXPECT_EQ(stile_share_find(stile_vm_id(owner), &info), STILE_NOT_FOUND); /* accepted */
}

KTF_TEST(channel, what_is_not_as_agreed_is_not_mapped)
{
    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ_WRITE), STILE_DENIED);
    EXPECT_NULL(stile_fake_pointer(stile_ipa(AT)));
    EXPECT_EQ(accept_from(1, READ), STILE_INVALID_ARGUMENT);
    EXPECT_EQ(accept_from(2, READ | STILE_SHARE_DONATED), STILE_DENIED);
    EXPECT_NULL(stile_fake_pointer(stile_ipa(AT)));
    EXPECT_EQ(accept_from(2, READ), STILE_SUCCESS);
    EXPECT_EQ(accept_from(2, READ), STILE_BUSY);
}

/* The peer has what it may use until it lets go, but it is not the owner's. */
static void expect_scratch(void)
{
    struct stile_share_info info = {.share = {0}};
    uint64_t *theirs;

    stile_fake_become(peer, 0);
    EXPECT_TRUE(stile_share_is_over(share));
    theirs = stile_fake_pointer(stile_ipa(AT));
    ASSERT_NOT_NULL(theirs);
    theirs[0] = theirs[STILE_PAGE_SIZE / 8] + 1;
    ASSERT_TRUE(stile_share_next_offered(&info));
    EXPECT_EQ(info.share.handle, share.handle);
    EXPECT_EQ(info.peer.number, owner);
    EXPECT_EQ(info.flags, READ | STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED);
    EXPECT_FALSE(stile_share_next_offered(&info));
    EXPECT_EQ(stile_memory_release(share).status, STILE_SUCCESS);
    EXPECT_EQ(stile_memory_release(share).status, STILE_NOT_FOUND);
    EXPECT_NULL(stile_fake_pointer(stile_ipa(AT)));
}

KTF_TEST(channel, a_revoked_share_leaves_the_peer_scratch)
{
    const uint64_t *ours = stile_fake_pointer(base);
    uint64_t before = *ours;

    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ), STILE_SUCCESS);
    EXPECT_FALSE(stile_share_is_over(share));
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_share_revoke("pages", share), STILE_SUCCESS);
    expect_scratch();
    EXPECT_EQ(accept_from(2, READ), STILE_NOT_FOUND);
    EXPECT_EQ(*ours, before);
}

static void crash(void *context)
{
    (void)context;
    (void)stile_power_crash(stile_ipa(0), stile_nr_bytes(0));
}

static void reboot(void *context)
{
    (void)context;
    (void)stile_power_reboot();
}

KTF_TEST(channel, an_owner_that_ends_leaves_the_peer_scratch)
{
    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_run(owner, 0, reboot, NULL), STILE_FAKE_REBOOTED);
    expect_scratch();
    stile_fake_become(owner, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_run(owner, 0, crash, NULL), STILE_FAKE_CRASHED);
    expect_scratch();
}

KTF_TEST(channel, both_walk_what_they_share)
{
    struct stile_share_info info = {.share = {0}};
    stile_share_t first;

    EXPECT_FALSE(stile_share_next_own(&info));
    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    first = share;
    struct stile_result given = stile_memory_donate(stile_ipa(base.ipa + 8 * STILE_PAGE_SIZE),
                                                    stile_nr_pages(3), stile_vm_id(peer));
    EXPECT_EQ(given.status, STILE_SUCCESS);
    ASSERT_TRUE(stile_share_next_own(&info));
    EXPECT_EQ(info.share.handle, first.handle);
    EXPECT_EQ(info.peer.number, peer);
    ASSERT_TRUE(stile_share_next_own(&info));
    EXPECT_EQ(info.share.handle, given.value[0]);
    EXPECT_EQ(info.nr_pages, 3);
    EXPECT_EQ(info.flags & STILE_SHARE_DONATED, STILE_SHARE_DONATED);
    EXPECT_FALSE(stile_share_next_own(&info));
    stile_fake_become(peer, 0);
    info.share = stile_share(0);
    EXPECT_FALSE(stile_share_next_own(&info));
    ASSERT_TRUE(stile_share_next_offered(&info));
    ASSERT_TRUE(stile_share_next_offered(&info));
    EXPECT_EQ(stile_share_accept(info.share, stile_ipa(AT), stile_nr_pages(3),
                                 READ_WRITE | STILE_SHARE_DONATED),
              STILE_SUCCESS);
    EXPECT_FALSE(stile_share_next_offered(&info));
}

KTF_TEST(channel, an_offer_that_cannot_be_published_is_taken_back)
{
    EXPECT_EQ(stile_share_offer("", base, stile_nr_pages(2), stile_vm_id(peer), READ, &share),
              STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_memory_revoke(share).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_memory_unmap(base, stile_nr_pages(1)).status, STILE_SUCCESS);
}

/* --- who is told --- */

static void power_off(void *context)
{
    (void)context;
    (void)stile_power_off(0);
}

/* Whether the port of STILE_VIRQ_SHARE was set since it was last looked at. */
static bool is_told(uint32_t vm, uint32_t port)
{
    return stile_event_clear(stile_fake_mailbox(vm, 0), port);
}

static uint32_t bind_virq_share(uint32_t vm)
{
    stile_fake_become(vm, 0);
    return (uint32_t)stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0)).value[0];
}

KTF_TEST(channel, a_peer_is_told_that_the_owner_has_ended)
{
    uint32_t port = bind_virq_share(peer);

    stile_fake_become(owner, 0);
    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    EXPECT_TRUE(is_told(peer, port));
    EXPECT_EQ(stile_fake_run(owner, 0, power_off, NULL), STILE_FAKE_OFF);
    EXPECT_TRUE(is_told(peer, port));
}

KTF_TEST(channel, an_owner_is_told_that_the_peer_has_ended)
{
    uint32_t port = bind_virq_share(owner);

    EXPECT_EQ(offer(READ), STILE_SUCCESS);
    EXPECT_FALSE(is_told(owner, port));
    EXPECT_EQ(stile_fake_run(peer, 0, power_off, NULL), STILE_FAKE_OFF);
    EXPECT_TRUE(is_told(owner, port));
}

/* The hypervisor reads and writes, on behalf of a VM, only what that owns. */
KTF_TEST(channel, borrowed_pages_are_no_buffer_of_a_call)
{
    EXPECT_EQ(offer(READ_WRITE), STILE_SUCCESS);
    stile_fake_become(peer, 0);
    EXPECT_EQ(accept_from(2, READ_WRITE), STILE_SUCCESS);
    EXPECT_EQ(stile_console_write_buffer(stile_ipa(AT), stile_nr_bytes(1)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(stile_console_read_buffer(stile_ipa(AT), stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
    EXPECT_EQ(stile_memory_clean(stile_ipa(AT), stile_nr_pages(1)).status, STILE_NOT_MAPPED);
}

/* --- channels --- */

#define BYTES 48

static struct stile_channel ours, theirs;

/* At an IPA of the calling vCPU's VM, whether anything is mapped there yet or not. */
static struct stile_channel_memory memory_at(uint64_t ipa)
{
    uint8_t *memory = stile_fake_pointer(stile_ipa(STILE_FAKE_MEMORY_BASE));

    return (struct stile_channel_memory){
        .memory = memory + (ipa - STILE_FAKE_MEMORY_BASE),
        .base = stile_ipa(ipa),
        .pages = stile_nr_pages(2),
        .message_bytes = BYTES,
    };
}

static int64_t open_ours(void)
{
    stile_fake_become(owner, 0);
    struct stile_channel_memory memory = memory_at(base.ipa);
    return stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer), stile_vcpu_id(0),
                               stile_fake_mailbox(owner, 0));
}

static int64_t open_theirs(void)
{
    stile_fake_become(peer, 0);
    struct stile_channel_memory memory = memory_at(AT);
    return stile_channel_join(&theirs, &memory, "channel", stile_vm_id(owner), stile_vcpu_id(0),
                              stile_fake_mailbox(peer, 0));
}

KTF_TEST(channel, messages_go_both_ways)
{
    char message[BYTES] = "there", answer[BYTES] = "and back", got[BYTES];

    ASSERT_EQ(open_theirs(), STILE_NOT_FOUND); /* not yet */
    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive(&theirs, got), STILE_BUSY);
    EXPECT_EQ(stile_channel_send(&ours, message), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive(&theirs, got), STILE_SUCCESS);
    EXPECT_STREQ(got, "there");
    EXPECT_EQ(stile_channel_send(&theirs, answer), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive(&ours, got), STILE_SUCCESS);
    EXPECT_STREQ(got, "and back");
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_event_send), 0); /* nobody slept */
}

KTF_TEST(channel, a_wait_ends_at_its_deadline_and_is_told)
{
    char message[BYTES] = "", got[BYTES];

    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive_wait(&theirs, got, stile_ticks(100)), STILE_BUSY);
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_channel_send(&ours, message), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_event_send), 1);
    EXPECT_EQ(stile_channel_send(&ours, message), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_event_send), 1); /* told once */
    while (stile_channel_send(&ours, message) == STILE_SUCCESS)
        ;
    EXPECT_EQ(stile_channel_send_wait(&ours, message, stile_ticks(200)), STILE_BUSY);
    stile_fake_become(peer, 0);
    while (stile_channel_receive(&theirs, got) == STILE_SUCCESS)
        ;
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_event_send), 2); /* there is room */
}

KTF_TEST(channel, a_peer_that_is_gone_is_noticed)
{
    char message[BYTES] = "", got[BYTES];

    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive_wait(&theirs, got, stile_ticks(100)), STILE_BUSY);
    EXPECT_EQ(stile_channel_leave(&theirs), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_channel_send(&ours, message), STILE_NOT_BOUND);
    EXPECT_EQ(stile_channel_withdraw(&ours, "channel"), STILE_SUCCESS);
    EXPECT_EQ(stile_memory_unmap(base, stile_nr_pages(2)).status, STILE_SUCCESS);
}

KTF_TEST(channel, impossible_sizes_are_refused)
{
    struct stile_channel_memory memory = memory_at(base.ipa);

    memory.message_bytes = 0;
    EXPECT_EQ(
        stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer), stile_vcpu_id(0), NULL),
        STILE_INVALID_ARGUMENT);
    memory.message_bytes = 1025;
    EXPECT_EQ(
        stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer), stile_vcpu_id(0), NULL),
        STILE_INVALID_ARGUMENT);
    memory = memory_at(base.ipa);
    memory.pages = stile_nr_pages(513);
    EXPECT_EQ(
        stile_channel_offer(&ours, &memory, "channel", stile_vm_id(peer), stile_vcpu_id(0), NULL),
        STILE_INVALID_ARGUMENT);
}

/* Whatever fails on the way, nothing is left: the same works when nothing fails. */
KTF_TEST(channel, an_offer_or_join_that_fails_leaves_nothing)
{
    static const enum stile_nr ours_fail[] = {STILE_NR_event_alloc, STILE_NR_memory_share,
                                              STILE_NR_directory_publish};
    static const enum stile_nr theirs_fail[] = {STILE_NR_directory_lookup, STILE_NR_memory_accept,
                                                STILE_NR_event_bind};

    for (int i = 0; i < 3; i++) {
        stile_fake_fail(ours_fail[i], STILE_LIMIT, 1);
        EXPECT_EQ(open_ours(), STILE_LIMIT);
        EXPECT_EQ(stile_memory_unmap(base, stile_nr_pages(1)).value[0], 1);
        EXPECT_EQ(stile_memory_map(base, stile_nr_pages(1)).value[0], 1);
    }
    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    EXPECT_EQ(ours.room.port, STILE_PORT_FIRST);
    EXPECT_EQ(ours.port.port, STILE_PORT_FIRST + 1);
    for (int i = 0; i < 3; i++) {
        stile_fake_fail(theirs_fail[i], STILE_NO_MEMORY, 1);
        EXPECT_EQ(open_theirs(), STILE_NO_MEMORY);
        EXPECT_NULL(stile_fake_pointer(stile_ipa(AT)));
    }
    EXPECT_EQ(open_theirs(), STILE_SUCCESS);
    EXPECT_EQ(theirs.port.port, STILE_PORT_FIRST);
    EXPECT_EQ(theirs.room.port, STILE_PORT_FIRST + 1);
}

/* --- one direction waits, the other, too --- */

static void fill(struct stile_channel *channel)
{
    char message[BYTES] = "";

    while (stile_channel_send(channel, message) == STILE_SUCCESS)
        ;
}

/* Both threads of one end are on one vCPU: it switches from the one that is about to sleep. */
KTF_TEST(channel, who_waits_for_room_leaves_the_others_wakeup_alone)
{
    char message[BYTES] = "there", got[BYTES];

    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    fill(&ours);
    EXPECT_TRUE(stile_message_ring_wait_message(&ours.in));
    stile_fake_become(peer, 0);
    EXPECT_EQ(stile_channel_send(&theirs, message), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_channel_send_wait(&ours, message, stile_ticks(1000)), STILE_BUSY);
    EXPECT_EQ(stile_event_wait(ours.mailbox, ours.port.port, stile_ticks(2000)), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_receive(&ours, got), STILE_SUCCESS);
    EXPECT_STREQ(got, "there");
}

KTF_TEST(channel, who_waits_for_messages_leaves_the_others_wakeup_alone)
{
    char message[BYTES] = "", got[BYTES];

    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    fill(&ours);
    EXPECT_TRUE(stile_message_ring_wait_room(&ours.out));
    stile_fake_become(peer, 0);
    while (stile_channel_receive(&theirs, got) == STILE_SUCCESS)
        ;
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_channel_receive_wait(&ours, got, stile_ticks(1000)), STILE_BUSY);
    EXPECT_EQ(stile_event_wait(ours.mailbox, ours.room.port, stile_ticks(2000)), STILE_SUCCESS);
    EXPECT_EQ(stile_channel_send(&ours, message), STILE_SUCCESS);
}

static void notify_ours(void)
{
    (void)__atomic_fetch_or(&ours.mailbox->words[ours.port.port / 64].pending,
                            UINT64_C(1) << ours.port.port % 64, __ATOMIC_SEQ_CST);
}

KTF_TEST(channel, an_event_for_nothing_has_the_peer_looked_for)
{
    char got[BYTES];

    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    ASSERT_EQ(open_theirs(), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    notify_ours();
    EXPECT_EQ(stile_channel_receive_wait(&ours, got, stile_ticks(100)), STILE_BUSY);
    stile_fake_become(peer, 0);
    EXPECT_EQ(stile_channel_leave(&theirs), STILE_SUCCESS);
    stile_fake_become(owner, 0);
    notify_ours();
    EXPECT_EQ(stile_channel_receive_wait(&ours, got, stile_ticks(STILE_TIME_NEVER)),
              STILE_NOT_BOUND);
}

/* --- what is offered is not what was agreed on --- */

/* Joins while a byte of the owner's memory is 1 more than it was. */
static int64_t join_changed(uint8_t *byte)
{
    *byte = (uint8_t)(*byte + 1);
    int64_t status = open_theirs();
    *byte = (uint8_t)(*byte - 1);
    return status;
}

#define HEADER(field)       offsetof(struct stile_channel_header, field)
#define RING(offset, field) ((offset) + offsetof(struct stile_message_ring, field))

KTF_TEST(channel, a_peer_that_says_otherwise_is_refused)
{
    ASSERT_EQ(open_ours(), STILE_SUCCESS);
    uint8_t *memory = memory_at(base.ipa).memory;
    const struct stile_channel_header *header = (const struct stile_channel_header *)(void *)memory;
    size_t second = (size_t)header->offset[1];
    const struct {
        size_t offset;
        int64_t status;
    } changes[] = {
        {HEADER(magic), STILE_DENIED},
        {HEADER(version), STILE_BAD_VERSION},
        {HEADER(bytes), STILE_DENIED},
        {HEADER(offset[0]), STILE_DENIED},     /* not aligned */
        {HEADER(offset[0]) + 1, STILE_DENIED}, /* no ring there */
        {HEADER(offset[1]) + 7, STILE_DENIED}, /* far away */
        {HEADER(port[0]), STILE_NOT_FOUND},    /* the other port, which is then taken */
        {HEADER(port[1]), STILE_NOT_FOUND},    /* no such port */
        {RING(64, magic), STILE_DENIED},
        {RING(64, version), STILE_BAD_VERSION},
        {RING(64, message_bytes), STILE_DENIED},
        {RING(64, nr_messages), STILE_DENIED},
        {RING(second, magic), STILE_DENIED},
        {RING(second, version), STILE_BAD_VERSION},
        {RING(second, message_bytes), STILE_DENIED},
        {RING(second, nr_messages) + 1, STILE_DENIED}, /* too many */
    };

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        int64_t status = join_changed(memory + changes[i].offset);

        EXPECT_EQ(status, changes[i].status);
        EXPECT_NULL(stile_fake_pointer(stile_ipa(AT)));
    }
    EXPECT_EQ(open_theirs(), STILE_SUCCESS);
}
