/* SPDX-License-Identifier: MIT */
/*
 * A network card (virtio 1.2, section 5.1), whose other end is a TAP device: what the kernel's
 * bridge has of it. Packets go into the kernel and back by a copy, with the header that says what
 * is left to do to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "device.h"
#include "say.h"

#define RX 0u
#define TX 1u

#define HEADER_BYTES ((int)sizeof(struct virtio_net_hdr_v1))

/* The largest that the kernel makes, with its header and that of Ethernet. */
#define PACKET_MAX (65536u + 64u)

/* How much is copied at a time: one of the largest, or many of most. */
#define SENT_BYTES (2 * PACKET_MAX)

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
    device->data = malloc(PACKET_MAX);
    device->sent = malloc(SENT_BYTES);
    if (!device->data || !device->sent)
        die("out of memory");
    memcpy(shown.mac, config->mac, sizeof(shown.mac));
    memcpy(page->config, &shown, sizeof(shown));
    *features = FEATURE(VIRTIO_NET_F_CSUM) | FEATURE(VIRTIO_NET_F_GUEST_CSUM) |
                FEATURE(VIRTIO_NET_F_HOST_TSO4) | FEATURE(VIRTIO_NET_F_HOST_TSO6) |
                FEATURE(VIRTIO_NET_F_GUEST_TSO4) | FEATURE(VIRTIO_NET_F_GUEST_TSO6) |
                FEATURE(VIRTIO_NET_F_MRG_RXBUF) | FEATURE(VIRTIO_F_RING_PACKED) |
                (config->has_mac ? FEATURE(VIRTIO_NET_F_MAC) : 0);
    say("%s %u: net %s", config->vm, config->index, config->file);
    return true;
}

static void net_close(struct device *device)
{
    (void)close(device->file);
    free(device->data);
    free(device->sent);
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

/* --- packets -------------------------------------------------------------------------------- */

/* Copies the packet at hand. Returns how long it is; 0: longer than any, and lost. */
static size_t take_packet(struct device *device, size_t at)
{
    struct cursor out = chain_out(&device->chain);
    size_t bytes = chain_read(&out, device->sent + at, PACKET_MAX);

    return out.nr == 0 ? bytes : 0;
}

/*
 * Hands packets of the driver's to the kernel. One that it does not take is lost, as on any wire;
 * so is what a VM that has ended leaves in its memory.
 */
static void hand_over(struct device *device, const size_t lengths[], unsigned nr)
{
    const uint8_t *packet = device->sent;

    if (!device_wrote_it(device))
        return;
    for (unsigned i = 0; i < nr; packet += lengths[i++])
        if (lengths[i] > 0)
            (void)!write(device->file, packet, lengths[i]);
}

/* Many at a time: to ask whether the driver's VM is still there may take a call. */
static enum run_result send_some(struct device *device)
{
    struct queue *queue = &device->queues[TX];
    size_t lengths[PACKETS_A_TURN], bytes = 0;
    enum queue_result result = QUEUE_CHAIN;
    unsigned nr = 0;

    while (nr < PACKETS_A_TURN && bytes + PACKET_MAX <= SENT_BYTES) {
        result = queue_pop(queue, &device->chain);
        if (result != QUEUE_CHAIN)
            break;
        lengths[nr] = take_packet(device, bytes);
        bytes += lengths[nr++];
        queue_fill(queue, &device->chain, 0);
    }
    if (nr > 0) {
        hand_over(device, lengths, nr);
        queue_publish(queue);
    }
    if (result == QUEUE_BROKEN)
        return RUN_BROKEN;
    return result == QUEUE_EMPTY ? RUN_DONE : RUN_MORE;
}

/* Takes the next packet from the kernel, if there is none at hand. Returns whether there is one. */
static bool have_packet(struct device *device)
{
    ssize_t bytes;

    if (device->packet_bytes > 0)
        return true;
    bytes = read(device->file, device->data, PACKET_MAX);
    if (bytes < 0 && errno != EAGAIN && errno != EINTR && !device->file_failed) {
        say("%s %u: no packet comes from %s any more: %s", device->config->vm,
            device->config->index, device->config->file, strerror(errno));
        device->file_failed = true;
    }
    device->packet_bytes = bytes >= HEADER_BYTES ? (size_t)bytes : 0;
    return device->packet_bytes > 0;
}

/* Where a chain has the header's num_buffers; NULL: not in its first buffer. */
static uint8_t *num_buffers_of(const struct chain *chain)
{
    const struct iovec *first = &chain->buffers[chain->nr_out];

    if (chain->nr_in == 0 || first->iov_len < (size_t)HEADER_BYTES)
        return NULL;
    return (uint8_t *)first->iov_base + offsetof(struct virtio_net_hdr_v1, num_buffers);
}

/* Too few buffers: more are waited for, unless there are as many as there can be. */
static enum run_result put_off(struct device *device, uint16_t nr_taken)
{
    struct queue *queue = &device->queues[RX];

    queue_undo(queue, nr_taken);
    if (nr_taken < queue->num)
        return RUN_DONE;
    device->packet_bytes = 0; /* it is lost */
    return RUN_MORE;
}

/*
 * Puts the packet into as many chains as it takes, of which the header tells (5.1.6.4). A driver
 * that takes one only loses what does not fit.
 */
static enum run_result deliver(struct device *device)
{
    struct queue *queue = &device->queues[RX];
    struct chain *chain = &device->chain;
    bool may_merge = device_has(device, VIRTIO_NET_F_MRG_RXBUF);
    uint8_t *num_buffers = NULL;
    struct cursor in;
    uint16_t nr = 0;

    for (size_t done = 0; done < device->packet_bytes && (nr == 0 || may_merge); nr++) {
        enum queue_result result = queue_pop(queue, chain);
        size_t part;

        if (result == QUEUE_EMPTY)
            return put_off(device, nr);
        if (result == QUEUE_BROKEN || chain->nr_in == 0)
            return RUN_BROKEN;
        if (nr == 0)
            num_buffers = num_buffers_of(chain);
        if (!num_buffers)
            return RUN_BROKEN;
        in = chain_in(chain);
        part = chain_write(&in, device->data + done, device->packet_bytes - done);
        queue_fill(queue, chain, (uint32_t)part);
        done += part;
    }
    num_buffers[0] = (uint8_t)nr;
    num_buffers[1] = (uint8_t)(nr >> 8);
    queue_publish(queue);
    device->packet_bytes = 0;
    return RUN_MORE;
}

/* To the driver, as long as it has buffers: then it is packets that are waited for. */
static enum run_result receive_some(struct device *device)
{
    enum run_result result = RUN_MORE;

    device->waits_for_file = false;
    for (unsigned i = 0; i < PACKETS_A_TURN && result == RUN_MORE; i++) {
        if (!have_packet(device)) {
            device->waits_for_file = !device->file_failed;
            return RUN_DONE;
        }
        result = deliver(device);
    }
    return result;
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
           (device->waits_for_file || device->file_failed || queue_is_idle(&device->queues[RX]));
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
