/* SPDX-License-Identifier: MIT */
/*
 * A network card (virtio 1.2, section 5.1), whose other end is a TAP device: what the kernel's
 * bridge has of it. Packets go from the driver's buffers into the kernel and back without a copy
 * here, with the header that says what is left to do to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "device.h"
#include "say.h"

#define RX 0u
#define TX 1u

#define HEADER_BYTES ((int)sizeof(struct virtio_net_hdr_v1))

/* So that the other direction, and resets, have their turn. */
#define PACKETS_A_TURN 64u

#define FEATURE(nr) (UINT64_C(1) << (nr))

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int header = HEADER_BYTES, file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return -1;
    if (strlen(name) < IFNAMSIZ)
        strcpy(request.ifr_name, name);
    if (request.ifr_name[0] != '\0' && ioctl(file, TUNSETIFF, &request) == 0 &&
        ioctl(file, TUNSETVNETHDRSZ, &header) == 0)
        return file;
    (void)close(file);
    return -1;
}

static bool net_open(struct device *device, struct stile_virtio_page *page, uint64_t *features)
{
    const struct config_device *config = device->config;
    struct virtio_net_config shown = {.status = 0};

    device->file = open_tap(config->file);
    if (device->file < 0) {
        say("%s %u: TAP device %s: %s", config->vm, config->index, config->file, strerror(errno));
        return false;
    }
    memcpy(shown.mac, config->mac, sizeof(shown.mac));
    memcpy(page->config, &shown, sizeof(shown));
    *features = FEATURE(VIRTIO_NET_F_CSUM) | FEATURE(VIRTIO_NET_F_GUEST_CSUM) |
                FEATURE(VIRTIO_NET_F_HOST_TSO4) | FEATURE(VIRTIO_NET_F_HOST_TSO6) |
                FEATURE(VIRTIO_NET_F_GUEST_TSO4) | FEATURE(VIRTIO_NET_F_GUEST_TSO6) |
                (config->has_mac ? FEATURE(VIRTIO_NET_F_MAC) : 0);
    say("%s %u: net %s", config->vm, config->index, config->file);
    return true;
}

static void net_close(struct device *device)
{
    (void)close(device->file);
}

/* What the kernel need not do to packets for this driver. */
static void net_start(struct device *device)
{
    unsigned offloads = 0;

    if (device_has(device, VIRTIO_NET_F_GUEST_CSUM))
        offloads |= TUN_F_CSUM;
    if (device_has(device, VIRTIO_NET_F_GUEST_TSO4))
        offloads |= TUN_F_CSUM | TUN_F_TSO4;
    if (device_has(device, VIRTIO_NET_F_GUEST_TSO6))
        offloads |= TUN_F_CSUM | TUN_F_TSO6;
    if (ioctl(device->file, TUNSETOFFLOAD, (unsigned long)offloads) != 0)
        say("%s %u: the TAP device does what the driver could: %s", device->config->vm,
            device->config->index, strerror(errno));
}

/* --- packets ------------------------------------------------------------------------------------
 */

/* From the driver. One that the kernel does not take is lost, as on any wire. */
static enum run_result send_some(struct device *device)
{
    struct chain *chain = &device->chain;

    for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
        enum queue_result result = queue_pop(&device->queues[TX], chain);

        if (result == QUEUE_EMPTY)
            return RUN_DONE;
        if (result == QUEUE_BROKEN)
            return RUN_BROKEN;
        (void)!writev(device->file, chain->buffers, (int)chain->nr_out);
        queue_push(&device->queues[TX], chain, 0);
    }
    return RUN_MORE;
}

/* Virtio 5.1.6.4: without merged buffers a packet is in one chain, and the header says so. */
static void set_nr_buffers(const struct chain *chain)
{
    const struct iovec *first = &chain->buffers[chain->nr_out];
    static const uint8_t one[] = {1, 0};

    if (first->iov_len >= (size_t)HEADER_BYTES)
        memcpy((uint8_t *)first->iov_base + offsetof(struct virtio_net_hdr_v1, num_buffers), one,
               sizeof(one));
}

/* To the driver, as long as it has buffers: then it is packets that are waited for. */
static enum run_result receive_some(struct device *device)
{
    struct chain *chain = &device->chain;

    for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
        enum queue_result result = queue_pop(&device->queues[RX], chain);
        ssize_t bytes;

        device->waits_for_file = result == QUEUE_CHAIN;
        if (result == QUEUE_EMPTY)
            return RUN_DONE;
        if (result == QUEUE_BROKEN || chain->bytes_in < (size_t)HEADER_BYTES)
            return RUN_BROKEN;
        bytes = readv(device->file, &chain->buffers[chain->nr_out], (int)chain->nr_in);
        if (bytes < 0) {
            queue_unpop(&device->queues[RX]);
            return RUN_DONE;
        }
        set_nr_buffers(chain);
        queue_push(&device->queues[RX], chain, (uint32_t)bytes);
    }
    return RUN_MORE;
}

static enum run_result net_run(struct device *device)
{
    enum run_result sent = send_some(device), received;

    if (sent == RUN_BROKEN)
        return sent;
    received = receive_some(device);
    return received == RUN_DONE ? sent : received;
}

static bool net_is_idle(struct device *device)
{
    return queue_is_idle(&device->queues[TX]) &&
           (device->waits_for_file || queue_is_idle(&device->queues[RX]));
}

const struct kind kind_net = {
    .device_id = VIRTIO_ID_NET,
    .nr_queues = 2,
    .open = net_open,
    .close = net_close,
    .start = net_start,
    .run = net_run,
    .is_idle = net_is_idle,
};
