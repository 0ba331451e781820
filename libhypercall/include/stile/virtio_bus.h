/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices that another VM serves by messages (stile/virtio_msg.h): the driver's side of the
 * bus, and of a device on it. Disks and network cards are stile/virtio_disk.h's and
 * stile/virtio_net.h's.
 *
 * A bus is offered, which waits for nobody. Then memory is shared, which waits for the back end,
 * and devices are found and opened. Where a function answers STILE_NOT_BOUND the back end is gone:
 * stile_virtio_bus_withdraw() ends what is left, and all may begin anew.
 *
 * Ordering: as of the channel. One thread at a time uses a bus and what is on it; it stays on the
 * vCPU whose mailbox has the ports.
 */
#ifndef STILE_VIRTIO_BUS_H
#define STILE_VIRTIO_BUS_H

#include "stile/channel.h"
#include "stile/virtio_msg.h"
#include "stile/virtqueue.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The features that this side knows of, beside those of the device's kind. */
#define STILE_VIRTIO_VERSION_1       (UINT64_C(1) << 32)
#define STILE_VIRTIO_ACCESS_PLATFORM (UINT64_C(1) << 33)
#define STILE_VIRTIO_EVENT_INDEX     (UINT64_C(1) << 29)

/** The most queues of a bus's devices. */
#define STILE_VIRTIO_BUS_QUEUES 32

/** A bus; the caller's own memory. */
struct stile_virtio_bus {
    struct stile_channel channel;
    char key[sizeof(STILE_VIRTIO_MSG_KEY)];
    stile_vm_id_t peer;
    stile_vcpu_id_t target;
    stile_ticks_t deadline; /**< until when responses are waited for; may be changed at any time */
    uint16_t token;         /**< of the last request */
    uint32_t nr_events;     /**< how often a device's configuration or status has changed */
    uint32_t nr_ports;      /**< of queues */
    stile_port_t ports[STILE_VIRTIO_BUS_QUEUES];
    uint32_t nr_shares;
    stile_share_t shares[STILE_VM_NR_REGIONS];
};

/**
 * stile_virtio_bus_offer() - offer a bus to the VM that has a back end
 * @bus: to be filled in; its deadline is STILE_TIME_NEVER
 * @memory: one page for the channel, which the peer may then read and write
 * @base: the same as an IPA
 * @index: which of the caller's buses it is, 0 to 9
 * @peer: the VM
 * @target: the vCPU that gets the events
 * @mailbox: its mailbox
 *
 * Returns 0, or an error as stile_channel_offer().
 */
int64_t stile_virtio_bus_offer(struct stile_virtio_bus *bus, void *memory, stile_ipa_t base,
                               uint32_t index, stile_vm_id_t peer, stile_vcpu_id_t target,
                               struct stile_mailbox *mailbox);

/**
 * stile_virtio_bus_share() - share memory with the back end, once that has come
 * @base: the first address of memory in which queues and buffers will be
 * @count: how many pages
 *
 * Before the first device is opened; up to STILE_VM_NR_REGIONS times. Returns 0; STILE_BUSY if the
 * deadline has passed; STILE_NOT_BOUND; STILE_DENIED if the back end does not take it, or what it
 * says makes no sense; STILE_LIMIT; or the error of memory_share.
 */
int64_t stile_virtio_bus_share(struct stile_virtio_bus *bus, stile_ipa_t base,
                               stile_nr_pages_t count);

/** stile_virtio_bus_withdraw() - end a bus, the shares of its memory, and the ports of its queues.
 * 0, or the first error of memory_revoke */
int64_t stile_virtio_bus_withdraw(struct stile_virtio_bus *bus);

/**
 * stile_virtio_bus_next() - look for a device
 * @number: from which number on; becomes that of the first one there is
 *
 * Returns 0; STILE_NOT_FOUND if there are no more; or an error as stile_virtio_bus_share().
 */
int64_t stile_virtio_bus_next(struct stile_virtio_bus *bus, uint32_t *number);

/**
 * stile_virtio_bus_request() - send a request, and wait for its response
 * @message: of which type, id, device and payload are filled in; becomes the response
 * @bytes: how long the payload is
 * @wanted: how long that of the response must be at least
 *
 * For messages that are not below. Returns 0, or an error as stile_virtio_bus_share().
 */
int64_t stile_virtio_bus_request(struct stile_virtio_bus *bus, struct stile_virtio_msg *message,
                                 uint32_t bytes, uint32_t wanted);

/** A device; the caller's own memory. */
struct stile_virtio_device {
    struct stile_virtio_bus *bus;
    uint16_t number;
    uint32_t device_id; /**< virtio 1.2, section 5 */
    uint32_t nr_queues;
    uint64_t features; /**< that both sides know */
};

/**
 * stile_virtio_device_open() - reset a device, and agree on its features
 * @device: to be filled in
 * @number: its number on the bus
 * @device_id: what it must be
 * @features: those of its kind that the driver knows
 *
 * Returns 0; STILE_NOT_FOUND if there is no such device; STILE_DENIED if it does not agree; or an
 * error as stile_virtio_bus_share().
 */
int64_t stile_virtio_device_open(struct stile_virtio_device *device, struct stile_virtio_bus *bus,
                                 uint16_t number, uint32_t device_id, uint64_t features);

/** stile_virtio_device_config() - read a part of the configuration, of 1 to
 * STILE_VIRTIO_MSG_CONFIG_BYTES bytes. Errors as above */
int64_t stile_virtio_device_config(struct stile_virtio_device *device, uint32_t offset, void *data,
                                   uint32_t bytes);

/**
 * stile_virtio_device_queue() - give a device a queue, and the queue a port
 * @index: which of its queues
 * @queue: made, of at most as many descriptors as the device takes
 * @port: where to put the port: to be sent to when stile_virtqueue_publish() says so, and pending
 *        when chains were used. Masked
 *
 * Returns 0; STILE_DENIED if the device does not take it; STILE_LIMIT; an error of event_alloc; or
 * as above. The port is given up with the bus.
 */
int64_t stile_virtio_device_queue(struct stile_virtio_device *device, uint32_t index,
                                  const struct stile_virtqueue *queue, stile_port_t *port);

/** stile_virtio_device_start() - the driver is there, all queues are set up. Errors as above */
int64_t stile_virtio_device_start(struct stile_virtio_device *device);

/**
 * stile_virtio_device_wait() - sleep until the device has used chains of a queue
 * @nr: how many, as stile_virtqueue_wait()
 * @port: the queue's
 *
 * Returns 0: look; STILE_BUSY if the bus's deadline has passed; STILE_NOT_BOUND if the back end is
 * gone; STILE_DENIED if the queue is broken.
 */
int64_t stile_virtio_device_wait(struct stile_virtio_device *device, struct stile_virtqueue *queue,
                                 uint16_t nr, stile_port_t port);

/** stile_virtio_device_reset() - when it returns 0 the device leaves memory alone. Errors as above
 */
int64_t stile_virtio_device_reset(struct stile_virtio_device *device);

#ifdef __cplusplus
}
#endif

#endif
