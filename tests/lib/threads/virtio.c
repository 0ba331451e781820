/* SPDX-License-Identifier: MIT */
/*
 * A disk and a network card by messages: libhypercall drives them in one VM of the fake, the back
 * end of tools/backend serves them in another, its threads and all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../tools/backend/device.h"
#include "../backend/stile.h"
#include "ktf.h"
#include "stile/directory.h"
#include "stile/fake.h"
#include "stile/virtio_disk.h"
#include "stile/virtio_net.h"

#define SECTORS 256u
#define DEPTH   32u

#define BASE       STILE_FAKE_MEMORY_BASE
#define BUS_PAGE   BASE
#define SHARED     (BASE + 0x1000)
#define PAGES      192u
#define DISK_AT    SHARED
#define NET_AT     (SHARED + 0x10000)
#define BUFFERS_AT (SHARED + 0x80000)

static uint32_t driver_vm, backend_vm;
static struct config config;
static int disk_file; /* in memory */
static struct stile_virtio_bus bus;
static struct stile_virtio_disk disk;
static struct stile_virtio_net net;

static void *at(uint64_t ipa)
{
    return stile_fake_pointer(stile_ipa(ipa));
}

static void make_disk(void)
{
    char name[64];

    disk_file = memfd_create("disk", MFD_CLOEXEC);
    ASSERT_GE(disk_file, 0);
    ASSERT_EQ(ftruncate(disk_file, (off_t)SECTORS * 512), 0);
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", disk_file);
    config = (struct config){
        .nr = 3,
        .devices = {
            {.kind = &kind_disk, .vm = "driver", .index = 3, .nr_queues = 1},
            {.kind = &kind_disk, .vm = "driver", .index = 9, .is_read_only = true, .nr_queues = 1},
            {.kind = &kind_net,
             .vm = "driver",
             .index = 31,
             .has_mac = true,
             .mac = {2, 0, 0, 0, 0, 7}}}};
    strcpy(config.devices[0].file, name);
    strcpy(config.devices[1].file, name);
}

static void setup(void)
{
    const struct stile_fake_config driver = {.name = "driver"};
    const struct stile_fake_config backend = {.name = "backend", .nr_vcpus = 2};

    stile_fake_reset();
    driver_vm = stile_fake_start(&driver);
    backend_vm = stile_fake_start(&backend);
    stile_fake_use_threads(true);
    stile_fake_become(driver_vm, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    make_disk();
    backend_start(backend_vm, &config);
}

static void teardown(void)
{
    backend_die();
    (void)close(disk_file);
}

KTF_SUITE(virtio, .setup = setup, .teardown = teardown);

static void open_bus(void)
{
    ASSERT_EQ(stile_virtio_bus_offer(&bus, at(BUS_PAGE), stile_ipa(BUS_PAGE), 0,
                                     stile_vm_id(backend_vm), stile_vcpu_id(0),
                                     stile_fake_mailbox(driver_vm, 0)),
              STILE_SUCCESS);
    ASSERT_EQ(stile_virtio_bus_share(&bus, stile_ipa(SHARED), stile_nr_pages(PAGES)),
              STILE_SUCCESS);
}

static int64_t open_disk(uint16_t number)
{
    return stile_virtio_disk_open(&disk, &bus, number, at(DISK_AT), stile_ipa(DISK_AT), DEPTH);
}

static int64_t do_sector(enum stile_virtio_disk_what what, uint64_t sector, unsigned fill)
{
    memset(at(BUFFERS_AT), (int)fill, 512);
    return stile_virtio_disk_do(&disk, what, sector, stile_ipa(BUFFERS_AT), 512);
}

KTF_TEST(virtio, devices_are_found)
{
    const uint32_t there[] = {3, 9, 31};
    uint32_t number = 0;

    open_bus();
    for (unsigned i = 0; i < 3; i++) {
        EXPECT_EQ(stile_virtio_bus_next(&bus, &number), STILE_SUCCESS);
        EXPECT_EQ(number++, there[i]);
    }
    EXPECT_EQ(stile_virtio_bus_next(&bus, &number), STILE_NOT_FOUND);
    EXPECT_EQ(open_disk(4), STILE_NOT_FOUND);
    EXPECT_EQ(open_disk(31), STILE_NOT_FOUND); /* no disk */
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

KTF_TEST(virtio, what_is_written_is_read)
{
    const uint8_t *data = at(BUFFERS_AT);

    open_bus();
    ASSERT_EQ(open_disk(3), STILE_SUCCESS);
    EXPECT_EQ(disk.nr_sectors, SECTORS);
    EXPECT_FALSE(disk.is_read_only);
    for (unsigned i = 0; i < SECTORS; i++)
        EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_WRITE, i, i + 1), STILE_SUCCESS);
    EXPECT_EQ(stile_virtio_disk_do(&disk, STILE_VIRTIO_DISK_FLUSH, 0, stile_ipa(0), 0),
              STILE_SUCCESS);
    for (unsigned i = 0; i < SECTORS; i++) {
        EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, i, 0), STILE_SUCCESS);
        EXPECT_EQ(data[511], (uint8_t)(i + 1));
    }
    EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, SECTORS, 0), STILE_DENIED);
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

KTF_TEST(virtio, a_read_only_disk)
{
    open_bus();
    ASSERT_EQ(open_disk(9), STILE_SUCCESS);
    EXPECT_TRUE(disk.is_read_only);
    EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, 0, 0), STILE_SUCCESS);
    EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_WRITE, 0, 1), STILE_DENIED);
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

/* A handle is easily guessed: what another VM lends to the back end's is not for this one. */
KTF_TEST(virtio, memory_of_another_vm_is_not_to_be_had)
{
    const struct stile_fake_config config_of_other = {.name = "other"};
    uint32_t other = stile_fake_start(&config_of_other);
    struct stile_virtio_msg message = {.type = STILE_VIRTIO_MSG_BUS,
                                       .id = STILE_VIRTIO_SHARE_MEMORY};
    union stile_virtio_msg_payload payload = {.words = {0}};
    struct stile_result result;

    stile_fake_become(other, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    result = stile_memory_share(stile_ipa(BASE), stile_nr_pages(2), stile_vm_id(backend_vm),
                                STILE_ACCESS_READ | STILE_ACCESS_WRITE);
    ASSERT_EQ(result.status, STILE_SUCCESS);
    stile_fake_become(driver_vm, 0);
    open_bus();
    payload.memory.share = (uint32_t)result.value[0];
    payload.memory.base_ipa = BASE;
    payload.memory.bytes = 8192;
    memcpy(message.words, &payload, sizeof(payload));
    EXPECT_EQ(stile_virtio_bus_request(&bus, &message, sizeof(payload.memory), 4), STILE_SUCCESS);
    EXPECT_NE((uint32_t)message.words[0], 0);
    EXPECT_EQ(open_disk(3), STILE_SUCCESS); /* all else is as it was */
    EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, 0, 0), STILE_SUCCESS);
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

/* --- many at a time -------------------------------------------------------------------------- */

/* What each sector holds, and, of each slot, what is on its way. */
static uint8_t model[SECTORS];
static struct {
    bool is_write;
    unsigned sector;
    uint8_t fill;
} pending[DEPTH];
static bool is_busy[SECTORS];

static void submit_one(void)
{
    unsigned sector = (unsigned)rand() % SECTORS;
    bool is_write = rand() % 2;
    uint16_t slot = stile_virtqueue_next(&disk.queue);

    if (is_busy[sector] || slot == STILE_VIRTQUEUE_NONE)
        return;
    pending[slot].is_write = is_write;
    pending[slot].sector = sector;
    pending[slot].fill = (uint8_t)rand();
    memset(at(BUFFERS_AT + slot * 512u), pending[slot].fill, 512);
    EXPECT_EQ(stile_virtio_disk_submit(&disk,
                                       is_write ? STILE_VIRTIO_DISK_WRITE : STILE_VIRTIO_DISK_READ,
                                       sector, stile_ipa(BUFFERS_AT + slot * 512u), 512),
              slot);
    is_busy[sector] = true;
}

static unsigned take_done(void)
{
    unsigned nr = 0;
    int64_t status;
    uint16_t slot;

    while ((slot = stile_virtio_disk_done(&disk, &status)) != STILE_VIRTQUEUE_NONE) {
        const uint8_t *data = at(BUFFERS_AT + slot * 512u);

        EXPECT_EQ(status, STILE_SUCCESS);
        if (pending[slot].is_write)
            model[pending[slot].sector] = pending[slot].fill;
        EXPECT_EQ(data[0], model[pending[slot].sector]);
        EXPECT_EQ(data[511], model[pending[slot].sector]);
        is_busy[pending[slot].sector] = false;
        nr++;
    }
    return nr;
}

KTF_TEST(virtio, many_requests_at_a_time)
{
    open_bus();
    ASSERT_EQ(open_disk(3), STILE_SUCCESS);
    memset(model, 0, sizeof(model));
    for (unsigned nr_done = 0; nr_done < 5000;) {
        for (unsigned i = (unsigned)rand() % DEPTH; i > 0; i--)
            submit_one();
        EXPECT_EQ(stile_virtio_disk_notify(&disk), STILE_SUCCESS);
        unsigned nr = take_done();
        nr_done += nr;
        if (nr == 0 && disk.queue.nr_free < DEPTH)
            EXPECT_EQ(stile_virtio_disk_wait(&disk), STILE_SUCCESS);
    }
    while (disk.queue.nr_free < DEPTH) {
        EXPECT_EQ(stile_virtio_disk_wait(&disk), STILE_SUCCESS);
        (void)take_done();
    }
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

/* --- ends ------------------------------------------------------------------------------------ */

KTF_TEST(virtio, a_back_end_that_ends_is_noticed_and_the_next_one_serves)
{
    const uint8_t *data = at(BUFFERS_AT);

    open_bus();
    ASSERT_EQ(open_disk(3), STILE_SUCCESS);
    for (unsigned round = 1; round < 6; round++) {
        EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_WRITE, 5, round), STILE_SUCCESS);
        backend_die();
        EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, 5, 0), STILE_NOT_BOUND);
        if (round % 2)
            backend_start(backend_vm, &config); /* before, or after, the bus is new */
        EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
        if (round % 2 == 0)
            backend_start(backend_vm, &config);
        open_bus();
        ASSERT_EQ(open_disk(3), STILE_SUCCESS);
        EXPECT_EQ(do_sector(STILE_VIRTIO_DISK_READ, 5, 0), STILE_SUCCESS);
        EXPECT_EQ(data[0], round);
    }
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}

KTF_TEST(virtio, a_bus_may_be_offered_and_withdrawn_at_any_time)
{
    for (unsigned i = 0; i < 300; i++) {
        open_bus();
        if (i % 2)
            EXPECT_EQ(open_disk(3), STILE_SUCCESS);
        if (i % 3 == 0 && i % 2)
            (void)stile_virtio_disk_submit(&disk, STILE_VIRTIO_DISK_READ, 0, stile_ipa(BUFFERS_AT),
                                           512);
        EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
    }
}

/* --- packets --------------------------------------------------------------------------------- */

KTF_TEST(virtio, packets_of_all_sizes_come_back)
{
    uint8_t packet[STILE_VIRTIO_PACKET_MAX], back[STILE_VIRTIO_PACKET_MAX];
    uint32_t bytes;
    int64_t status;

    open_bus();
    ASSERT_EQ(stile_virtio_net_open(&net, &bus, 31, at(NET_AT), stile_ipa(NET_AT), 16),
              STILE_SUCCESS);
    EXPECT_EQ(net.mac[0], 2);
    EXPECT_EQ(net.mac[5], 7);
    for (unsigned size = 1; size <= STILE_VIRTIO_PACKET_MAX; size++) {
        for (unsigned i = 0; i < size; i++)
            packet[i] = (uint8_t)rand();
        EXPECT_EQ(stile_virtio_net_send(&net, packet, size), STILE_SUCCESS);
        while ((status = stile_virtio_net_receive(&net, back, &bytes)) == STILE_BUSY)
            EXPECT_EQ(stile_virtio_net_wait(&net, 0), STILE_SUCCESS);
        ASSERT_EQ(status, STILE_SUCCESS);
        EXPECT_EQ(bytes, size);
        EXPECT_EQ(memcmp(packet, back, size), 0);
    }
    EXPECT_EQ(stile_virtio_net_send(&net, packet, sizeof(packet) + 1), STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_virtio_net_send(&net, packet, 0), STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_virtio_bus_withdraw(&bus), STILE_SUCCESS);
}
