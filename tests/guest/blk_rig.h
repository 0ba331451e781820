/* SPDX-License-Identifier: MIT */
/*
 * A virtio block device (Virtio 1.1, 5.2), for tests: one request at a time, by a split queue.
 */
#ifndef GUEST_BLK_RIG_H
#define GUEST_BLK_RIG_H

#include <stdbool.h>
#include <stdint.h>

#define BLK_SECTOR 512u

/** How a request ended: the device's words, and two of the rig's. */
enum blk_status {
    BLK_OK,
    BLK_IOERR,
    BLK_UNSUPP,
    BLK_BROKEN, /* the device wants a reset */
    BLK_LATE,   /* it has not ended in time */
};

/** A piece of memory that the device reads or writes. */
struct blk_piece {
    uint64_t pa;
    uint32_t bytes;
};

/** The most pieces of a request. */
#define BLK_NR_PIECES 12

/** blk_rig_need_disk() - suite_setup of suites that have the device; skips without one */
void blk_rig_need_disk(void);

/** blk_rig_intid() - the device's interrupt */
uint32_t blk_rig_intid(void);

/** blk_rig_start() - reset the device, and set it up; false if it does not let itself be */
bool blk_rig_start(void);

/** blk_rig_stop() - reset the device, and free what it was given */
void blk_rig_stop(void);

/** blk_rig_sectors() - how large the disk is */
uint64_t blk_rig_sectors(void);

/** blk_rig_submit() - begin to read, or write, from @sector on into @nr pieces, one after another
 */
void blk_rig_submit(bool write, uint64_t sector, const struct blk_piece pieces[], uint32_t nr);

/** blk_rig_has_ended() - whether the request has; any context */
bool blk_rig_has_ended(void);

/** blk_rig_acknowledge() - take the device's interrupt back; whether it was a used buffer's */
bool blk_rig_acknowledge(void);

/** blk_rig_wait() - wait until the request has ended, so long at most */
enum blk_status blk_rig_wait(uint32_t ms);

/* For what ends on any host. */
#define BLK_WAIT_MS 20000u

#endif
