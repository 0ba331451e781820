/* SPDX-License-Identifier: MIT */
/*
 * tools/backend: virtqueues and disks as a well-behaved driver uses them, and as a hostile one
 * does, whose every value is made up; what is read or written beside its memory is the sanitizer's
 * to find.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../tools/backend/queue.c"
#include "../../tools/backend/say.c"
#include "../../tools/backend/queue_packed.c"
#include "../../tools/backend/queue_split.c"
#include "../../tools/backend/blk.c"
#include "../../tools/backend/mmio.c"

/* What stands for a TAP device has no queues to be attached. */
static int fake_ioctl(int file, unsigned long request, ...)
{
    (void)file, (void)request;
    return 0;
}

#define ioctl fake_ioctl
#include "../../tools/backend/net.c"
#undef ioctl

#include "ktf.h"

#define BASE    UINT64_C(0x40000000)
#define BYTES   0x20000u
#define NUM     16u
#define DESC    BASE
#define AVAIL   (BASE + 0x1000)
#define USED    (BASE + 0x2000)
#define BUFFERS (BASE + 0x3000)
#define SECTORS 64u

#define EVENT_IDX (UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)
#define PACKED    (UINT64_C(1) << VIRTIO_F_RING_PACKED)

static struct memory memory;
static struct config_device config;
static struct device device;
static struct stile_virtio_page page;
static int wires[2];    /* of a network card: the other ends of what stands for a TAP device */
static unsigned target; /* which queue is at DESC */
static struct vring_desc *descs;
static struct vring_avail *avail;
static struct vring_used *used;

/* No device has a life here. */

struct device *device_new(const struct config_device *wanted, struct stile_virtio_page *its_page,
                          const struct memory *its_memory, const struct front *front,
                          void *front_data)
{
    (void)wanted, (void)its_page, (void)its_memory, (void)front, (void)front_data;
    return NULL;
}

bool device_start(struct device *it)
{
    (void)it;
    return false;
}

void device_forget(struct device *it)
{
    (void)it;
}

uint32_t stile_bind(int stile, uint32_t peer, uint32_t remote, int event_fd, int send_fd)
{
    (void)stile, (void)peer, (void)remote, (void)event_fd, (void)send_fd;
    return 0;
}

bool stile_send(int stile, uint32_t port)
{
    (void)stile, (void)port;
    return true;
}

static void *at(uint64_t base)
{
    return memory_at(&memory, base, 1);
}

static void open_queue_anew(uint64_t features)
{
    struct stile_virtio_queue queue = {
        .num = NUM, .ready = 1, .desc_ipa = DESC, .driver_ipa = AVAIL, .device_ipa = USED};

    ASSERT_TRUE(queue_open(&device.queues[target], &device.memory, &queue, features));
}

static void setup(void)
{
    char name[] = "/tmp/stile-disk-XXXXXX";
    int file = mkstemp(name);
    uint64_t features;

    ASSERT_GE(file, 0);
    ASSERT_EQ(ftruncate(file, SECTORS * SECTOR_BYTES), 0);
    memory = (struct memory){.nr = 1, .ranges = {{BASE, BYTES, calloc(1, BYTES)}}};
    config = (struct config_device){.kind = &kind_disk, .vm = "vm", .nr_queues = 1};
    strcpy(config.file, name);
    page = (struct stile_virtio_page){.magic = STILE_VIRTIO_MAGIC};
    device = (struct device){.config = &config,
                             .kind = &kind_disk,
                             .front = &front_mmio,
                             .page = &page,
                             .memory = memory};
    ASSERT_TRUE(kind_disk.open(&device, &page, &features));
    (void)close(file);
    (void)unlink(name);
    device.features = features;
    target = 0;
    descs = at(DESC);
    avail = at(AVAIL);
    used = at(USED);
    open_queue_anew(0);
}

static void teardown(void)
{
    for (unsigned i = 0; i < device.nr_pairs; i++)
        (void)close(wires[i]);
    device.kind->close(&device);
    free(memory.ranges[0].at);
}

KTF_SUITE(backend, .setup = setup, .teardown = teardown);

/* --- a driver ------------------------------------------------------------------------------- */

static void set_desc(unsigned index, uint64_t address, uint32_t bytes, unsigned flags,
                     unsigned next)
{
    descs[index] = (struct vring_desc){address, bytes, (uint16_t)flags, (uint16_t)next};
}

static void make_available(unsigned head)
{
    avail->ring[avail->idx % NUM] = (uint16_t)head;
    avail->idx++;
}

#define NOT_YET 0xFF

/* A request in three descriptors; returns its status. */
static uint8_t try_request(uint32_t type, uint64_t sector, uint32_t bytes)
{
    struct virtio_blk_outhdr *header = at(BUFFERS);
    uint8_t *status = at(BUFFERS + 0x100);

    *header = (struct virtio_blk_outhdr){.type = type, .sector = sector};
    *status = NOT_YET;
    set_desc(0, BUFFERS, sizeof(*header), VRING_DESC_F_NEXT, 1);
    set_desc(1, BUFFERS + 0x1000, bytes,
             VRING_DESC_F_NEXT | (type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE), 2);
    set_desc(2, BUFFERS + 0x100, 1, VRING_DESC_F_WRITE, 0);
    make_available(0);
    EXPECT_EQ(kind_disk.run(&device), RUN_DONE);
    return *status;
}

/* One that is answered. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t bytes)
{
    uint8_t status = try_request(type, sector, bytes);

    EXPECT_EQ(used->idx, avail->idx);
    return status;
}

KTF_TEST(backend, what_is_written_is_read)
{
    uint8_t *data = at(BUFFERS + 0x1000);

    EXPECT_EQ(le64toh(((const struct virtio_blk_config *)(const void *)page.config)->capacity),
              SECTORS);
    for (unsigned i = 0; i < 3 * NUM; i++) { /* round the rings */
        memset(data, (int)i + 1, 1024);
        EXPECT_EQ(request(VIRTIO_BLK_T_OUT, i, 1024), VIRTIO_BLK_S_OK);
        EXPECT_EQ(used->ring[(used->idx - 1u) % NUM].len, 1);
        memset(data, 0, 1024);
        EXPECT_EQ(request(VIRTIO_BLK_T_IN, i, 1024), VIRTIO_BLK_S_OK);
        EXPECT_EQ(used->ring[(used->idx - 1u) % NUM].len, 1025);
        EXPECT_EQ(data[0], i + 1);
        EXPECT_EQ(data[1023], i + 1);
    }
    EXPECT_EQ(request(VIRTIO_BLK_T_GET_ID, 0, 20), VIRTIO_BLK_S_OK);
    EXPECT_STREQ((const char *)data, "stile-0");
    EXPECT_EQ(request(VIRTIO_BLK_T_FLUSH, 0, 512), VIRTIO_BLK_S_OK);
}

KTF_TEST(backend, what_is_not_on_the_disk_is_an_error)
{
    EXPECT_EQ(request(VIRTIO_BLK_T_IN, SECTORS, 512), VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(request(VIRTIO_BLK_T_IN, SECTORS - 1, 1024), VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(request(VIRTIO_BLK_T_IN, UINT64_MAX, 512), VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(request(VIRTIO_BLK_T_OUT, 0, 511), VIRTIO_BLK_S_IOERR);
    EXPECT_EQ(request(99, 0, 512), VIRTIO_BLK_S_UNSUPP);
    config.is_read_only = true;
    EXPECT_EQ(request(VIRTIO_BLK_T_OUT, 0, 512), VIRTIO_BLK_S_IOERR);
}

/* Then what is in its memory is not what its driver wrote. */
KTF_TEST(backend, nothing_is_written_for_a_vm_that_has_ended)
{
    uint8_t *data = at(BUFFERS + 0x1000);

    memset(data, 1, 512);
    EXPECT_EQ(request(VIRTIO_BLK_T_OUT, 3, 512), VIRTIO_BLK_S_OK);
    memset(data, 2, 512);
    page.ended = 1;
    EXPECT_EQ(try_request(VIRTIO_BLK_T_OUT, 3, 512), NOT_YET);
    page = (struct stile_virtio_page){.magic = 0}; /* scratch */
    EXPECT_EQ(try_request(VIRTIO_BLK_T_OUT, 3, 512), NOT_YET);
    EXPECT_EQ(used->idx, 1); /* nor is it answered */
    page.magic = STILE_VIRTIO_MAGIC;
    open_queue_anew(0);
    EXPECT_EQ(kind_disk.run(&device), RUN_DONE); /* the next one does both */
    EXPECT_EQ(used->idx, 3);
    EXPECT_EQ(request(VIRTIO_BLK_T_IN, 3, 512), VIRTIO_BLK_S_OK);
    EXPECT_EQ(data[0], 2);
}

/* Of a device that is reset, or whose back end is to end, no more is begun, and nothing is told. */
KTF_TEST(backend, what_is_given_up_is_not_answered)
{
    (void)request(VIRTIO_BLK_T_IN, 3, 512);
    page.resets++;
    make_available(0);
    EXPECT_EQ(kind_disk.run(&device), RUN_MORE);
    EXPECT_EQ(used->idx, 1);
    device.resets++;
    device.ends = true;
    EXPECT_EQ(kind_disk.run(&device), RUN_MORE);
    EXPECT_EQ(used->idx, 1);
    device.ends = false;
    EXPECT_EQ(kind_disk.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 2);
}

/* Another back end takes over: what was used stays used, what was not is done. */
KTF_TEST(backend, a_queue_goes_on_where_the_used_ring_ends)
{
    struct virtio_blk_outhdr *header = at(BUFFERS);

    EXPECT_EQ(request(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
    header->sector = 1;
    make_available(0);
    open_queue_anew(0);
    EXPECT_EQ(kind_disk.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 2);
}

/* Another queue elsewhere in memory, of requests to read the first sector. */
#define OTHER_RING (BASE + 0x10000)

KTF_TEST(backend, a_disk_serves_all_its_queues)
{
    const struct stile_virtio_queue its = {.num = NUM,
                                           .ready = 1,
                                           .desc_ipa = OTHER_RING,
                                           .driver_ipa = OTHER_RING + 0x1000,
                                           .device_ipa = OTHER_RING + 0x2000};
    struct vring_avail *other = at(OTHER_RING + 0x1000);
    const struct vring_used *other_used = at(OTHER_RING + 0x2000);

    device.nr_queues = 3; /* one of which the driver does not use */
    ASSERT_TRUE(queue_open(&device.queues[2], &device.memory, &its, 0));
    (void)request(VIRTIO_BLK_T_IN, 0, 512);
    memcpy(at(OTHER_RING), descs, 3 * sizeof(*descs));
    other->idx = 2;
    EXPECT_FALSE(kind_disk.is_idle(&device));
    make_available(0);
    EXPECT_EQ(kind_disk.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 2);
    EXPECT_EQ(other_used->idx, 2);
    EXPECT_TRUE(kind_disk.is_idle(&device));
}

KTF_TEST(backend, notifications_by_event_indexes)
{
    uint16_t *used_event_at = &avail->ring[NUM];
    const uint16_t *avail_event_at = (const uint16_t *)(const void *)&used->ring[NUM];

    open_queue_anew(EVENT_IDX);
    *used_event_at = 1; /* tell me of the second one */
    (void)request(VIRTIO_BLK_T_IN, 0, 512);
    EXPECT_FALSE(queue_must_signal(&device.queues[0]));
    (void)request(VIRTIO_BLK_T_IN, 0, 512);
    EXPECT_TRUE(queue_must_signal(&device.queues[0]));
    EXPECT_FALSE(queue_must_signal(&device.queues[0]));
    EXPECT_TRUE(queue_is_idle(&device.queues[0]));
    EXPECT_EQ(*avail_event_at, 2);
    make_available(0);
    EXPECT_FALSE(queue_is_idle(&device.queues[0]));
}

/* --- packets --------------------------------------------------------------------------------- */

#define HEADER  ((size_t)HEADER_BYTES)
#define TX_RING OTHER_RING

/* The device becomes a network card, its queue of packets to be sent elsewhere in memory. */
static void become_net(bool may_merge, unsigned nr_pairs)
{
    struct stile_virtio_queue tx = {.num = NUM,
                                    .ready = 1,
                                    .desc_ipa = TX_RING,
                                    .driver_ipa = TX_RING + 0x1000,
                                    .device_ipa = TX_RING + 0x2000};

    kind_disk.close(&device);
    device.kind = &kind_net;
    device.nr_pairs = nr_pairs;
    device.nr_queues = nr_pairs > 1 ? 2 * nr_pairs + 1 : 2;
    for (unsigned i = 0; i < nr_pairs; i++) {
        int ends[2];

        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
        wires[i] = ends[1];
        device.pairs[i] =
            (struct net_pair){.file = ends[0], .is_active = true, .packet = malloc(PACKET_MAX)};
    }
    device.data = malloc(SENT_BYTES);
    device.features = (may_merge ? FEATURE(VIRTIO_NET_F_MRG_RXBUF) : 0) |
                      (nr_pairs > 1 ? FEATURE(VIRTIO_NET_F_MQ) | FEATURE(VIRTIO_NET_F_CTRL_VQ) : 0);
    ASSERT_TRUE(queue_open(&device.queues[TX(0)], &device.memory, &tx, 0));
}

/* A packet of so many bytes and its header comes from the wire. */
static void arrive(size_t bytes)
{
    uint8_t packet[2048] = {0};

    for (size_t i = 0; i < bytes; i++)
        packet[HEADER + i] = (uint8_t)(i * 7);
    ASSERT_EQ(write(wires[0], packet, HEADER + bytes), (ssize_t)(HEADER + bytes));
}

/* The driver has a buffer for packets. */
static void put_buffer(unsigned index, uint32_t bytes)
{
    set_desc(index, BUFFERS + index * 0x400, bytes, VRING_DESC_F_WRITE, 0);
    make_available(index);
}

KTF_TEST(backend, a_packet_is_merged_of_buffers)
{
    const uint8_t *first = at(BUFFERS), *second = at(BUFFERS + 0x400);

    become_net(true, 1);
    put_buffer(0, 64);
    put_buffer(1, 64);
    arrive(100 - HEADER);
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 2);
    EXPECT_EQ(used->ring[0].len, 64);
    EXPECT_EQ(used->ring[1].len, 36);
    EXPECT_EQ(first[10], 2);
    EXPECT_EQ(first[HEADER + 1], 7);
    EXPECT_EQ(second[0], (uint8_t)((64 - HEADER) * 7));
    EXPECT_TRUE(device.pairs[0].waits_for_file);
}

/* Nobody loops until there are more. */
KTF_TEST(backend, a_packet_waits_for_buffers)
{
    become_net(true, 1);
    put_buffer(0, 64);
    arrive(100 - HEADER);
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 0);
    EXPECT_FALSE(device.pairs[0].waits_for_file);
    EXPECT_TRUE(kind_net.is_idle(&device));
    put_buffer(1, 64);
    EXPECT_FALSE(kind_net.is_idle(&device));
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 2);
}

KTF_TEST(backend, a_packet_that_fits_nowhere_is_lost)
{
    become_net(true, 1);
    put_buffer(0, 16);
    for (unsigned i = 1; i < NUM; i++)
        put_buffer(i, 1);
    arrive(100);
    arrive(10);
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 7); /* of the second one: 16 bytes and 6 */
    EXPECT_EQ(device.pairs[0].bytes, 0);
}

KTF_TEST(backend, without_merging_what_does_not_fit_is_lost)
{
    become_net(false, 1);
    put_buffer(0, 64);
    put_buffer(1, 64);
    arrive(100);
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(used->idx, 1);
    EXPECT_EQ(used->ring[0].len, 64);
    EXPECT_EQ(((const uint8_t *)at(BUFFERS))[10], 1);
}

KTF_TEST(backend, a_buffer_for_packets_holds_the_header)
{
    become_net(true, 1);
    put_buffer(0, 11);
    arrive(10);
    EXPECT_EQ(kind_net.run(&device), RUN_BROKEN);
}

static void send_by_driver(unsigned nr, uint32_t bytes)
{
    struct vring_desc *tx_descs = at(TX_RING);
    struct vring_avail *tx_avail = at(TX_RING + 0x1000);

    for (unsigned i = 0; i < nr; i++)
        tx_descs[i] = (struct vring_desc){
            BUFFERS, bytes, (uint16_t)(i + 1 < nr ? VRING_DESC_F_NEXT : 0), (uint16_t)(i + 1)};
    tx_avail->ring[tx_avail->idx % NUM] = 0;
    tx_avail->idx++;
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
}

KTF_TEST(backend, packets_are_sent)
{
    const struct vring_used *tx_used = at(TX_RING + 0x2000);
    uint8_t packet[2048];

    become_net(true, 1);
    send_by_driver(2, 100);
    EXPECT_EQ(read(wires[0], packet, sizeof(packet)), 200);
    send_by_driver(NUM, 0xC000); /* longer than any */
    EXPECT_LT(read(wires[0], packet, sizeof(packet)), 0);
    page.ended = 1;
    send_by_driver(1, 100);
    EXPECT_LT(read(wires[0], packet, sizeof(packet)), 0);
    EXPECT_EQ(tx_used->idx, 3);
}

/* --- control --------------------------------------------------------------------------------- */

/* A card of two pairs, whose queue for control is at DESC. */
static void become_net_of_two(void)
{
    become_net(true, 2);
    device.queues[0].num = 0;
    target = 4;
    open_queue_anew(0);
}

static uint8_t say_to_card(uint8_t class, uint8_t what, uint16_t value)
{
    uint8_t *said = at(BUFFERS), *answer = at(BUFFERS + 0x100);

    said[0] = class;
    said[1] = what;
    said[2] = (uint8_t)value;
    said[3] = (uint8_t)(value >> 8);
    *answer = NOT_YET;
    set_desc(0, BUFFERS, 2, VRING_DESC_F_NEXT, 1);
    set_desc(1, BUFFERS + 2, 2, VRING_DESC_F_NEXT, 2);
    set_desc(2, BUFFERS + 0x100, 1, VRING_DESC_F_WRITE, 0);
    make_available(0);
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    return *answer;
}

KTF_TEST(backend, a_driver_says_how_many_pairs_it_uses)
{
    become_net_of_two();
    kind_net.start(&device);
    EXPECT_FALSE(device.pairs[1].is_active);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 2), VIRTIO_NET_OK);
    EXPECT_TRUE(device.pairs[1].is_active);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 3), VIRTIO_NET_ERR);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 0), VIRTIO_NET_ERR);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_MQ, 1, 1), VIRTIO_NET_ERR);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_RX, 0, 1), VIRTIO_NET_ERR);
    EXPECT_TRUE(device.pairs[1].is_active);
    EXPECT_EQ(say_to_card(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 1), VIRTIO_NET_OK);
    EXPECT_FALSE(device.pairs[1].is_active);
    set_desc(2, BUFFERS + 0x100, 1, 0, 0); /* no room for an answer */
    make_available(0);
    EXPECT_EQ(kind_net.run(&device), RUN_BROKEN);
}

/* Another back end takes over: what the driver has said is not said again. */
KTF_TEST(backend, a_pair_with_buffers_is_active)
{
    const struct stile_virtio_queue rx = {.num = NUM,
                                          .ready = 1,
                                          .desc_ipa = BASE + 0x14000,
                                          .driver_ipa = BASE + 0x15000,
                                          .device_ipa = BASE + 0x16000};
    struct vring_desc *rx_descs = at(rx.desc_ipa);
    struct vring_avail *rx_avail = at(rx.driver_ipa);
    const struct vring_used *rx_used = at(rx.device_ipa);
    uint8_t packet[100] = {0};

    become_net_of_two();
    rx_descs[0] = (struct vring_desc){BUFFERS, 1024, VRING_DESC_F_WRITE, 0};
    rx_avail->idx = 1;
    ASSERT_TRUE(queue_open(&device.queues[RX(1)], &device.memory, &rx, 0));
    kind_net.start(&device);
    EXPECT_TRUE(device.pairs[1].is_active);
    ASSERT_EQ(write(wires[1], packet, sizeof(packet)), (ssize_t)sizeof(packet));
    EXPECT_EQ(kind_net.run(&device), RUN_DONE);
    EXPECT_EQ(rx_used->idx, 1);
    EXPECT_TRUE(device.pairs[1].waits_for_file);
}

/* --- a hostile one -------------------------------------------------------------------------- */

KTF_TEST(backend, chains_that_cannot_be)
{
    struct chain *chain = &device.chain;
    struct vring_desc *inner = at(BUFFERS + 0x2000);

    set_desc(0, BUFFERS, 16, VRING_DESC_F_NEXT, 0); /* a loop */
    make_available(0);
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    make_available(NUM); /* no such head */
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    set_desc(0, BASE + BYTES - 8, 16, 0, 0); /* beyond the memory */
    make_available(0);
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    set_desc(0, UINT64_MAX - 8, 16, 0, 0);
    make_available(0);
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    set_desc(0, BUFFERS, 16, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1); /* read after written */
    set_desc(1, BUFFERS, 16, 0, 0);
    make_available(0);
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    inner[0] = (struct vring_desc){BUFFERS + 0x2000, 16, VRING_DESC_F_INDIRECT, 0}; /* in itself */
    set_desc(0, BUFFERS + 0x2000, 16, VRING_DESC_F_INDIRECT, 0);
    make_available(0);
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
    avail->idx += NUM + 1; /* an index that runs */
    EXPECT_EQ(queue_pop(&device.queues[0], chain), QUEUE_BROKEN);
}

KTF_TEST(backend, queues_that_cannot_be)
{
    const struct stile_virtio_queue good = {
        .num = NUM, .ready = 1, .desc_ipa = DESC, .driver_ipa = AVAIL, .device_ipa = USED};
    struct stile_virtio_queue bad[8];
    struct queue queue;

    for (unsigned i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].num = 3;
    bad[1].num = 512;
    bad[2].num = 0;
    bad[3].ready = 2;
    bad[4].desc_ipa += 8;
    bad[5].driver_ipa = BASE + BYTES - 2;
    bad[6].device_ipa = UINT64_MAX - 3;
    bad[7].desc_ipa = 0;
    for (unsigned i = 0; i < 8; i++) {
        EXPECT_FALSE(queue_open(&queue, &memory, &bad[i], EVENT_IDX));
        EXPECT_EQ(queue.num, 0);
        if (i == 0) /* which a packed ring may have */
            continue;
        EXPECT_FALSE(queue_open(&queue, &memory, &bad[i], PACKED));
        EXPECT_EQ(queue.num, 0);
    }
}

/* No device and driver leave a packed ring so: in two places it is used as far as that. */
KTF_TEST(backend, a_packed_ring_that_cannot_be)
{
    const struct stile_virtio_queue its = {
        .num = NUM, .ready = 1, .desc_ipa = DESC, .driver_ipa = AVAIL, .device_ipa = USED};
    struct vring_packed_desc *packed = at(DESC);
    struct queue queue;

    packed[2].flags = packed[5].flags = 0x8080;
    EXPECT_FALSE(queue_open(&queue, &memory, &its, PACKED));
    packed[5].flags = 0;
    packed[0].flags = packed[1].flags = 0x8080;
    EXPECT_TRUE(queue_open(&queue, &memory, &its, PACKED));
    EXPECT_EQ(queue.next_avail, 3);
}

/* A value that is mostly nearly right. */
static uint64_t any_address(void)
{
    return rand() % 8 ? BASE + (uint64_t)rand() % (BYTES + 64) : (uint64_t)rand() << (rand() % 48);
}

/* What a packed ring has in the place of a descriptor is mostly available, in this lap or the next.
 */
static void make_packed(unsigned index)
{
    struct vring_packed_desc *packed = at(DESC);
    bool wrap = device.queues[target].next_avail < NUM
                    ? index >= device.queues[target].next_avail
                    : index < device.queues[target].next_avail - NUM;
    unsigned bits = rand() % 8 ? (wrap ? 0x0080u : 0x8000u) : (unsigned)rand() & 0x8080u;
    const struct vring_desc like = descs[index];

    packed[index] = (struct vring_packed_desc){like.addr, like.len, (uint16_t)rand(),
                                               (uint16_t)((like.flags & 7u) | bits)};
}

static void scribble(void)
{
    unsigned i = (unsigned)rand() % NUM;

    switch (rand() % 6) {
    case 0:
    case 1:
        set_desc(i, any_address() & ~(rand() % 2 ? UINT64_C(15) : 0), (uint32_t)rand() % 2048,
                 (unsigned)rand() % 8, (unsigned)rand() % (NUM + 1));
        break;
    case 2:
        make_available((unsigned)rand() % (NUM + 1));
        break;
    case 3:
        ((uint8_t *)at(BASE))[(unsigned)rand() % BYTES] = (uint8_t)rand();
        break;
    case 4:
        *(struct virtio_blk_outhdr *)at(BUFFERS + i * 16) = (struct virtio_blk_outhdr){
            .type = (uint32_t)rand() % 10, .sector = (uint64_t)rand() % 80};
        break;
    default:
        set_desc(i, BUFFERS + (unsigned)rand() % 0x1000 * 16, (uint32_t)rand() % 600,
                 (unsigned)rand() % 4, (i + 1) % NUM);
        break;
    }
    if (device.queues[target].ring == &queue_packed)
        make_packed(rand() % 2 ? i : device.queues[target].next_avail % NUM);
}

/* A driver begins; now and then with a ring that it does not clear. */
static void driver_begins(bool is_packed)
{
    if (rand() % 8)
        memset(descs, 0, NUM * sizeof(*descs));
    avail->idx = used->idx;
    device.queues[target].num = 0;
    while (device.queues[target].num == 0) {
        const struct stile_virtio_queue its = {
            .num = NUM, .ready = 1, .desc_ipa = DESC, .driver_ipa = AVAIL, .device_ipa = USED};

        if (!queue_open(&device.queues[target], &device.memory, &its,
                        (is_packed ? PACKED : 0) | (rand() % 2 ? EVENT_IDX : 0)))
            memset(descs, 0, NUM * sizeof(*descs));
    }
}

/* Scribbles over the rings between turns of the device; the driver resets it when it is broken. */
static void scribble_and_run(unsigned nr_steps, bool is_packed)
{
    static const uint8_t data[2048];
    unsigned nr_broken = 0, nr_done = 0;

    driver_begins(is_packed);
    for (unsigned i = 0; i < nr_steps; i++) {
        scribble();
        if (i % 4 != 0)
            continue;
        enum run_result result = device.kind->run(&device);
        (void)queue_must_signal(&device.queues[target]);
        (void)device.kind->is_idle(&device);
        nr_done += result != RUN_BROKEN;
        if (result == RUN_BROKEN) {
            nr_broken++;
            driver_begins(is_packed);
        }
        if (device.kind == &kind_net && target == 0)
            (void)!write(wires[0], data,
                         HEADER + (size_t)rand() % 1024); /* unless there is no room */
    }
    EXPECT_GT(nr_broken, nr_steps / 1000);
    EXPECT_GT(nr_done, nr_steps / 1000);
}

/** Which rings. */
static const struct kind_case {
    const char *name;
    bool is_packed;
} kind_cases[] = {{"split", false}, {"packed", true}};

static void name_kind(const struct kind_case *it, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", it->name);
}

KTF_TEST_EACH(backend, any_rings_of_a_disk_for_a_million_steps, struct kind_case, kind_cases,
              name_kind)
{
    scribble_and_run(1000000, param->is_packed);
}

KTF_TEST_EACH(backend, any_rings_of_a_network_card_for_a_million_steps, struct kind_case,
              kind_cases, name_kind)
{
    become_net(true, 1);
    scribble_and_run(1000000, param->is_packed);
}

KTF_TEST_EACH(backend, any_rings_for_control_for_a_million_steps, struct kind_case, kind_cases,
              name_kind)
{
    become_net_of_two();
    scribble_and_run(1000000, param->is_packed);
}
