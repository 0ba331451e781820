/* SPDX-License-Identifier: MIT */
/*
 * Requests of a disk: a header, data, and a byte for the status, in one chain.
 */
#include "stile/virtio_disk.h"

#include "stile/event.h"

#define DEVICE_ID 2
#define READ_ONLY (UINT64_C(1) << 5)
#define FLUSH     (UINT64_C(1) << 9)

/* Header, data, status. */
#define PER_CHAIN 3

/* Of which there are at least as many as chains need. */
#define NR_DESCS 4

/** What a request's chain begins and ends with. */
struct stile_virtio_disk_slot {
    uint32_t what;
    uint32_t reserved;
    uint64_t sector;
    uint8_t status; /* the device's to write */
    uint8_t unused[STILE_VIRTQUEUE_ALIGN - 17];
};

#define HEADER_BYTES   offsetof(struct stile_virtio_disk_slot, status)
#define STATUS_UNKNOWN 0xFF

static uint16_t num_of(uint16_t depth)
{
    return (uint16_t)(depth * NR_DESCS);
}

uint64_t stile_virtio_disk_bytes(uint16_t depth)
{
    return stile_virtqueue_bytes(num_of(depth)) + depth * sizeof(struct stile_virtio_disk_slot);
}

/* Asks what the disk is, and has it start. */
static int64_t start(struct stile_virtio_disk *disk)
{
    int64_t status =
        stile_virtio_device_config(&disk->device, 0, &disk->nr_sectors, sizeof(disk->nr_sectors));

    if (status == STILE_SUCCESS)
        status = stile_virtio_device_queue(&disk->device, 0, &disk->queue, &disk->port);
    if (status != STILE_SUCCESS)
        return status;
    disk->is_read_only = (disk->device.features & READ_ONLY) != 0;
    return stile_virtio_device_start(&disk->device);
}

bool stile_virtio_disk_make(struct stile_virtio_disk *disk, void *memory, stile_ipa_t base,
                            uint16_t depth, bool has_event_index)
{
    if (depth - 1u >= STILE_VIRTIO_DISK_DEPTH_MAX ||
        !stile_virtqueue_make(&disk->queue, memory, base, num_of(depth), NR_DESCS, has_event_index))
        return false;
    disk->slots = (struct stile_virtio_disk_slot *)(void *)((uint8_t *)memory +
                                                            stile_virtqueue_bytes(num_of(depth)));
    disk->slots_base = stile_ipa(base.ipa + stile_virtqueue_bytes(num_of(depth)));
    return true;
}

int64_t stile_virtio_disk_open(struct stile_virtio_disk *disk, struct stile_virtio_bus *bus,
                               uint16_t number, void *memory, stile_ipa_t base, uint16_t depth)
{
    int64_t status =
        stile_virtio_device_open(&disk->device, bus, number, DEVICE_ID, READ_ONLY | FLUSH);

    if (status != STILE_SUCCESS)
        return status;
    if (!stile_virtio_disk_make(disk, memory, base, depth,
                                (disk->device.features & STILE_VIRTIO_EVENT_INDEX) != 0))
        return STILE_INVALID_ARGUMENT;
    return start(disk);
}

uint16_t stile_virtio_disk_submit(struct stile_virtio_disk *disk, enum stile_virtio_disk_what what,
                                  uint64_t sector, stile_ipa_t data, uint32_t bytes)
{
    uint16_t slot = stile_virtqueue_next(&disk->queue);

    if (slot == STILE_VIRTQUEUE_NONE)
        return slot;
    uint64_t base = disk->slots_base.ipa + slot * sizeof(*disk->slots);
    struct stile_virtqueue_buffer buffers[PER_CHAIN] = {{stile_ipa(base), HEADER_BYTES}};
    uint16_t nr = 1;

    disk->slots[slot].what = what;
    disk->slots[slot].reserved = 0;
    disk->slots[slot].sector = sector;
    disk->slots[slot].status = STATUS_UNKNOWN;
    if (bytes > 0) {
        buffers[nr].base = data;
        buffers[nr++].bytes = bytes;
    }
    buffers[nr].base = stile_ipa(base + HEADER_BYTES);
    buffers[nr++].bytes = 1;
    uint16_t nr_out = what == STILE_VIRTIO_DISK_READ ? 1 : (uint16_t)(nr - 1);
    return stile_virtqueue_add(&disk->queue, buffers, nr_out, (uint16_t)(nr - nr_out));
}

int64_t stile_virtio_disk_notify(struct stile_virtio_disk *disk)
{
    return stile_virtqueue_publish(&disk->queue) ? stile_event_send(disk->port).status
                                                 : STILE_SUCCESS;
}

uint16_t stile_virtio_disk_done(struct stile_virtio_disk *disk, int64_t *status)
{
    uint16_t slot = stile_virtqueue_used(&disk->queue, NULL);

    if (slot != STILE_VIRTQUEUE_NONE)
        *status = __atomic_load_n(&disk->slots[slot].status, __ATOMIC_RELAXED) == 0 ? STILE_SUCCESS
                                                                                    : STILE_DENIED;
    return slot;
}

int64_t stile_virtio_disk_wait(struct stile_virtio_disk *disk)
{
    return stile_virtio_device_wait(&disk->device, &disk->queue, 1, disk->port);
}

int64_t stile_virtio_disk_do(struct stile_virtio_disk *disk, enum stile_virtio_disk_what what,
                             uint64_t sector, stile_ipa_t data, uint32_t bytes)
{
    uint16_t slot = stile_virtio_disk_submit(disk, what, sector, data, bytes), done;
    int64_t result;

    if (slot == STILE_VIRTQUEUE_NONE)
        return disk->queue.broken ? STILE_DENIED : STILE_BUSY;
    int64_t status = stile_virtio_disk_notify(disk);
    while (status == STILE_SUCCESS) {
        /* One that was given up on earlier may be done only now. */
        while ((done = stile_virtio_disk_done(disk, &result)) != STILE_VIRTQUEUE_NONE)
            if (done == slot)
                return result;
        status = stile_virtio_disk_wait(disk);
    }
    return status;
}
