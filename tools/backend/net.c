/* SPDX-License-Identifier: MIT */
/*
 * A network card (virtio 1.2, section 5.1), whose other end is a TAP device: what the kernel's
 * bridge has of it. Packets go into the kernel and back by a copy, with the header that says what
 * is left to do to them.
 *
 * Each pair of its queues has one of the TAP device's, to which the kernel gives the packets of
 * those connections that send by it.
 */
#include <endian.h>
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
#include "net.h"
#include "say.h"

/* The queues of a pair. */
#define RX(pair) (2 * (pair))
#define TX(pair) (2 * (pair) + 1)

#define HEADER_BYTES ((int)sizeof(struct virtio_net_hdr_v1))

/* The largest that the kernel makes, with its header and that of Ethernet. */
#define PACKET_MAX (65536u + 64u)

/* How much is copied at a time: one of the largest, or many of most. */
#define SENT_BYTES (2 * PACKET_MAX)

/* So that the other direction, and resets, have their turn. */
#define PACKETS_A_TURN 64u

/* One that is made here stays when this program ends, in the bridge to which it was added. */
static int open_tap(const char *name, bool has_queues)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int header = HEADER_BYTES, file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return -1;
    if (has_queues)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    if (strlen(name) < IFNAMSIZ)
        strcpy(request.ifr_name, name);
    if (request.ifr_name[0] != '\0' && ioctl(file, TUNSETIFF, &request) == 0 &&
        ioctl(file, TUNSETVNETHDRSZ, &header) == 0 &&
        (!has_queues || ioctl(file, TUNSETPERSIST, 1) == 0))
        return file;
    (void)close(file);
    return -1;
}

int net_open_tap(const struct config_device *config)
{
    int file = open_tap(config->file, config->nr_queues > 1);

    if (file < 0)
        say("%s %u: TAP device %s: %s", config->vm, config->index, config->file, strerror(errno));
    return file;
}

uint64_t net_offer(const struct config_device *config, struct stile_virtio_page *page)
{
    struct virtio_net_config shown = {.max_virtqueue_pairs = htole16((uint16_t)config->nr_queues)};

    memcpy(shown.mac, config->mac, sizeof(shown.mac));
    memcpy(page->config, &shown, sizeof(shown));
    return FEATURE(VIRTIO_NET_F_CSUM) | FEATURE(VIRTIO_NET_F_GUEST_CSUM) |
           FEATURE(VIRTIO_NET_F_HOST_TSO4) | FEATURE(VIRTIO_NET_F_HOST_TSO6) |
           FEATURE(VIRTIO_NET_F_GUEST_TSO4) | FEATURE(VIRTIO_NET_F_GUEST_TSO6) |
           FEATURE(VIRTIO_NET_F_MRG_RXBUF) | (config->has_mac ? FEATURE(VIRTIO_NET_F_MAC) : 0);
}

static bool open_pairs(struct device *device)
{
    const struct config_device *config = device->config;

    for (uint32_t i = 0; i < config->nr_queues; i++) {
        struct net_pair *pair = &device->pairs[i];

        *pair = (struct net_pair){
            .file = net_open_tap(config), .is_active = true, .packet = malloc(PACKET_MAX)};
        if (!pair->packet)
            die("out of memory");
        device->nr_pairs++;
        if (pair->file < 0)
            return false;
    }
    device->file = device->pairs[0].file;
    return true;
}

static void net_close(struct device *device)
{
    for (uint32_t i = 0; i < device->nr_pairs; i++) {
        if (device->pairs[i].file >= 0)
            (void)close(device->pairs[i].file);
        free(device->pairs[i].packet);
    }
    free(device->data);
}

static bool net_open(struct device *device, struct stile_virtio_page *page, uint64_t *features)
{
    const struct config_device *config = device->config;
    uint64_t more = FEATURE(VIRTIO_NET_F_CTRL_VQ) | FEATURE(VIRTIO_NET_F_MQ);

    if (!open_pairs(device)) {
        net_close(device);
        return false;
    }
    device->data = malloc(SENT_BYTES);
    if (!device->data)
        die("out of memory");
    device->nr_queues = 2 * device->nr_pairs + (device->nr_pairs > 1 ? 1 : 0);
    *features =
        net_offer(config, page) | FEATURE(VIRTIO_F_RING_PACKED) | (device->nr_pairs > 1 ? more : 0);
    say("%s %u: net %s", config->vm, config->index, config->file);
    return true;
}

/* --- which pairs are active ------------------------------------------------------------------ */

static void set_active(struct device *device, uint32_t index, bool is_active)
{
    struct net_pair *pair = &device->pairs[index];
    struct ifreq request = {.ifr_flags = is_active ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE};

    if (pair->is_active == is_active)
        return;
    pair->is_active = ioctl(pair->file, TUNSETQUEUE, &request) == 0 ? is_active : !is_active;
    pair->waits_for_file = false;
    pair->bytes = 0;
}

static void set_nr_active(struct device *device, uint32_t nr)
{
    for (uint32_t i = 0; i < device->nr_pairs; i++)
        set_active(device, i, i < nr);
}

/*
 * As many as the driver has said. What it has said to another back end, the rings do not tell; but
 * a pair that it uses has buffers for packets.
 */
static uint32_t find_nr_active(struct device *device)
{
    uint32_t nr = 1;

    for (uint32_t i = 1; i < device->nr_pairs; i++)
        if (device_has(device, VIRTIO_NET_F_MQ) && !queue_is_idle(&device->queues[RX(i)]))
            nr = i + 1;
    return nr;
}

/* The queue for control is behind all that are there if there may be many (5.1.2). */
static struct queue *control_of(struct device *device)
{
    if (!device_has(device, VIRTIO_NET_F_CTRL_VQ))
        return NULL;
    return &device->queues[device_has(device, VIRTIO_NET_F_MQ) ? 2 * device->nr_pairs : 2];
}

/* Does what a command asks for (5.1.6.5). Returns the answer, or -1 if it is none. */
static int command(struct device *device, const struct chain *chain)
{
    struct virtio_net_ctrl_hdr header;
    struct cursor out = chain_out(chain);
    uint16_t pairs;

    if (chain->bytes_in == 0 || chain_read(&out, &header, sizeof(header)) < sizeof(header))
        return -1;
    if (header.class != VIRTIO_NET_CTRL_MQ || header.cmd != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET ||
        !device_has(device, VIRTIO_NET_F_MQ) ||
        chain_read(&out, &pairs, sizeof(pairs)) < sizeof(pairs) || le16toh(pairs) == 0 ||
        le16toh(pairs) > device->nr_pairs)
        return VIRTIO_NET_ERR;
    set_nr_active(device, le16toh(pairs));
    return VIRTIO_NET_OK;
}

static enum run_result control(struct device *device, struct queue *queue)
{
    for (unsigned i = 0; i < QUEUE_NUM_MAX; i++) {
        enum queue_result result = queue_pop(queue, &device->chain);
        struct cursor in;
        uint8_t answer;
        int done;

        if (result == QUEUE_EMPTY)
            return RUN_DONE;
        done = result == QUEUE_CHAIN ? command(device, &device->chain) : -1;
        if (done < 0)
            return RUN_BROKEN;
        answer = (uint8_t)done;
        in = chain_in(&device->chain);
        queue_push(queue, &device->chain, (uint32_t)chain_write(&in, &answer, 1));
    }
    return RUN_MORE;
}

void net_share_work(const struct device *device, int tap)
{
    unsigned offloads = 0;

    if (device_has(device, VIRTIO_NET_F_GUEST_CSUM))
        offloads |= TUN_F_CSUM;
    if (device_has(device, VIRTIO_NET_F_GUEST_TSO4))
        offloads |= TUN_F_CSUM | TUN_F_TSO4;
    if (device_has(device, VIRTIO_NET_F_GUEST_TSO6))
        offloads |= TUN_F_CSUM | TUN_F_TSO6;
    if (ioctl(tap, TUNSETOFFLOAD, (unsigned long)offloads) != 0)
        say("%s %u: the TAP device does what the driver could: %s", device->config->vm,
            device->config->index, strerror(errno));
}

static void net_start(struct device *device)
{
    net_share_work(device, device->file);
    set_nr_active(device, find_nr_active(device));
}

/* --- packets -------------------------------------------------------------------------------- */

/* Copies the packet at hand. Returns how long it is; 0: longer than any, and lost. */
static size_t take_packet(struct device *device, size_t at)
{
    struct cursor out = chain_out(&device->chain);
    size_t bytes = chain_read(&out, device->data + at, PACKET_MAX);

    return out.nr == 0 ? bytes : 0;
}

/*
 * Hands packets of the driver's to the kernel. One that it does not take is lost, as on any wire;
 * so is what a VM that has ended leaves in its memory.
 */
static void hand_over(const struct device *device, const struct net_pair *pair,
                      const size_t lengths[], unsigned nr)
{
    const uint8_t *packet = device->data;

    if (!device_wrote_it(device))
        return;
    for (unsigned i = 0; i < nr; packet += lengths[i++])
        if (lengths[i] > 0)
            (void)!write(pair->file, packet, lengths[i]);
}

/* Many at a time: to ask whether the driver's VM is still there may take a call. */
static enum run_result send_some(struct device *device, uint32_t index)
{
    struct queue *queue = &device->queues[TX(index)];
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
        hand_over(device, &device->pairs[index], lengths, nr);
        queue_publish(queue);
    }
    if (result == QUEUE_BROKEN)
        return RUN_BROKEN;
    return result == QUEUE_EMPTY ? RUN_DONE : RUN_MORE;
}

/* Takes the next packet from the kernel, if there is none at hand. Returns whether there is one. */
static bool have_packet(const struct device *device, struct net_pair *pair)
{
    ssize_t bytes;

    if (pair->bytes > 0)
        return true;
    bytes = read(pair->file, pair->packet, PACKET_MAX);
    if (bytes < 0 && errno != EAGAIN && errno != EINTR && !pair->has_failed) {
        say("%s %u: no packet comes from %s any more: %s", device->config->vm,
            device->config->index, device->config->file, strerror(errno));
        pair->has_failed = true;
    }
    pair->bytes = bytes >= HEADER_BYTES ? (size_t)bytes : 0;
    return pair->bytes > 0;
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
static enum run_result put_off(struct queue *queue, struct net_pair *pair, uint16_t nr_taken)
{
    queue_undo(queue, nr_taken);
    if (nr_taken < queue->num)
        return RUN_DONE;
    pair->bytes = 0; /* it is lost */
    return RUN_MORE;
}

/*
 * Puts the packet into as many chains as it takes, of which the header tells (5.1.6.4). A driver
 * that takes one only loses what does not fit.
 */
static enum run_result deliver(struct device *device, uint32_t index)
{
    struct net_pair *pair = &device->pairs[index];
    struct queue *queue = &device->queues[RX(index)];
    struct chain *chain = &device->chain;
    bool may_merge = device_has(device, VIRTIO_NET_F_MRG_RXBUF);
    uint8_t *num_buffers = NULL;
    struct cursor in;
    size_t done = 0;
    uint16_t nr = 0;

    do {
        enum queue_result result = queue_pop(queue, chain);
        size_t part;

        if (result == QUEUE_EMPTY)
            return put_off(queue, pair, nr);
        if (result == QUEUE_BROKEN || chain->nr_in == 0)
            return RUN_BROKEN;
        if (nr == 0)
            num_buffers = num_buffers_of(chain);
        if (!num_buffers)
            return RUN_BROKEN;
        in = chain_in(chain);
        part = chain_write(&in, pair->packet + done, pair->bytes - done);
        queue_fill(queue, chain, (uint32_t)part);
        done += part;
        nr++;
    } while (done < pair->bytes && may_merge);
    num_buffers[0] = (uint8_t)nr;
    num_buffers[1] = (uint8_t)(nr >> 8);
    queue_publish(queue);
    pair->bytes = 0;
    return RUN_MORE;
}

/* To the driver, as long as it has buffers: then it is packets that are waited for. */
static enum run_result receive_some(struct device *device, uint32_t index)
{
    struct net_pair *pair = &device->pairs[index];
    enum run_result result = RUN_MORE;

    pair->waits_for_file = false;
    if (!pair->is_active)
        return RUN_DONE;
    for (unsigned i = 0; i < PACKETS_A_TURN && result == RUN_MORE; i++) {
        if (!have_packet(device, pair)) {
            pair->waits_for_file = !pair->has_failed;
            return RUN_DONE;
        }
        result = deliver(device, index);
    }
    return result;
}

static enum run_result net_run(struct device *device)
{
    struct queue *control_queue = control_of(device);
    enum run_result all = control_queue ? control(device, control_queue) : RUN_DONE;

    for (uint32_t i = 0; i < 2 * device->nr_pairs && all != RUN_BROKEN; i++) {
        enum run_result one = i % 2 ? receive_some(device, i / 2) : send_some(device, i / 2);

        all = one == RUN_DONE ? all : one;
    }
    return all;
}

static bool is_pair_idle(struct device *device, uint32_t index)
{
    const struct net_pair *pair = &device->pairs[index];

    return queue_is_idle(&device->queues[TX(index)]) &&
           (!pair->is_active || pair->waits_for_file || pair->has_failed ||
            queue_is_idle(&device->queues[RX(index)]));
}

static bool net_is_idle(struct device *device)
{
    struct queue *control_queue = control_of(device);

    for (uint32_t i = 0; i < device->nr_pairs; i++)
        if (!is_pair_idle(device, i))
            return false;
    return !control_queue || queue_is_idle(control_queue);
}

const struct kind kind_net = {
    .device_id = VIRTIO_ID_NET,
    .open = net_open,
    .close = net_close,
    .start = net_start,
    .run = net_run,
    .is_idle = net_is_idle,
};
