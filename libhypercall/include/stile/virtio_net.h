/* SPDX-License-Identifier: MIT */
/*
 * A network card that another VM serves (virtio 1.2, section 5.1), on a bus of stile/virtio_bus.h:
 * packets that are copied into, and out of, memory that the bus has shared. No offloads.
 *
 * Ordering: as of the queues. A packet is looked at in the caller's copy alone.
 */
#ifndef STILE_VIRTIO_NET_H
#define STILE_VIRTIO_NET_H

#include "stile/virtio_bus.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest packet, with its Ethernet header and a VLAN tag, in bytes. */
#define STILE_VIRTIO_PACKET_MAX 1518

/** The most packets on their way, each way. */
#define STILE_VIRTIO_NET_DEPTH_MAX 128

/** A card; the caller's own memory. */
struct stile_virtio_net {
    struct stile_virtio_device device;
    struct stile_virtqueue queues[2]; /**< received, sent */
    stile_port_t ports[2];            /**< pending when there are packets, or room. Masked */
    uint8_t *buffers[2];
    stile_ipa_t buffers_base[2];
    uint8_t mac[6]; /**< 0: it was given none */
};

/** stile_virtio_net_bytes() - how much memory a card needs for @depth packets each way, in bytes */
uint64_t stile_virtio_net_bytes(uint16_t depth);

/**
 * stile_virtio_net_open() - take a network card
 * @net: to be filled in
 * @bus: that has shared the memory
 * @number: of the device
 * @memory: stile_virtio_net_bytes(depth) of it, STILE_VIRTQUEUE_ALIGN aligned
 * @base: the same as an IPA
 * @depth: how many packets on their way, a power of two up to STILE_VIRTIO_NET_DEPTH_MAX
 *
 * Returns 0; STILE_INVALID_ARGUMENT; or an error as stile_virtio_device_open().
 */
int64_t stile_virtio_net_open(struct stile_virtio_net *net, struct stile_virtio_bus *bus,
                              uint16_t number, void *memory, stile_ipa_t base, uint16_t depth);

/**
 * stile_virtio_net_send() - send a packet
 * @bytes: how long it is, 1 to STILE_VIRTIO_PACKET_MAX
 *
 * Returns 0; STILE_BUSY if there is no room: stile_virtio_net_wait() for ports[1];
 * STILE_INVALID_ARGUMENT; STILE_NOT_BOUND if the back end is gone; STILE_DENIED if the device has
 * broken a queue.
 */
int64_t stile_virtio_net_send(struct stile_virtio_net *net, const void *packet, uint32_t bytes);

/**
 * stile_virtio_net_receive() - take a packet
 * @packet: where to put it, STILE_VIRTIO_PACKET_MAX bytes
 * @bytes: where to put how long it is
 *
 * Returns 0; STILE_BUSY if there is none; or an error as stile_virtio_net_send().
 */
int64_t stile_virtio_net_receive(struct stile_virtio_net *net, void *packet, uint32_t *bytes);

/** stile_virtio_net_wait() - sleep until there is a packet (@queue 0), or room for many (1). Errors
 * as stile_virtio_device_wait() */
int64_t stile_virtio_net_wait(struct stile_virtio_net *net, uint32_t queue);

#ifdef __cplusplus
}
#endif

#endif
