/* SPDX-License-Identifier: MIT */
#include "blk_rig.h"

#include <string.h>

#include "arch/cpu.h"
#include "blk_transport.h"
#include "ktf.h"
#include "lib/time.h"
#include "mm/page.h"
#include "nvme_rig.h"
#include "support.h"
#include "test/test.h"
#include "threads/thread.h"

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

static struct queue *queue;
static uint64_t queue_pa;
static const struct blk_transport *device;

void test_map_devices(void)
{
    nvme_map();
    device = blk_mmio_find();
    if (!device)
        device = blk_pci_find();
}

const struct blk_transport *blk_device(void)
{
    return device;
}

void blk_rig_need_disk(void)
{
    if (!device)
        ktf_skip("no virtio block device");
}

uint32_t blk_rig_intid(void)
{
    return device->intid();
}

static void reset(void)
{
    device->set_status(0);
    while (device->status() != 0)
        ;
}

/* 3.1.1, up to step 6. */
static bool agree_on_features(void)
{
    uint64_t wanted = device->features() & (FEATURE_VERSION_1 | FEATURE_ACCESS_PLATFORM);

    device->set_status(STATUS_ACKNOWLEDGE);
    device->set_status(STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    device->set_features(wanted);
    device->set_status(STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (wanted & FEATURE_VERSION_1) && (device->status() & STATUS_FEATURES_OK);
}

bool blk_rig_start(void)
{
    reset();
    queue_pa = page_alloc_zeroed();
    if (queue_pa == 0 || !agree_on_features())
        return false;
    queue = phys_to_virt(queue_pa);
    if (!device->set_queue(NR_DESCRIPTORS, queue_pa + offsetof(struct queue, descriptors),
                           queue_pa + offsetof(struct queue, available),
                           queue_pa + offsetof(struct queue, used)))
        return false;
    device->set_status(STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
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
    return device->sectors();
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
    device->notify();
}

bool blk_rig_has_ended(void)
{
    return __atomic_load_n(&queue->used.index, __ATOMIC_ACQUIRE) == queue->available.index;
}

bool blk_rig_acknowledge(void)
{
    return device->acknowledge() & 1;
}

enum blk_status blk_rig_wait(uint32_t ms)
{
    (void)support_wait(blk_rig_has_ended() || (device->status() & STATUS_NEEDS_RESET), ms);
    if (blk_rig_has_ended())
        return (enum blk_status)queue->status;
    return device->status() & STATUS_NEEDS_RESET ? BLK_BROKEN : BLK_LATE;
}
