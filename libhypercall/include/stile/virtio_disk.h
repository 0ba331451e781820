/* SPDX-License-Identifier: MIT */
/*
 * A disk that another VM serves (virtio 1.2, section 5.2), on a bus of stile/virtio_bus.h: requests
 * that are submitted, and told later to be done, many at a time; or one that is waited for.
 *
 * Data is where the back end reaches it: in memory that the bus has shared. Ordering: what was
 * written to a buffer before its request is submitted is what the disk gets; what a request has
 * read is there when it is told. A request that is done is on the disk after the next flush.
 */
#ifndef STILE_VIRTIO_DISK_H
#define STILE_VIRTIO_DISK_H

#include "stile/virtio_bus.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STILE_VIRTIO_SECTOR_BYTES 512

/** The most requests at a time. */
#define STILE_VIRTIO_DISK_DEPTH_MAX 64

/** What a request does. */
enum stile_virtio_disk_what {
    STILE_VIRTIO_DISK_READ = 0,
    STILE_VIRTIO_DISK_WRITE = 1,
    STILE_VIRTIO_DISK_FLUSH = 4,
};

struct stile_virtio_disk_slot; /* a request's part of the memory */

/** A disk; the caller's own memory. */
struct stile_virtio_disk {
    struct stile_virtio_device device;
    struct stile_virtqueue queue;
    stile_port_t port; /**< pending when a request is done; masked */
    uint64_t nr_sectors;
    bool is_read_only;
    struct stile_virtio_disk_slot *slots;
    stile_ipa_t slots_base;
};

/** stile_virtio_disk_bytes() - how much memory a disk needs for @depth requests at a time, in bytes
 */
uint64_t stile_virtio_disk_bytes(uint16_t depth);

/**
 * stile_virtio_disk_make() - make a disk's queue and requests, and no more
 *
 * For who gets to its device in another way, by registers for example: stile_virtio_disk_submit()
 * and stile_virtio_disk_done() are all the same; stile_virtqueue_publish() says whether to notify.
 * Arguments as of stile_virtio_disk_open(). Returns false if the depth is out of range.
 */
bool stile_virtio_disk_make(struct stile_virtio_disk *disk, void *memory, stile_ipa_t base,
                            uint16_t depth, bool has_event_index);

/**
 * stile_virtio_disk_open() - take a disk
 * @disk: to be filled in
 * @bus: that has shared the memory
 * @number: of the device
 * @memory: stile_virtio_disk_bytes(depth) of it, STILE_VIRTQUEUE_ALIGN aligned
 * @base: the same as an IPA
 * @depth: how many requests at a time, a power of two up to STILE_VIRTIO_DISK_DEPTH_MAX
 *
 * Returns 0; STILE_INVALID_ARGUMENT; or an error as stile_virtio_device_open().
 */
int64_t stile_virtio_disk_open(struct stile_virtio_disk *disk, struct stile_virtio_bus *bus,
                               uint16_t number, void *memory, stile_ipa_t base, uint16_t depth);

/**
 * stile_virtio_disk_submit() - begin a request, which the disk sees at the next
 * stile_virtio_disk_notify()
 * @what: what it does
 * @sector: the first one; of a flush, 0
 * @data: from or to where; of a flush, ignored
 * @bytes: how many, a multiple of STILE_VIRTIO_SECTOR_BYTES; of a flush, 0
 *
 * Returns its slot, 0 to the depth - 1, which stile_virtio_disk_done() tells again; or
 * STILE_VIRTQUEUE_NONE if there are as many as the depth, or the device has broken the queue.
 */
uint16_t stile_virtio_disk_submit(struct stile_virtio_disk *disk, enum stile_virtio_disk_what what,
                                  uint64_t sector, stile_ipa_t data, uint32_t bytes);

/** stile_virtio_disk_notify() - have the disk look, if it does not anyway. 0, or event_send's error
 */
int64_t stile_virtio_disk_notify(struct stile_virtio_disk *disk);

/**
 * stile_virtio_disk_done() - take a request that is done
 * @status: where to put 0, or STILE_DENIED if the disk did not do it
 *
 * Returns its slot, or STILE_VIRTQUEUE_NONE.
 */
uint16_t stile_virtio_disk_done(struct stile_virtio_disk *disk, int64_t *status);

/**
 * stile_virtio_disk_wait() - sleep until a request is done
 *
 * Returns 0: look; STILE_BUSY if the bus's deadline has passed; STILE_NOT_BOUND if the back end is
 * gone; STILE_DENIED if the device has broken the queue.
 */
int64_t stile_virtio_disk_wait(struct stile_virtio_disk *disk);

/**
 * stile_virtio_disk_do() - submit a request, while there is no other, and wait until it is done
 *
 * Errors as above. After STILE_BUSY the disk may still use the buffer, until it is reset or the bus
 * withdrawn.
 */
int64_t stile_virtio_disk_do(struct stile_virtio_disk *disk, enum stile_virtio_disk_what what,
                             uint64_t sector, stile_ipa_t data, uint32_t bytes);

#ifdef __cplusplus
}
#endif

#endif
