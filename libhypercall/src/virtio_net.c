/* SPDX-License-Identifier: MIT */
/*
 * Packets, each in one buffer: a header that says that nothing is left to do to it, and its bytes.
 */
#include "stile/virtio_net.h"

#include "copy.h"
#include "stile/event.h"

#define DEVICE_ID 1
#define HAS_MAC   (UINT64_C(1) << 5)

#define RX 0u
#define TX 1u

#define HEADER_BYTES 12u
#define BUFFER_BYTES 1536u

uint64_t stile_virtio_net_bytes(uint16_t depth)
{
    return 2 * (stile_virtqueue_bytes(depth) + (uint64_t)depth * BUFFER_BYTES);
}

static struct stile_virtqueue_buffer buffer_of(const struct stile_virtio_net *net, uint32_t queue,
                                               uint16_t slot, uint32_t bytes)
{
    struct stile_virtqueue_buffer buffer;

    buffer.base = stile_ipa(net->buffers_base[queue].ipa + slot * BUFFER_BYTES);
    buffer.bytes = bytes;
    return buffer;
}

/* All that are free wait for packets. */
static void put_buffers(struct stile_virtio_net *net)
{
    uint16_t slot;

    while ((slot = stile_virtqueue_next(&net->queues[RX])) != STILE_VIRTQUEUE_NONE) {
        struct stile_virtqueue_buffer buffer = buffer_of(net, RX, slot, BUFFER_BYTES);

        (void)stile_virtqueue_add(&net->queues[RX], &buffer, 0, 1);
    }
}

static int64_t notify(struct stile_virtio_net *net, uint32_t queue)
{
    return stile_virtqueue_publish(&net->queues[queue]) ? stile_event_send(net->ports[queue]).status
                                                        : STILE_SUCCESS;
}

static int64_t start(struct stile_virtio_net *net)
{
    int64_t status = STILE_SUCCESS;

    for (uint32_t i = 0; i < 2 && status == STILE_SUCCESS; i++)
        status = stile_virtio_device_queue(&net->device, i, &net->queues[i], &net->ports[i]);
    if (status == STILE_SUCCESS)
        status = stile_virtio_device_start(&net->device);
    if (status != STILE_SUCCESS)
        return status;
    put_buffers(net);
    return notify(net, RX);
}

int64_t stile_virtio_net_open(struct stile_virtio_net *net, struct stile_virtio_bus *bus,
                              uint16_t number, void *memory, stile_ipa_t base, uint16_t depth)
{
    uint8_t *at = (uint8_t *)memory;

    if (depth - 1u >= STILE_VIRTIO_NET_DEPTH_MAX)
        return STILE_INVALID_ARGUMENT;
    for (uint32_t i = 0; i < sizeof(net->mac); i++)
        net->mac[i] = 0;
    int64_t status = stile_virtio_device_open(&net->device, bus, number, DEVICE_ID, HAS_MAC);
    if (status == STILE_SUCCESS && (net->device.features & HAS_MAC) != 0)
        status = stile_virtio_device_config(&net->device, 0, net->mac, sizeof(net->mac));
    if (status != STILE_SUCCESS)
        return status;
    for (uint32_t i = 0; i < 2; i++) {
        if (!stile_virtqueue_make(&net->queues[i], at, base, depth, 1,
                                  (net->device.features & STILE_VIRTIO_EVENT_INDEX) != 0))
            return STILE_INVALID_ARGUMENT;
        net->buffers[i] = at + stile_virtqueue_bytes(depth);
        net->buffers_base[i] = stile_ipa(base.ipa + stile_virtqueue_bytes(depth));
        at += stile_virtio_net_bytes(depth) / 2;
        base.ipa += stile_virtio_net_bytes(depth) / 2;
    }
    return start(net);
}

int64_t stile_virtio_net_send(struct stile_virtio_net *net, const void *packet, uint32_t bytes)
{
    static const uint8_t header[HEADER_BYTES];
    struct stile_virtqueue *queue = &net->queues[TX];

    if (bytes - 1 >= STILE_VIRTIO_PACKET_MAX)
        return STILE_INVALID_ARGUMENT;
    while (stile_virtqueue_used(queue, NULL) != STILE_VIRTQUEUE_NONE)
        ;
    uint16_t slot = stile_virtqueue_next(queue);
    if (slot == STILE_VIRTQUEUE_NONE)
        return queue->broken ? STILE_DENIED : STILE_BUSY;
    struct stile_virtqueue_buffer buffer = buffer_of(net, TX, slot, HEADER_BYTES + bytes);
    stile_copy(net->buffers[TX] + slot * BUFFER_BYTES, header, HEADER_BYTES);
    stile_copy(net->buffers[TX] + slot * BUFFER_BYTES + HEADER_BYTES, packet, bytes);
    (void)stile_virtqueue_add(queue, &buffer, 1, 0);
    return notify(net, TX);
}

/* What is longer than any packet is lost, as on any wire. */
int64_t stile_virtio_net_receive(struct stile_virtio_net *net, void *packet, uint32_t *bytes)
{
    struct stile_virtqueue *queue = &net->queues[RX];
    uint32_t written;
    uint16_t slot;

    while ((slot = stile_virtqueue_used(queue, &written)) != STILE_VIRTQUEUE_NONE) {
        if (written < HEADER_BYTES || written > BUFFER_BYTES) {
            queue->broken = true;
            break;
        }
        *bytes = written - HEADER_BYTES;
        if (*bytes <= STILE_VIRTIO_PACKET_MAX)
            stile_copy(packet, net->buffers[RX] + slot * BUFFER_BYTES + HEADER_BYTES, *bytes);
        put_buffers(net);
        int64_t status = notify(net, RX);
        if (status != STILE_SUCCESS || *bytes <= STILE_VIRTIO_PACKET_MAX)
            return status;
    }
    return queue->broken ? STILE_DENIED : STILE_BUSY;
}

int64_t stile_virtio_net_wait(struct stile_virtio_net *net, uint32_t queue)
{
    struct stile_virtqueue *its = &net->queues[queue];
    /* Who sends is woken for many. */
    uint16_t nr = queue == TX ? (uint16_t)(1 + stile_virtqueue_pending(its) / 2) : 1;

    return stile_virtio_device_wait(&net->device, its, nr, net->ports[queue]);
}
