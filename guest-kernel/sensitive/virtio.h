/* SPDX-License-Identifier: MIT */
/*
 * Disks and network cards that another VM serves, by messages: what a kernel makes of
 * stile/virtio_disk.h and stile/virtio_net.h, with memory and time of its own.
 *
 * One VM, one disk and one card at a time, for one thread, which stays on its CPU from
 * virtio_open() to virtio_close(): the other VM's events come to that one's mailbox. Functions
 * return NULL, or what is wrong in a few words.
 */
#ifndef SENSITIVE_VIRTIO_H
#define SENSITIVE_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#define VIRTIO_SECTOR_BYTES 512
#define VIRTIO_BLOCK_BYTES  4096
#define VIRTIO_DISK_DEPTH   32
#define VIRTIO_PACKET_MAX   1518

/** virtio_open() - meet the VM of that name; waits up to @ms for it, and for each of its answers.
 * Unless it returns NULL there is nothing to close */
const char *virtio_open(const char *peer, uint64_t ms);

/** virtio_close() - part from it */
void virtio_close(void);

/** virtio_next() - look for a device, from *number on */
const char *virtio_next(uint32_t *number);

/** virtio_disk_open() - take a disk; *sectors becomes its size */
const char *virtio_disk_open(uint16_t number, uint64_t *sectors);

/** virtio_disk_block() - a request's own buffer of VIRTIO_BLOCK_BYTES; 0 to VIRTIO_DISK_DEPTH - 1
 */
uint8_t *virtio_disk_block(uint32_t slot);

/** virtio_disk_move() - read sectors into block 0, 1 to 8, or write them from there, and wait */
const char *virtio_disk_move(bool is_write, uint64_t sector, uint32_t nr_sectors);

/** virtio_disk_flush() - wait until all that was written is on the disk */
const char *virtio_disk_flush(void);

/**
 * virtio_disk_begin() - begin to read or write a block, by its buffer
 *
 * Returns its slot, whose buffer is in use until it is done; or -1 if there are as many as go.
 */
int virtio_disk_begin(bool is_write, uint64_t sector);

/** virtio_disk_next_slot() - the slot that the next one gets, or -1 */
int virtio_disk_next_slot(void);

/** virtio_disk_end() - wait for one that is done; *slot becomes which */
const char *virtio_disk_end(uint32_t *slot);

/** virtio_net_open() - take a network card; its address is put there */
const char *virtio_net_open(uint16_t number, uint8_t mac[6]);

/** virtio_net_send() - send a packet, of up to VIRTIO_PACKET_MAX bytes */
const char *virtio_net_send(const void *packet, uint32_t bytes);

/** virtio_net_receive() - wait for a packet, up to @ms; *bytes becomes how long it is */
const char *virtio_net_receive(void *packet, uint32_t *bytes, uint64_t ms);

#endif
