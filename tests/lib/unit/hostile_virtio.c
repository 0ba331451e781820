/* SPDX-License-Identifier: MIT */
/*
 * A back end that is hostile: its responses are nearly right, and what it writes to queues and
 * buffers is made up. Whatever it does, no access of the library's is out of bounds (the sanitizers
 * look), every call ends, and answers one of the errors that its header names.
 *
 * The other VM has no thread here: what it says is in its ring before it is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "ktf.h"
#include "stile/channel_rings.h"
#include "stile/directory.h"
#include "stile/fake.h"
#include "stile/share.h"
#include "stile/virtio_disk.h"
#include "stile/virtio_net.h"

#define BASE    STILE_FAKE_MEMORY_BASE
#define SHARED  (BASE + 0x1000)
#define PAGES   32u
#define DATA_AT (SHARED + 0x18000)
#define PEER_AT (BASE + 0x10000000)

#define DEPTH  4u
#define DEVICE 3u
#define ROUNDS 20000u

#define VERSION_1 (UINT64_C(1) << 32)
#define EVENT_IDX (UINT64_C(1) << 29)

static uint32_t driver_vm, backend_vm;
static struct stile_virtio_bus bus;
static struct stile_message_end in, out; /* the back end's */
static struct stile_channel_header *channel;

static void *at(uint64_t ipa)
{
    return stile_fake_pointer(stile_ipa(ipa));
}

static void setup(void)
{
    const struct stile_fake_config driver = {.name = "driver"};
    const struct stile_fake_config backend = {.name = "backend"};

    srand(1);
    stile_fake_reset();
    driver_vm = stile_fake_start(&driver);
    backend_vm = stile_fake_start(&backend);
    stile_fake_become(backend_vm, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_fake_become(driver_vm, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
}

KTF_SUITE(hostile_virtio, .setup = setup);

/* --- the back end ---------------------------------------------------------------------------- */

static void join(void *unused)
{
    uint32_t ports[2];
    stile_share_t share;

    (void)unused;
    ASSERT_EQ(stile_share_accept_from(stile_vm_id(driver_vm), STILE_VIRTIO_MSG_KEY,
                                      stile_ipa(PEER_AT), stile_nr_pages(1),
                                      STILE_ACCESS_READ | STILE_ACCESS_WRITE, &share),
              STILE_SUCCESS);
    channel = at(PEER_AT);
    ASSERT_EQ(stile_channel_rings_join(&in, &out, channel, STILE_PAGE_SIZE, STILE_VIRTIO_MSG_BYTES,
                                       ports),
              STILE_SUCCESS);
    for (unsigned i = 0; i < 2; i++)
        (void)stile_event_bind(stile_vm_id(driver_vm), stile_port(ports[i]), stile_vcpu_id(0));
}

/* What the right response is, to each request that opens a device. */
static void answer(uint8_t id, uint32_t device_id, uint32_t status,
                   union stile_virtio_msg_payload *payload)
{
    memset(payload, 0, sizeof(*payload));
    switch (id) {
    case STILE_VIRTIO_GET_INFO:
        payload->info = (struct stile_virtio_msg_info){.device_id = device_id, .nr_queues = 2};
        break;
    case STILE_VIRTIO_GET_FEATURES:
        payload->features.nr = 2;
        payload->features.data[0] = (uint32_t)(EVENT_IDX | (device_id == 1 ? 1u << 5 : 0));
        payload->features.data[1] = (uint32_t)(VERSION_1 >> 32);
        break;
    case STILE_VIRTIO_GET_CONFIG:
        payload->config.bytes = device_id == 1 ? 6 : 8;
        payload->config.data[0] = 64;
        break;
    case STILE_VIRTIO_SET_STATUS:
        payload->status.status = status;
        break;
    case STILE_VIRTIO_GET_VQUEUE:
        payload->vqueue.index = status;
        payload->vqueue.num_max = 256;
        break;
    default:
        break;
    }
}

static void spoil(struct stile_virtio_msg *message)
{
    uint8_t *bytes = (uint8_t *)message;

    bytes[(unsigned)rand() % sizeof(*message)] = (uint8_t)rand();
}

static uint16_t token; /* of the next request */

/* Puts a response into the ring; now and then it is another one, or there is one more. */
static void put(uint8_t type, uint8_t id, uint32_t device_id, uint32_t status)
{
    struct stile_virtio_msg message = {
        .type = type | STILE_VIRTIO_MSG_RESPONSE,
        .id = id,
        .device = type == 0 ? DEVICE : 0,
        .token = token,
        .bytes = sizeof(message),
    };
    union stile_virtio_msg_payload payload;
    bool notify;

    answer(id, device_id, status, &payload);
    memcpy(message.words, &payload, sizeof(payload));
    token = token == UINT16_MAX ? 1 : (uint16_t)(token + 1);
    if (rand() % 60 == 0)
        spoil(&message);
    (void)stile_message_ring_send(&out, &message, &notify);
}

static void put_opening(uint32_t device_id)
{
    put(0, STILE_VIRTIO_GET_INFO, device_id, 0);
    put(0, STILE_VIRTIO_SET_STATUS, device_id, 0);
    put(0, STILE_VIRTIO_SET_STATUS, device_id, 3);
    put(0, STILE_VIRTIO_GET_FEATURES, device_id, 0);
    put(0, STILE_VIRTIO_SET_FEATURES, device_id, 0);
    put(0, STILE_VIRTIO_SET_STATUS, device_id, 11);
    put(0, STILE_VIRTIO_GET_CONFIG, device_id, 0);
    for (uint32_t i = 0; i < (device_id == 1 ? 2 : 1); i++) {
        put(0, STILE_VIRTIO_GET_VQUEUE, device_id, i);
        put(0, STILE_VIRTIO_SET_VQUEUE, device_id, 0);
        put(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_BIND_PORT, device_id, 0);
    }
    put(0, STILE_VIRTIO_SET_STATUS, device_id, 15);
}

/* Takes the requests, which are well known, and writes anything to the memory. */
static void drain_and_scribble(void)
{
    uint8_t *shared = at(SHARED);
    struct stile_virtio_msg request;
    bool notify;

    while (stile_message_ring_receive(&in, &request, &notify) == STILE_SUCCESS)
        ;
    for (unsigned i = (unsigned)rand() % 64; i > 0; i--)
        shared[(unsigned)rand() % (rand() % 2 ? 0x1000 : PAGES * 0x1000)] = (uint8_t)rand();
}

/* --- the driver ------------------------------------------------------------------------------ */

static bool is_possible(int64_t status)
{
    return status == STILE_SUCCESS || status == STILE_BUSY || status == STILE_DENIED ||
           status == STILE_NOT_BOUND || status == STILE_NOT_FOUND;
}

static void open_bus(void)
{
    ASSERT_EQ(stile_virtio_bus_offer(&bus, at(BASE), stile_ipa(BASE), 0, stile_vm_id(backend_vm),
                                     stile_vcpu_id(0), stile_fake_mailbox(driver_vm, 0)),
              STILE_SUCCESS);
    bus.deadline = stile_ticks(0); /* nothing comes later */
    ASSERT_EQ(stile_fake_run(backend_vm, 0, join, NULL), STILE_FAKE_RETURNED);
    token = 1;
    put(STILE_VIRTIO_MSG_BUS, STILE_VIRTIO_SHARE_MEMORY, 0, 0);
    (void)stile_virtio_bus_share(&bus, stile_ipa(SHARED), stile_nr_pages(PAGES));
}

static void release(void *unused)
{
    struct stile_share_info info = {.share = stile_share(0)};

    (void)unused;
    while (stile_share_next_offered(&info))
        (void)stile_memory_release(info.share);
}

static void close_bus(void)
{
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
    ASSERT_EQ(stile_fake_run(backend_vm, 0, release, NULL), STILE_FAKE_RETURNED);
}

static unsigned use_disk(struct stile_virtio_disk *disk)
{
    unsigned nr_done = 0;
    int64_t status;

    for (unsigned i = 0; i < 40; i++) {
        (void)stile_virtio_disk_submit(
            disk, rand() % 2 ? STILE_VIRTIO_DISK_READ : STILE_VIRTIO_DISK_WRITE, (uint64_t)rand(),
            stile_ipa(DATA_AT), 512);
        EXPECT_TRUE(is_possible(stile_virtio_disk_notify(disk)));
        drain_and_scribble();
        while (stile_virtio_disk_done(disk, &status) != STILE_VIRTQUEUE_NONE) {
            EXPECT_TRUE(status == STILE_SUCCESS || status == STILE_DENIED);
            nr_done++;
        }
        EXPECT_TRUE(is_possible(stile_virtio_disk_wait(disk)));
    }
    return nr_done;
}

KTF_TEST(hostile_virtio, a_disk)
{
    static struct stile_virtio_disk disk;
    unsigned nr_open = 0, nr_done = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        open_bus();
        put_opening(2);
        int64_t status =
            stile_virtio_disk_open(&disk, &bus, DEVICE, at(SHARED), stile_ipa(SHARED), DEPTH);
        EXPECT_TRUE(is_possible(status));
        if (status == STILE_SUCCESS) {
            nr_open++;
            nr_done += use_disk(&disk);
        }
        close_bus();
    }
    EXPECT_GT(nr_open, ROUNDS / 10);
    EXPECT_GT(nr_done, ROUNDS / 10);
}

static unsigned use_net(struct stile_virtio_net *net)
{
    static uint8_t packet[STILE_VIRTIO_PACKET_MAX];
    unsigned nr_received = 0;
    uint32_t bytes;

    for (unsigned i = 0; i < 40; i++) {
        EXPECT_TRUE(
            is_possible(stile_virtio_net_send(net, packet, 1 + (uint32_t)rand() % sizeof(packet))));
        drain_and_scribble();
        int64_t status = stile_virtio_net_receive(net, packet, &bytes);
        EXPECT_TRUE(is_possible(status));
        if (status == STILE_SUCCESS) {
            EXPECT_LE(bytes, sizeof(packet));
            nr_received++;
        }
        EXPECT_TRUE(is_possible(stile_virtio_net_wait(net, (uint32_t)rand() % 2)));
    }
    return nr_received;
}

KTF_TEST(hostile_virtio, a_network_card)
{
    static struct stile_virtio_net net;
    unsigned nr_open = 0, nr_received = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        open_bus();
        put_opening(1);
        int64_t status =
            stile_virtio_net_open(&net, &bus, DEVICE, at(SHARED), stile_ipa(SHARED), DEPTH);
        EXPECT_TRUE(is_possible(status));
        /* Nobody binds the ports of queues here, which the first buffers find. */
        if (status == STILE_NOT_BOUND && bus.nr_ports == 2) {
            nr_open++;
            nr_received += use_net(&net);
        }
        close_bus();
    }
    EXPECT_GT(nr_open, ROUNDS / 10);
    EXPECT_GT(nr_received, 10);
}
