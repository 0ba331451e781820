/* SPDX-License-Identifier: MIT */
#include "blk_rig.h"

#include <string.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "ktf.h"
#include "lib/time.h"
#include "mm/page.h"
#include "support.h"
#include "test/test.h"
#include "threads/thread.h"

/* Virtio 1.1, 4.2.2: registers of a device on a bus of memory. */
#define VERSION             0x04
#define DEVICE_FEATURES     0x10
#define DEVICE_FEATURES_SEL 0x14
#define DRIVER_FEATURES     0x20
#define DRIVER_FEATURES_SEL 0x24
#define QUEUE_SEL           0x30
#define QUEUE_NUM_MAX       0x34
#define QUEUE_NUM           0x38
#define QUEUE_READY         0x44
#define QUEUE_NOTIFY        0x50
#define INTERRUPT_STATUS    0x60
#define INTERRUPT_ACK       0x64
#define STATUS              0x70
#define QUEUE_DESC          0x80 /* each of these a low and a high word */
#define QUEUE_DRIVER        0x90
#define QUEUE_DEVICE        0xA0
#define CONFIG_CAPACITY     0x100

#define VERSION_MODERN 2u

/* 2.1: the device's status. */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

/* 6: of the second word of features. */
#define FEATURE_VERSION_1       (1u << 0)
#define FEATURE_ACCESS_PLATFORM (1u << 1)

/* 2.6: the queue. */
#define NR_DESCRIPTORS 16u
#define DESC_NEXT      1u
#define DESC_WRITE     2u /* by the device */

struct descriptor {
    uint64_t pa;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

/** All of a queue, in one page. */
struct queue {
    struct descriptor descriptors[NR_DESCRIPTORS];
    struct {
        uint16_t flags;
        uint16_t index;
        uint16_t ring[NR_DESCRIPTORS];
    } available;
    uint16_t padding[2];
    struct {
        uint16_t flags;
        volatile uint16_t index;
        struct {
            uint32_t first;
            uint32_t written;
        } ring[NR_DESCRIPTORS];
    } used __attribute__((aligned(4)));
    struct {
        uint32_t type;
        uint32_t reserved;
        uint64_t sector;
    } header;
    volatile uint8_t status;
};

#define TYPE_READ  0u
#define TYPE_WRITE 1u
#define NOT_YET    0xFFu

#define WAIT_MS 20000u

static struct queue *queue;
static uint64_t queue_pa;

void blk_rig_need_disk(void)
{
    if (test_disk == 0)
        ktf_skip("no virtio block device");
}

static uint32_t read32(uint32_t at)
{
    return io_read32(test_disk + at);
}

static void write32(uint32_t at, uint32_t value)
{
    io_write32(test_disk + at, value);
}

static void write_pa(uint32_t at, uint64_t pa)
{
    write32(at, (uint32_t)pa);
    write32(at + 4, (uint32_t)(pa >> 32));
}

static void reset(void)
{
    write32(STATUS, 0);
    while (read32(STATUS) != 0)
        ;
}

/* 3.1.1, up to step 6. */
static bool agree_on_features(void)
{
    uint32_t wanted = FEATURE_VERSION_1 | FEATURE_ACCESS_PLATFORM;

    write32(STATUS, STATUS_ACKNOWLEDGE);
    write32(STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    write32(DEVICE_FEATURES_SEL, 1);
    wanted &= read32(DEVICE_FEATURES);
    write32(DRIVER_FEATURES_SEL, 0);
    write32(DRIVER_FEATURES, 0);
    write32(DRIVER_FEATURES_SEL, 1);
    write32(DRIVER_FEATURES, wanted);
    write32(STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (wanted & FEATURE_VERSION_1) && (read32(STATUS) & STATUS_FEATURES_OK);
}

bool blk_rig_start(void)
{
    if (read32(VERSION) != VERSION_MODERN)
        return false;
    reset();
    queue_pa = page_alloc_zeroed();
    if (queue_pa == 0 || !agree_on_features())
        return false;
    queue = phys_to_virt(queue_pa);
    write32(QUEUE_SEL, 0);
    if (read32(QUEUE_NUM_MAX) < NR_DESCRIPTORS)
        return false;
    write32(QUEUE_NUM, NR_DESCRIPTORS);
    write_pa(QUEUE_DESC, queue_pa + offsetof(struct queue, descriptors));
    write_pa(QUEUE_DRIVER, queue_pa + offsetof(struct queue, available));
    write_pa(QUEUE_DEVICE, queue_pa + offsetof(struct queue, used));
    write32(QUEUE_READY, 1);
    write32(STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    return true;
}

void blk_rig_stop(void)
{
    reset();
    (void)blk_rig_acknowledge();
    if (queue_pa != 0)
        page_free(queue_pa);
    queue_pa = 0;
}

uint64_t blk_rig_sectors(void)
{
    return read32(CONFIG_CAPACITY) | (uint64_t)read32(CONFIG_CAPACITY + 4) << 32;
}

static void describe(uint32_t at, uint64_t pa, uint32_t bytes, uint16_t flags)
{
    queue->descriptors[at] = (struct descriptor){pa, bytes, flags, (uint16_t)(at + 1)};
}

void blk_rig_submit(bool write, uint64_t sector, const struct blk_piece pieces[], uint32_t nr)
{
    uint16_t slot = queue->available.index % NR_DESCRIPTORS;

    queue->header.type = write ? TYPE_WRITE : TYPE_READ;
    queue->header.sector = sector;
    queue->status = NOT_YET;
    describe(0, queue_pa + offsetof(struct queue, header), sizeof(queue->header), DESC_NEXT);
    for (uint32_t i = 0; i < nr; i++)
        describe(1 + i, pieces[i].pa, pieces[i].bytes,
                 (uint16_t)(DESC_NEXT | (write ? 0 : DESC_WRITE)));
    describe(1 + nr, queue_pa + offsetof(struct queue, status), 1, DESC_WRITE);
    queue->available.ring[slot] = 0;
    __atomic_store_n(&queue->available.index, queue->available.index + 1, __ATOMIC_RELEASE);
    dsb_sy();
    write32(QUEUE_NOTIFY, 0);
}

bool blk_rig_has_ended(void)
{
    return __atomic_load_n(&queue->used.index, __ATOMIC_ACQUIRE) == queue->available.index;
}

bool blk_rig_acknowledge(void)
{
    uint32_t status = read32(INTERRUPT_STATUS);

    write32(INTERRUPT_ACK, status);
    return status & 1;
}

enum blk_status blk_rig_wait(void)
{
    (void)support_wait(blk_rig_has_ended() || (read32(STATUS) & STATUS_NEEDS_RESET), WAIT_MS);
    if (blk_rig_has_ended())
        return (enum blk_status)queue->status;
    return read32(STATUS) & STATUS_NEEDS_RESET ? BLK_BROKEN : BLK_LATE;
}
