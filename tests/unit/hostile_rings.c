/* SPDX-License-Identifier: MIT */
/*
 * The library's rings and channels in memory that a hostile peer keeps writing: before every single
 * access of the library's the peer has its turn, and what the hypervisor answers is made up, too.
 * Whatever it does, no access is out of bounds (the sanitizers look), and every call ends.
 */
#include <stdlib.h>
#include <string.h>

#include "ktf.h"
#include "stile/console_ring.h"

static void peer_turn(void);

/* The library's accesses, each with a turn of the peer's before it. */
#define __atomic_load_n(word, order) (peer_turn(), *(const volatile __typeof__(*(word)) *)(word))
#define __atomic_store_n(word, value, order)                                                       \
    (peer_turn(), (void)(*(volatile __typeof__(*(word)) *)(word) = (value)))
#define __atomic_exchange_n(word, value, order)                                                    \
    __extension__({                                                                                \
        __typeof__(*(word)) was = __atomic_load_n(word, order);                                    \
        __atomic_store_n(word, value, order);                                                      \
        was;                                                                                       \
    })

#include "channel.c"
#include "channel_rings.c"
#include "console_ring.c"
#include "message_ring.c"
#include "virtqueue.c"

#define NR_PAGES  32
#define NR_CALLS  4000 /* in each page */
#define TURNS_MAX 20000

static uint64_t seed;
static uint8_t *page;
static uint32_t nr_turns; /* in this call */
static uint64_t ticks;
static uint32_t message_bytes;
static struct stile_channel channel;

static uint32_t any(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* Any number at all, or one near what is in use, a power of two, or a border. */
static uint32_t lie(void)
{
    switch (any(6)) {
    case 0:
        return any(UINT32_MAX);
    case 1:
        return UINT32_C(1) << any(32);
    case 2:
        return (any(2) ? channel.out.own : channel.in.own) + any(5) - 2;
    case 3:
        return any(STILE_PAGE_SIZE) / STILE_RING_ALIGN * STILE_RING_ALIGN;
    case 4:
        return UINT32_MAX - any(3);
    default:
        return any(3);
    }
}

/* Where the peer writes: the header, the first or the second ring's, or anywhere. */
static uint32_t somewhere(void)
{
    static const uint32_t begin[] = {0, 64, 64 + 1984};

    if (any(4) == 0)
        return any(STILE_PAGE_SIZE / 4);
    return begin[any(3)] / 4 + any(sizeof(struct stile_message_ring) / 4);
}

static void peer_turn(void)
{
    if (++nr_turns > TURNS_MAX)
        abort(); /* the call does not end */
    if (any(3) != 0)
        return;
    for (uint32_t i = any(4); i > 0; i--) {
        uint32_t word = lie();

        memcpy(page + 4 * somewhere(), &word, sizeof(word));
    }
}

/* --- what the library calls --- */

uint64_t stile_fake_ticks(void)
{
    return ticks++;
}

static int64_t made_up_status(void)
{
    static const int64_t statuses[] = {STILE_SUCCESS, STILE_SUCCESS,   STILE_SUCCESS,
                                       STILE_BUSY,    STILE_NOT_BOUND, STILE_NOT_FOUND};

    return statuses[any(sizeof(statuses) / sizeof(statuses[0]))];
}

struct stile_result stile_fake_hvc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4,
                                   uint64_t x5, uint64_t x6)
{
    struct stile_result result = {made_up_status(), {lie(), lie(), lie()}};

    (void)fid, (void)x1, (void)x2, (void)x3, (void)x4, (void)x5, (void)x6;
    return result;
}

int64_t stile_event_wait(struct stile_mailbox *mailbox, uint32_t port, stile_ticks_t deadline)
{
    (void)mailbox;
    (void)port;
    peer_turn();
    return stile_fake_ticks() < deadline.ticks ? STILE_SUCCESS : STILE_BUSY;
}

int64_t stile_share_offer(const char *key, stile_ipa_t base, stile_nr_pages_t count,
                          stile_vm_id_t peer, uint32_t access, stile_share_t *share)
{
    (void)key, (void)base, (void)count, (void)peer, (void)access;
    *share = stile_share(lie());
    return made_up_status();
}

int64_t stile_share_accept_from(stile_vm_id_t owner, const char *key, stile_ipa_t base,
                                stile_nr_pages_t count, uint32_t access, stile_share_t *share)
{
    return stile_share_offer(key, base, count, owner, access, share);
}

int64_t stile_share_revoke(const char *key, stile_share_t share)
{
    (void)key, (void)share;
    return made_up_status();
}

/* --- the tests --- */

static void take_page(void)
{
    seed = 1;
    ticks = 0;
    page = aligned_alloc(STILE_PAGE_SIZE, STILE_PAGE_SIZE);
    ASSERT_NOT_NULL(page);
}

static void give_page(void)
{
    free(page);
}

KTF_SUITE(hostile_rings, .setup = take_page, .teardown = give_page);

static void fill_page(void)
{
    for (uint32_t i = 0; i < STILE_PAGE_SIZE; i++)
        page[i] = (uint8_t)any(256);
}

static struct stile_channel_memory memory(void)
{
    return (struct stile_channel_memory){
        .memory = page,
        .base = stile_ipa(0x40000000),
        .pages = stile_nr_pages(1),
        .message_bytes = message_bytes,
    };
}

/* A channel that was all right when the peer began: whether it could be opened. */
static bool open_channel(bool is_owner)
{
    struct stile_channel_memory ours = memory();

    message_bytes = ours.message_bytes = 1 + any(STILE_RING_MESSAGE_MAX);
    if (is_owner)
        return stile_channel_offer(&channel, &ours, "key", stile_vm_id(2), stile_vcpu_id(0),
                                   NULL) == STILE_SUCCESS;
    make_rings(&channel, &ours);
    return stile_channel_join(&channel, &ours, "key", stile_vm_id(2), stile_vcpu_id(0), NULL) ==
           STILE_SUCCESS;
}

/* One call of either end, with a buffer that is no longer than the message. */
static int64_t call(uint8_t *message)
{
    stile_ticks_t deadline = stile_ticks(ticks + any(50));

    switch (any(6)) {
    case 0:
        return stile_channel_send_wait(&channel, message, deadline);
    case 1:
        return stile_channel_receive_wait(&channel, message, deadline);
    case 2:
        return stile_channel_receive(&channel, message);
    case 3:
        (void)stile_message_ring_wait_room(&channel.out);
        (void)stile_message_ring_wait_message(&channel.in);
        return STILE_SUCCESS;
    default:
        return stile_channel_send(&channel, message);
    }
}

static bool is_possible_status(int64_t status)
{
    return status == STILE_SUCCESS || status == STILE_BUSY || status == STILE_DENIED ||
           status == STILE_NOT_BOUND || status == STILE_NOT_FOUND;
}

/* How many messages went through before the peer broke the ring. */
static uint32_t use_channel(void)
{
    uint8_t *message = calloc(1, message_bytes);
    uint32_t nr_done = 0;

    EXPECT_NOT_NULL(message);
    for (uint32_t i = 0; i < NR_CALLS && !(channel.out.broken && channel.in.broken); i++) {
        nr_turns = 0;
        int64_t status = call(message);
        EXPECT_TRUE(is_possible_status(status));
        nr_done += status == STILE_SUCCESS;
    }
    free(message);
    return nr_done;
}

KTF_TEST(hostile_rings, a_channel_in_memory_that_changes_all_the_time)
{
    uint32_t nr_open = 0, nr_done = 0;

    for (uint32_t i = 0; i < NR_PAGES * 200; i++) {
        fill_page();
        nr_turns = 0;
        if (!open_channel(i % 2 == 0))
            continue;
        nr_open++;
        nr_done += use_channel();
    }
    EXPECT_GT(nr_open, NR_PAGES);
    EXPECT_GT(nr_done, NR_PAGES);
}

KTF_TEST(hostile_rings, what_was_never_a_channel_is_not_joined)
{
    for (uint32_t i = 0; i < NR_PAGES * 200; i++) {
        fill_page();
        nr_turns = 0;
        message_bytes = 1 + any(STILE_RING_MESSAGE_MAX);
        uint32_t ports[2];
        EXPECT_NE(stile_channel_rings_join(&channel.in, &channel.out,
                                           (const struct stile_channel_header *)(void *)page,
                                           STILE_PAGE_SIZE, message_bytes, ports),
                  STILE_SUCCESS);
    }
}

/* The hypervisor is who writes there; the library trusts it no more than a peer. */
KTF_TEST(hostile_rings, a_console_ring_in_memory_that_changes_all_the_time)
{
    struct stile_console_ring *ring = (struct stile_console_ring *)(void *)page;
    size_t length = 3000;
    char *text = calloc(1, length);

    ASSERT_NOT_NULL(text);
    for (uint32_t i = 0; i < NR_PAGES * 200; i++) {
        size_t count = any((uint32_t)length + 1);

        nr_turns = 0;
        (void)stile_console_ring_try(ring, text + length - count, count);
        (void)stile_console_ring_puts(ring, text + length - count, count);
        EXPECT_LE(stile_console_ring_read(ring, text + length - count, count), count);
    }
    free(text);
}

/* --- a virtqueue ----------------------------------------------------------------------------- */

#define QUEUE_NUM 32u

/* The device uses a chain that it has got, most often; the peer's turns write anything else. */
static void use_some(const struct stile_virtqueue *queue)
{
    struct ring *used = used_of(queue);
    struct used_element *element = &used_elements(queue)[used->index % QUEUE_NUM];

    element->id = any(8) ? any(QUEUE_NUM / queue->per_chain) * queue->per_chain : lie();
    element->written = lie();
    used->index++;
}

/* Whatever the device does, each slot is the driver's or the device's, once. */
static void expect_slots(const struct stile_virtqueue *queue)
{
    uint32_t free = 0, in = 0;

    for (uint32_t i = 0; i < queue->nr_free; i++) {
        EXPECT_EQ(free >> queue->free[i] & 1, 0);
        free |= 1u << queue->free[i];
        EXPECT_FALSE(queue->is_in[queue->free[i]]);
    }
    for (uint32_t i = 0; i < QUEUE_NUM / queue->per_chain; i++)
        in += queue->is_in[i];
    EXPECT_EQ(queue->nr_free + in, QUEUE_NUM / queue->per_chain);
}

static uint32_t use_queue(struct stile_virtqueue *queue)
{
    const struct stile_virtqueue_buffer buffers[4] = {{.bytes = 1}, {.bytes = 2}};
    uint32_t written, nr_used = 0;

    for (uint32_t i = 0; i < NR_CALLS && !queue->broken; i++) {
        nr_turns = 0;
        uint16_t nr = (uint16_t)any(6), slot;

        switch (any(4)) {
        case 0:
            slot = stile_virtqueue_add(queue, buffers, nr / 2, nr - nr / 2);
            EXPECT_TRUE(slot == STILE_VIRTQUEUE_NONE || (nr > 0 && nr <= queue->per_chain));
            break;
        case 1:
            (void)stile_virtqueue_publish(queue);
            use_some(queue);
            break;
        case 2:
            nr_used += stile_virtqueue_used(queue, &written) != STILE_VIRTQUEUE_NONE;
            break;
        default:
            (void)stile_virtqueue_wait(queue, (uint16_t)any(4));
        }
        expect_slots(queue);
    }
    return nr_used;
}

KTF_TEST(hostile_rings, a_virtqueue_in_memory_that_changes_all_the_time)
{
    uint32_t nr_used = 0, nr_broken = 0;

    for (uint32_t i = 0; i < NR_PAGES * 500; i++) {
        struct stile_virtqueue queue;

        nr_turns = 0;
        ASSERT_TRUE(stile_virtqueue_bytes(QUEUE_NUM) < STILE_PAGE_SIZE);
        ASSERT_TRUE(stile_virtqueue_make(&queue, page, stile_ipa(0x40000000), QUEUE_NUM,
                                         (uint16_t)(1 + any(4)), any(2)));
        nr_used += use_queue(&queue);
        nr_broken += queue.broken;
    }
    EXPECT_GT(nr_used, NR_PAGES);
    EXPECT_GT(nr_broken, NR_PAGES);
}
