/* SPDX-License-Identifier: MIT */
/*
 * A virtio block device that interrupts, with the queue of libhypercall: what a driver costs whose
 * every notification is an access to a register.
 */
#include "arch/cpu.h"
#include "blk_transport.h"
#include "dev/irq.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/virtio_disk.h"
#include "test/disk.h"

#define RINGS_BYTES 16384

static _Alignas(PAGE_SIZE) uint8_t rings[RINGS_BYTES];
static _Alignas(PAGE_SIZE) uint8_t blocks[DISK_DEPTH][DISK_BLOCK_BYTES];
static struct stile_virtio_disk disk;
static volatile bool has_interrupted;

static void handle(uint32_t intid, void *argument)
{
    (void)intid, (void)argument;
    (void)blk_device()->acknowledge();
    has_interrupted = true;
}

static const char *start(const struct blk_transport *device)
{
    const uint32_t driver = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    uint64_t features =
        device->features() & (FEATURE_VERSION_1 | FEATURE_ACCESS_PLATFORM | FEATURE_EVENT_IDX);

    device->set_status(0);
    device->set_status(driver);
    device->set_features(features);
    device->set_status(driver | STATUS_FEATURES_OK);
    if (stile_virtio_disk_bytes(DISK_DEPTH) > sizeof(rings) ||
        !stile_virtio_disk_make(&disk, rings, stile_ipa(virt_to_phys(rings)), DISK_DEPTH,
                                features & FEATURE_EVENT_IDX) ||
        !device->set_queue(disk.queue.num, disk.queue.desc.ipa, disk.queue.driver.ipa,
                           disk.queue.device.ipa))
        return "the device takes no such queue";
    irq_register(device->intid(), handle, NULL);
    device->set_status(driver | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    return NULL;
}

static const char *open_disk(const char *vm, uint64_t *sectors)
{
    const struct blk_transport *device = blk_device();

    (void)vm;
    if (!device)
        return "there is no disk";
    *sectors = device->sectors();
    return start(device);
}

static void close_disk(void)
{
    blk_device()->set_status(0);
    irq_unregister(blk_device()->intid());
}

static uint8_t *block(uint32_t slot)
{
    return blocks[slot];
}

static int next_slot(void)
{
    uint16_t slot = stile_virtqueue_next(&disk.queue);

    return slot == STILE_VIRTQUEUE_NONE ? -1 : slot;
}

static int begin(bool is_write, uint64_t sector)
{
    int slot = next_slot();

    if (slot >= 0)
        (void)stile_virtio_disk_submit(
            &disk, is_write ? STILE_VIRTIO_DISK_WRITE : STILE_VIRTIO_DISK_READ, sector,
            stile_ipa(virt_to_phys(blocks[slot])), DISK_BLOCK_BYTES);
    return slot;
}

/* Interrupts are masked from the look to the sleep, which one that is pending ends. */
static void sleep_until_interrupt(void)
{
    while (!has_interrupted) {
        uint64_t flags = irq_save();

        if (!has_interrupted)
            sensitive->idle();
        irq_restore(flags);
    }
    has_interrupted = false;
}

static const char *end(uint32_t *slot)
{
    int64_t status;

    if (stile_virtqueue_publish(&disk.queue))
        blk_device()->notify();
    while ((*slot = stile_virtio_disk_done(&disk, &status)) == STILE_VIRTQUEUE_NONE) {
        if (disk.queue.broken)
            return "the device has used what it had not got";
        if (stile_virtqueue_wait(&disk.queue, 1))
            sleep_until_interrupt();
    }
    return status == STILE_SUCCESS ? NULL : "it was refused";
}

const struct disk disk_by_registers = {
    .open = open_disk,
    .close = close_disk,
    .block = block,
    .next_slot = next_slot,
    .begin = begin,
    .end = end,
};
