/* SPDX-License-Identifier: MIT */
/*
 * A disk (virtio 1.2, section 5.2), whose blocks are a file's or a block device's.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "device.h"
#include "say.h"

#define SECTOR_BYTES 512u

/* Of a request, the header and the status are no data; and none is to take a whole ring, which the
 * next back end might not understand (queue_packed.c). */
#define SEGMENTS_MAX (QUEUE_NUM_MAX - 3)

/* How much is copied at a time. */
#define PIECE_BYTES (256u * 1024)

static uint64_t size_of(struct device *device)
{
    struct stat status;
    uint64_t bytes = 0;

    if (fstat(device->file, &status) != 0)
        return 0;
    device->is_block = S_ISBLK(status.st_mode);
    if (!device->is_block)
        return (uint64_t)status.st_size;
    return ioctl(device->file, BLKGETSIZE64, &bytes) == 0 ? bytes : 0;
}

static bool disk_open(struct device *device, struct stile_virtio_page *page, uint64_t *features)
{
    const struct config_device *config = device->config;
    struct virtio_blk_config shown = {.seg_max = htole32(SEGMENTS_MAX),
                                      .num_queues = htole16((uint16_t)config->nr_queues)};

    device->file = open(config->file, (config->is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (device->file < 0) {
        say("%s %u: %s: %s", config->vm, config->index, config->file, strerror(errno));
        return false;
    }
    device->data = malloc(PIECE_BYTES);
    if (!device->data)
        die("out of memory");
    device->bytes = size_of(device) / SECTOR_BYTES * SECTOR_BYTES;
    shown.capacity = htole64(device->bytes / SECTOR_BYTES);
    memcpy(page->config, &shown, sizeof(shown));
    device->nr_queues = config->nr_queues;
    *features = FEATURE(VIRTIO_F_RING_PACKED) | FEATURE(VIRTIO_BLK_F_SEG_MAX) |
                FEATURE(VIRTIO_BLK_F_FLUSH) |
                (config->nr_queues > 1 ? FEATURE(VIRTIO_BLK_F_MQ) : 0) |
                (config->is_read_only ? FEATURE(VIRTIO_BLK_F_RO) : 0);
    say("%s %u: disk %s, %llu KiB%s", config->vm, config->index, config->file,
        (unsigned long long)device->bytes / 1024, config->is_read_only ? ", read-only" : "");
    return true;
}

static void disk_close(struct device *device)
{
    (void)close(device->file);
    free(device->data);
}

/* --- data ----------------------------------------------------------------------------------- */

/* Reads or writes all of a piece, of which a call may do a part. */
static bool move_piece(const struct device *device, size_t bytes, uint64_t at, bool is_write)
{
    for (size_t done = 0; done < bytes;) {
        uint8_t *data = device->data + done;
        ssize_t part = is_write ? pwrite(device->file, data, bytes - done, (off_t)(at + done))
                                : pread(device->file, data, bytes - done, (off_t)(at + done));

        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

/*
 * Moves data between the disk and the driver's buffers by copies of a piece: what a VM that ends
 * leaves in its memory does not get onto a disk, and its end is not waited for.
 */
static bool move(const struct device *device, struct cursor buffers, size_t bytes, uint64_t at,
                 bool is_write)
{
    for (size_t piece; bytes > 0; bytes -= piece, at += piece) {
        piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        if (device_is_called(device))
            return false;
        if (is_write &&
            (chain_read(&buffers, device->data, piece) < piece || !device_wrote_it(device)))
            return false;
        if (!move_piece(device, piece, at, is_write))
            return false;
        if (!is_write)
            (void)chain_write(&buffers, device->data, piece);
    }
    return true;
}

/* --- requests ------------------------------------------------------------------------------- */

/** The data of one. */
struct request {
    uint32_t type;
    uint64_t sector;
    struct cursor buffers;
    size_t bytes;
};

/* Whether all of it is on the disk, in whole sectors. */
static bool is_on_disk(const struct device *device, const struct request *request)
{
    uint64_t nr = request->bytes / SECTOR_BYTES, all = device->bytes / SECTOR_BYTES;

    return request->bytes % SECTOR_BYTES == 0 && request->sector <= all &&
           nr <= all - request->sector;
}

/*
 * What was written has left this VM's memory when the driver is told: the driver may outlive the
 * VM. It may still be in the disk's own cache, until a flush; and is not if the driver does not
 * flush (5.2.6.2).
 */
static bool settle(const struct device *device, const struct request *request)
{
    unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

    if (!device_has(device, VIRTIO_BLK_F_FLUSH) || !device->is_block)
        return fdatasync(device->file) == 0;
    return request->bytes == 0 ||
           sync_file_range(device->file, (off_t)(request->sector * SECTOR_BYTES),
                           (off_t)request->bytes, all) == 0;
}

static uint8_t read_or_write(const struct device *device, const struct request *request)
{
    bool is_write = request->type == VIRTIO_BLK_T_OUT;

    if (!is_on_disk(device, request) || (is_write && device->config->is_read_only) ||
        !move(device, request->buffers, request->bytes, request->sector * SECTOR_BYTES, is_write) ||
        (is_write && !settle(device, request)))
        return VIRTIO_BLK_S_IOERR;
    return VIRTIO_BLK_S_OK;
}

static uint8_t tell_id(const struct device *device, const struct request *request)
{
    char id[VIRTIO_BLK_ID_BYTES] = "";
    struct cursor to = request->buffers;

    (void)snprintf(id, sizeof(id), "stile-%u", device->config->index);
    return chain_write(&to, id, sizeof(id)) == sizeof(id) ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static uint8_t answer(const struct device *device, const struct request *request)
{
    switch (request->type) {
    case VIRTIO_BLK_T_IN:
    case VIRTIO_BLK_T_OUT:
        return read_or_write(device, request);
    case VIRTIO_BLK_T_FLUSH:
        return fdatasync(device->file) == 0 || errno == EROFS || errno == EINVAL
                   ? VIRTIO_BLK_S_OK
                   : VIRTIO_BLK_S_IOERR;
    case VIRTIO_BLK_T_GET_ID:
        return tell_id(device, request);
    default:
        return VIRTIO_BLK_S_UNSUPP;
    }
}

/* Takes the last byte of the chain, where the status goes; NULL if it has none. */
static uint8_t *take_status(struct chain *chain)
{
    struct iovec *last;

    if (chain->bytes_in == 0)
        return NULL;
    last = &chain->buffers[chain->nr_out + chain->nr_in - 1];
    last->iov_len--;
    chain->bytes_in--;
    if (last->iov_len == 0)
        chain->nr_in--;
    return (uint8_t *)last->iov_base + last->iov_len;
}

/* How much of the driver's buffers was written, the status last. */
static uint32_t written_of(const struct request *request, uint8_t result)
{
    if (result != VIRTIO_BLK_S_OK)
        return 1;
    if (request->type == VIRTIO_BLK_T_GET_ID)
        return VIRTIO_BLK_ID_BYTES + 1;
    return request->type == VIRTIO_BLK_T_IN ? (uint32_t)request->bytes + 1 : 1;
}

/* What was not done because somebody ends, or starts anew, is not answered: the next one may do it.
 */
static bool is_given_up(const struct device *device, uint8_t result)
{
    return result == VIRTIO_BLK_S_IOERR && (device_is_called(device) || !device_wrote_it(device));
}

static enum run_result do_request(struct device *device, struct queue *queue, struct chain *chain)
{
    struct virtio_blk_outhdr header;
    uint8_t *status = take_status(chain);
    struct cursor out = chain_out(chain);
    struct request request;
    uint8_t result;

    if (!status || chain_read(&out, &header, sizeof(header)) < sizeof(header))
        return RUN_BROKEN;
    request = (struct request){.type = le32toh(header.type), .sector = le64toh(header.sector)};
    if (request.type == VIRTIO_BLK_T_OUT) {
        request.buffers = out;
        request.bytes = chain->bytes_out - sizeof(header);
    } else {
        request.buffers = chain_in(chain);
        request.bytes = chain->bytes_in;
    }
    result = answer(device, &request);
    if (is_given_up(device, result))
        return RUN_DONE;
    *status = result;
    queue_push(queue, chain, written_of(&request, result));
    return RUN_MORE;
}

/* One of each queue's in turn. */
static enum run_result disk_run(struct device *device)
{
    unsigned nr_empty = 0;

    for (unsigned i = 0; i < QUEUE_NUM_MAX && !device_is_called(device); i++) {
        struct queue *queue = &device->queues[i % device->nr_queues];
        enum queue_result popped = queue_pop(queue, &device->chain);
        enum run_result result;

        if (popped == QUEUE_BROKEN)
            return RUN_BROKEN;
        nr_empty = popped == QUEUE_EMPTY ? nr_empty + 1 : 0;
        if (nr_empty == device->nr_queues)
            return RUN_DONE;
        if (popped == QUEUE_EMPTY)
            continue;
        result = do_request(device, queue, &device->chain);
        if (result != RUN_MORE)
            return result;
    }
    return RUN_MORE;
}

static bool disk_is_idle(struct device *device)
{
    for (unsigned i = 0; i < device->nr_queues; i++)
        if (!queue_is_idle(&device->queues[i]))
            return false;
    return true;
}

const struct kind kind_disk = {
    .device_id = VIRTIO_ID_BLOCK,
    .nr_queues = 1,
    .open = disk_open,
    .close = disk_close,
    .run = disk_run,
    .is_idle = disk_is_idle,
};
