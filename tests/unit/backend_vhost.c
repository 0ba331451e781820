/* SPDX-License-Identifier: MIT */
/*
 * tools/backend: what the kernel is told when queues are handed over to it, when they are taken
 * back, and what becomes of what it tells. The kernel is a file that remembers.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vhost.h>

#include "../../tools/backend/device.h"

#include "ktf.h"

#define BASE UINT64_C(0x40000000)

/** What the kernel was told. */
static struct {
    int file;
    bool is_missing;
    bool has_owner;
    uint64_t offered; /* features */
    uint64_t features;
    uint32_t nr_regions;
    struct vhost_memory_region region; /* the first */
    struct vhost_vring_state num[2], base[2];
    struct vhost_vring_addr address[2];
    int kick[2], call[2], fault[2], tap[2];
    unsigned long refused; /* a call that fails */
} fake;

static int kernel_open(const char *path, int flags)
{
    EXPECT_STREQ(path, "/dev/vhost-net");
    fake.has_owner = false;
    fake.file = fake.is_missing ? -1 : open("/dev/null", flags);
    return fake.file;
}

static int kernel_ioctl(int file, unsigned long call, void *argument)
{
    const struct vhost_vring_state *state = argument;
    const struct vhost_vring_file *of = argument;

    EXPECT_EQ(file, fake.file);
    EXPECT_TRUE(fake.has_owner || call == VHOST_GET_FEATURES || call == VHOST_SET_OWNER);
    if (call == fake.refused)
        return -1;
    switch (call) {
    case VHOST_GET_FEATURES:
        memcpy(argument, &fake.offered, sizeof(fake.offered));
        break;
    case VHOST_SET_OWNER:
        fake.has_owner = true;
        break;
    case VHOST_SET_FEATURES:
        memcpy(&fake.features, argument, sizeof(fake.features));
        break;
    case VHOST_SET_MEM_TABLE:
        fake.nr_regions = ((const struct vhost_memory *)argument)->nregions;
        memcpy(&fake.region, (const char *)argument + sizeof(struct vhost_memory),
               sizeof(fake.region));
        break;
    case VHOST_SET_VRING_NUM:
        fake.num[state->index] = *state;
        break;
    case VHOST_SET_VRING_BASE:
        fake.base[state->index] = *state;
        break;
    case VHOST_SET_VRING_ADDR:
        fake.address[state->index] = *(const struct vhost_vring_addr *)argument;
        break;
    case VHOST_SET_VRING_KICK:
        fake.kick[of->index] = of->fd;
        break;
    case VHOST_SET_VRING_CALL:
        fake.call[of->index] = of->fd;
        break;
    case VHOST_SET_VRING_ERR:
        fake.fault[of->index] = of->fd;
        break;
    case VHOST_NET_SET_BACKEND:
        fake.tap[of->index] = of->fd;
        break;
    default:
        EXPECT_TRUE(false);
    }
    return 0;
}

#define open(path, flags)          kernel_open(path, flags)
#define ioctl(file, call, pointer) kernel_ioctl(file, call, pointer)
#include "../../tools/backend/vhost_net.c"
#undef open
#undef ioctl

#include "../../tools/backend/queue.c"
#include "../../tools/backend/queue_packed.c"
#include "../../tools/backend/queue_split.c"
#include "../../tools/backend/device.c"
#include "../../tools/backend/say.c"

int stile_open(void)
{
    return -1;
}

void stile_close(int stile)
{
    (void)stile;
}

int net_open_tap(const struct config_device *config)
{
    (void)config;
    return open("/dev/null", O_RDWR);
}

uint64_t net_offer(const struct config_device *config, struct stile_virtio_page *page)
{
    (void)config, (void)page;
    return FEATURE(VIRTIO_NET_F_MRG_RXBUF) | FEATURE(VIRTIO_NET_F_CSUM);
}

void net_share_work(const struct device *device, int tap)
{
    (void)device, (void)tap;
}

/* --- a device -------------------------------------------------------------------------------- */

static struct config_device config = {.vm = "vm"};
static struct device device;
static struct front front;
static struct vring_desc descs[2][8];
static struct vring_avail avails[2];
static struct vring_used useds[2];
static _Alignas(16) uint8_t memory[0x2000];
static uint32_t told;

static void tell_used(struct device *of, uint32_t queues)
{
    (void)of;
    told |= queues;
}

/* Is there, for a driver by registers or one by messages, with a queue that was in use before. */
static void open_device(bool has_ports)
{
    uint64_t features = 0;

    memset(&fake, 0, sizeof(fake));
    fake.offered = TOLD | FEATURE(VIRTIO_F_ACCESS_PLATFORM);
    front = (struct front){.tell_used = tell_used, .has_ports = has_ports};
    device = (struct device){.config = &config, .front = &front};
    device.memory = (struct memory){.nr = 1, .ranges = {{BASE, sizeof(memory), memory}}};
    device.event_fd = eventfd(0, EFD_NONBLOCK);
    device.nr_queues = NR_QUEUES;
    for (unsigned i = 0; i < NR_QUEUES; i++) {
        device.events[i] = (struct events){device.event_fd, -1};
        device.queues[i] = (struct queue){
            .num = 8, .next_avail = (uint16_t)(40 + i), .split = {descs[i], &avails[i], &useds[i]}};
    }
    told = 0;
    ASSERT_TRUE(kind_vhost_net.open(&device, NULL, &features));
    EXPECT_EQ(features, FEATURE(VIRTIO_NET_F_MRG_RXBUF) | FEATURE(VIRTIO_NET_F_CSUM));
    device.features = features | TOLD | FEATURE(VIRTIO_F_ACCESS_PLATFORM);
}

static void close_device(void)
{
    kind_vhost_net.stop(&device);
    kind_vhost_net.close(&device);
    (void)close(device.event_fd);
}

static bool is_kernels(void)
{
    return fcntl(fake.file, F_GETFD) >= 0;
}

KTF_SUITE(backend_vhost);

KTF_TEST(backend_vhost, queues_are_handed_over)
{
    open_device(true);
    kind_vhost_net.start(&device);
    EXPECT_TRUE(is_kernels());
    EXPECT_EQ(fake.features, TOLD); /* with the last one addresses would be others */
    EXPECT_EQ(fake.nr_regions, 1);
    EXPECT_EQ(fake.region.guest_phys_addr, BASE);
    EXPECT_EQ(fake.region.memory_size, sizeof(memory));
    EXPECT_EQ(fake.region.userspace_addr, (uintptr_t)memory);
    for (unsigned i = 0; i < NR_QUEUES; i++) {
        EXPECT_EQ(fake.num[i].num, 8);
        EXPECT_EQ(fake.base[i].num, 40 + i);
        EXPECT_EQ(fake.address[i].desc_user_addr, (uintptr_t)descs[i]);
        EXPECT_EQ(fake.address[i].avail_user_addr, (uintptr_t)&avails[i]);
        EXPECT_EQ(fake.address[i].used_user_addr, (uintptr_t)&useds[i]);
        EXPECT_EQ(fake.kick[i], device.events[i].kick);
        EXPECT_EQ(fake.call[i], device.events[i].call);
        EXPECT_EQ(fake.tap[i], device.vhost->tap);
        EXPECT_NE(fake.kick[i], device.event_fd);
        EXPECT_TRUE(was_written(fake.kick[i])); /* there may be something already */
    }
    EXPECT_EQ(kind_vhost_net.run(&device), RUN_DONE);
    kind_vhost_net.stop(&device);
    EXPECT_FALSE(is_kernels());
    close_device();
}

KTF_TEST(backend_vhost, a_queue_may_be_left_out)
{
    open_device(true);
    device.queues[0].num = 0;
    kind_vhost_net.start(&device);
    EXPECT_TRUE(is_kernels());
    EXPECT_EQ(fake.num[0].num, 0);
    EXPECT_EQ(fake.tap[0], 0);
    EXPECT_EQ(fake.num[1].num, 8);
    close_device();
}

/* The device's thread is told what the kernel has used, and tells the driver. */
KTF_TEST(backend_vhost, by_registers_the_driver_is_told)
{
    const uint64_t one = 1;

    open_device(false);
    kind_vhost_net.start(&device);
    EXPECT_EQ(fake.kick[0], device.event_fd);
    EXPECT_EQ(fake.kick[1], device.event_fd);
    EXPECT_EQ(kind_vhost_net.run(&device), RUN_DONE);
    EXPECT_EQ(told, 0);
    EXPECT_EQ(write(fake.call[1], &one, sizeof(one)), sizeof(one));
    EXPECT_EQ(kind_vhost_net.run(&device), RUN_DONE);
    EXPECT_EQ(told, 2);
    close_device();
}

/* Of what it finds wrong the driver is told, and the next driver begins anew. */
KTF_TEST(backend_vhost, the_kernel_finds_a_fault)
{
    const uint64_t one = 1;

    open_device(true);
    kind_vhost_net.start(&device);
    EXPECT_EQ(write(fake.fault[0], &one, sizeof(one)), sizeof(one));
    EXPECT_EQ(kind_vhost_net.run(&device), RUN_BROKEN);
    EXPECT_FALSE(is_kernels());
    kind_vhost_net.stop(&device);
    EXPECT_EQ(write(device.vhost->fault, &one, sizeof(one)), sizeof(one));
    kind_vhost_net.start(&device);
    EXPECT_EQ(kind_vhost_net.run(&device), RUN_DONE);
    close_device();
}

KTF_TEST(backend_vhost, what_the_kernel_does_not_take)
{
    static const unsigned long calls[] = {VHOST_SET_OWNER,      VHOST_SET_FEATURES,
                                          VHOST_SET_MEM_TABLE,  VHOST_SET_VRING_BASE,
                                          VHOST_SET_VRING_ADDR, VHOST_NET_SET_BACKEND};

    open_device(true);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fake.refused = calls[i];
        kind_vhost_net.start(&device);
        EXPECT_FALSE(is_kernels());
        EXPECT_EQ(kind_vhost_net.run(&device), RUN_BROKEN);
        kind_vhost_net.stop(&device);
    }
    close_device();
}

/* Nothing is left open. */
KTF_TEST(backend_vhost, a_kernel_without)
{
    struct stile_virtio_page page;
    uint64_t features;
    int next = dup(0);

    (void)close(next);
    open_device(true);
    close_device();
    fake.is_missing = true;
    EXPECT_FALSE(kind_vhost_net.open(&device, &page, &features));
    fake.is_missing = false;
    fake.offered = TOLD & ~FEATURE(VIRTIO_NET_F_MRG_RXBUF);
    EXPECT_FALSE(kind_vhost_net.open(&device, &page, &features));
    EXPECT_EQ(dup(0), next);
    (void)close(next);
}

/* --- with its thread's part ------------------------------------------------------------------ */

static unsigned nr_resets, nr_changes;

static void tell_reset(struct device *of)
{
    (void)of;
    EXPECT_FALSE(is_kernels());
    nr_resets++;
}

static void tell_changed(struct device *of)
{
    (void)of;
    nr_changes++;
}

static bool is_there(const struct device *of)
{
    (void)of;
    return true;
}

/* A driver's queues are there; one was in use before. */
static void drive(struct stile_virtio_page *page)
{
    struct vring_used *used = (struct vring_used *)(void *)&memory[0x800];

    memset(memory, 0, sizeof(memory));
    used->idx = 5;
    for (unsigned i = 0; i < NR_QUEUES; i++)
        page->queues[i] = (struct stile_virtio_queue){.num = 8,
                                                      .ready = 1,
                                                      .desc_ipa = BASE + 0x1000 * i,
                                                      .driver_ipa = BASE + 0x1000 * i + 0x400,
                                                      .device_ipa = BASE + 0x1000 * i + 0x800};
    page->driver_features = page->device_features = device.features;
    page->status = VIRTIO_CONFIG_S_DRIVER_OK;
}

KTF_TEST(backend_vhost, a_reset_is_done_when_the_queues_are_back)
{
    struct stile_virtio_page page = {.resets = 3, .resets_done = 3};

    open_device(true);
    nr_resets = 0;
    front.tell_reset = tell_reset;
    device.kind = &kind_vhost_net;
    device.page = &page;
    device.resets = 3;
    drive(&page);
    device_look(&device);
    EXPECT_TRUE(is_kernels());
    EXPECT_EQ(fake.base[0].num, 5);
    EXPECT_EQ(fake.base[1].num, 0);
    EXPECT_EQ(fake.address[1].used_user_addr, (uintptr_t)&memory[0x1800]);
    page.status = 0;
    page.resets = 4;
    device_look(&device);
    EXPECT_EQ(nr_resets, 1);
    EXPECT_EQ(page.resets_done, 4);
    close_device();
}

/* The same, with a page, to see what the driver is told. */
static void open_driven(struct stile_virtio_page *page)
{
    open_device(true);
    nr_changes = 0;
    front.tell_changed = tell_changed;
    front.is_there = is_there;
    device.kind = &kind_vhost_net;
    device.page = page;
    drive(page);
}

KTF_TEST(backend_vhost, of_a_fault_the_driver_is_told)
{
    struct stile_virtio_page page = {.resets = 0};
    const uint64_t one = 1;

    open_driven(&page);
    device_look(&device);
    EXPECT_EQ(page.needs_reset, 0);
    EXPECT_EQ(write(fake.fault[1], &one, sizeof(one)), sizeof(one));
    device_look(&device);
    EXPECT_EQ(page.needs_reset, 1);
    EXPECT_EQ(nr_changes, 1);
    EXPECT_FALSE(is_kernels());
    close_device();
}

KTF_TEST(backend_vhost, a_driver_that_agreed_about_more_is_told_to_reset)
{
    struct stile_virtio_page page = {.resets = 0};

    open_driven(&page);
    page.driver_features |= FEATURE(VIRTIO_F_RING_PACKED);
    device_look(&device);
    EXPECT_EQ(page.needs_reset, 1);
    EXPECT_EQ(nr_changes, 1);
    close_device();
}

static bool open_any(struct device *of, struct stile_virtio_page *page, uint64_t *features)
{
    (void)of, (void)page;
    *features = FEATURE(VIRTIO_F_RING_PACKED) | FEATURE(VIRTIO_NET_F_CSUM);
    return true;
}

KTF_TEST(backend_vhost, what_is_not_for_bounce_buffers_is_not_offered_with_them)
{
    static const struct kind kind_any = {.nr_queues = 1, .open = open_any};
    static const uint64_t bounced = FEATURE(VIRTIO_F_ACCESS_PLATFORM);
    static const uint64_t packed = FEATURE(VIRTIO_F_RING_PACKED);
    struct stile_virtio_page page = {.flags = 0};

    front = (struct front){.never_bounced = packed};
    device = (struct device){.config = &config, .kind = &kind_any, .front = &front, .page = &page};
    ASSERT_TRUE(device_offer(&device));
    EXPECT_EQ(page.device_features & (packed | bounced), packed);
    page.flags = STILE_VIRTIO_RESTRICTED;
    ASSERT_TRUE(device_offer(&device));
    EXPECT_EQ(page.device_features & (packed | bounced), bounced);
    EXPECT_TRUE(page.device_features & FEATURE(VIRTIO_NET_F_CSUM));
    front.never_bounced = 0;
    ASSERT_TRUE(device_offer(&device));
    EXPECT_EQ(page.device_features & (packed | bounced), packed | bounced);
}
