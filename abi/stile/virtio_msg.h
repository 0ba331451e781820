/* SPDX-License-Identifier: MIT */
/*
 * Virtio by messages between two VMs: the virtio committee's draft "Virtio Over Messages",
 * revision 1, over a channel of stile/ring.h. The driver's VM reaches devices that another VM, the
 * back end, has for it; no register traps, and the hypervisor knows nothing of it.
 *
 * The bus is a channel, of messages of STILE_VIRTIO_MSG_BYTES. The driver's VM offers it to the
 * back end's, under STILE_VIRTIO_MSG_KEY, whose last character counts the buses it has, from '0'.
 * Requests are in ring 0, responses and events in ring 1. A device's number is that which the back
 * end's administrator gave it.
 *
 * Once the back end has joined (the ports of both rings are bound), the driver's VM
 *
 *     1. says what memory the back end may reach, by SHARE_MEMORY, for all devices of the bus: up
 *        to STILE_VM_NR_REGIONS shares of its own
 *     2. finds the devices: GET_DEVICES, GET_DEVICE_INFO
 *     3. for each device: features, queues, a port for each queue by BIND_PORT, and its status
 *
 * EVENT_AVAIL and EVENT_USED are no messages: an event sent to a queue's port is one or the other.
 * So VIRTIO_F_NOTIFICATION_DATA is not offered; VIRTIO_F_ACCESS_PLATFORM is, as the device reaches
 * what was shared alone; addresses are the driver's VM's in any case. A queue is given up by a
 * reset of its device: a SET_DEVICE_STATUS of 0 is answered when the back end leaves the memory
 * alone.
 *
 * A back end that ends closes its ports, which the driver's VM sees (event_query). That then
 * takes back what it shared, withdraws the channel, offers both anew, and does 1 to 3 with the
 * features and the queues as they are: what is available and not used is done by the next back end.
 * Memory goes first: the bus has ended then, and nothing is answered any more. A channel whose
 * rings have been used is not joined. A VM offers one bus to a back end.
 *
 * All fields are little-endian. Unused bytes are 0, and are not looked at.
 */
#ifndef STILE_VIRTIO_MSG_H
#define STILE_VIRTIO_MSG_H

#include "stile/types.h"

#define STILE_VIRTIO_MSG_KEY      "virtio-msg.0"
#define STILE_VIRTIO_MSG_REVISION 1
#define STILE_VIRTIO_MSG_BYTES    64
#define STILE_VIRTIO_MSG_PAYLOAD  56

/** Bits of stile_virtio_msg.type. */
#define STILE_VIRTIO_MSG_RESPONSE 1 /**< else a request, or an event */
#define STILE_VIRTIO_MSG_BUS      2 /**< of the bus; else of a device */

/** A message. */
struct stile_virtio_msg {
    uint8_t type;      /**< STILE_VIRTIO_MSG_RESPONSE, STILE_VIRTIO_MSG_BUS */
    uint8_t id;        /**< one of the numbers below */
    uint16_t device;   /**< its number; 0 in messages of the bus */
    uint16_t token;    /**< not 0, and the same in the response; 0 in events */
    uint16_t bytes;    /**< of the message: 8 and its payload's */
    uint64_t words[7]; /**< the payload: union stile_virtio_msg_payload */
};

/** Messages of a device: requests of the driver. */
#define STILE_VIRTIO_GET_INFO     0x02 /**< no payload; stile_virtio_msg_info */
#define STILE_VIRTIO_GET_FEATURES 0x03 /**< stile_virtio_msg_features, without data; with data */
#define STILE_VIRTIO_SET_FEATURES 0x04 /**< stile_virtio_msg_features; no payload */
#define STILE_VIRTIO_GET_CONFIG   0x05 /**< stile_virtio_msg_range; stile_virtio_msg_config */
#define STILE_VIRTIO_SET_CONFIG   0x06 /**< stile_virtio_msg_config; that, 0 bytes: rejected */
#define STILE_VIRTIO_GET_STATUS   0x07 /**< no payload; stile_virtio_msg_status */
#define STILE_VIRTIO_SET_STATUS   0x08 /**< stile_virtio_msg_status; that, as it is now */
#define STILE_VIRTIO_GET_VQUEUE   0x09 /**< stile_virtio_msg_vqueue, index alone; whole */
#define STILE_VIRTIO_SET_VQUEUE   0x0A /**< stile_virtio_msg_vqueue; no payload */
#define STILE_VIRTIO_RESET_VQUEUE 0x0B /**< not offered */

/** Messages of a device: events of its. */
#define STILE_VIRTIO_EVENT_CONFIG 0x40 /**< stile_virtio_msg_event */

/** Messages of the bus: requests of the driver's side. */
#define STILE_VIRTIO_GET_DEVICES  0x02 /**< stile_virtio_msg_devices, without bits; with bits */
#define STILE_VIRTIO_PING         0x03 /**< 4 bytes; the same */
#define STILE_VIRTIO_SHARE_MEMORY 0x80 /**< stile_virtio_msg_memory; stile_virtio_msg_done */
#define STILE_VIRTIO_BIND_PORT    0x81 /**< stile_virtio_msg_port; stile_virtio_msg_done */

/** What a device is; all 0: there is none of that number. */
struct stile_virtio_msg_info {
    uint32_t device_id;
    uint32_t vendor_id;
    uint32_t nr_features;  /**< a multiple of 32 */
    uint32_t config_bytes; /**< how long its configuration is */
    uint32_t nr_queues;
    uint16_t admin_first; /**< 0: no queue is an admin queue's */
    uint16_t nr_admin;
};

#define STILE_VIRTIO_MSG_NR_BLOCKS 12

/** Some of the features: blocks of 32. Those that there are not read as 0. */
struct stile_virtio_msg_features {
    uint32_t first; /**< the block of features 32 * first and so on */
    uint32_t nr;    /**< how many blocks, 1 to STILE_VIRTIO_MSG_NR_BLOCKS */
    uint32_t data[STILE_VIRTIO_MSG_NR_BLOCKS];
};

/** A part of the configuration. */
struct stile_virtio_msg_range {
    uint32_t offset;
    uint32_t bytes; /**< 1 to STILE_VIRTIO_MSG_CONFIG_BYTES */
};

#define STILE_VIRTIO_MSG_CONFIG_BYTES 44

/** A part of the configuration, and what is there. */
struct stile_virtio_msg_config {
    uint32_t generation; /**< to be written it must be the current one */
    uint32_t offset;
    uint32_t bytes;
    uint8_t data[STILE_VIRTIO_MSG_CONFIG_BYTES];
};

struct stile_virtio_msg_status {
    uint32_t status; /**< virtio 1.2, section 2.1 */
};

/** A queue. Addresses are IPAs of the driver's VM, in what it has shared. */
struct stile_virtio_msg_vqueue {
    uint32_t index;
    uint32_t num_max; /**< the back end's; 0: there is no such queue */
    uint32_t num;     /**< how many descriptors; 0: the queue is not in use */
    uint32_t unused;  /**< 0 */
    uint64_t desc_ipa;
    uint64_t driver_ipa; /**< the available ring, or the driver's events */
    uint64_t device_ipa; /**< the used ring, or the device's events */
};

/** The device's configuration or status has changed. */
struct stile_virtio_msg_event {
    uint32_t status;     /**< as it is now: DEVICE_NEEDS_RESET may be set */
    uint32_t generation; /**< as it is now */
    uint32_t offset;     /**< 0 */
    uint32_t bytes;      /**< 0: what has changed is to be read */
};

#define STILE_VIRTIO_MSG_NR_DEVICES   256
#define STILE_VIRTIO_MSG_DEVICE_BYTES 32

/** Which devices there are: bit n of bits, the lowest in the first byte, is device first + n. */
struct stile_virtio_msg_devices {
    uint16_t first; /**< a multiple of 8 */
    uint16_t nr;    /**< asked for, then told: a multiple of 8, 8 to STILE_VIRTIO_MSG_NR_DEVICES */
    uint16_t next;  /**< where there are more; 0: there are none */
    uint8_t bits[STILE_VIRTIO_MSG_DEVICE_BYTES];
};

/** Memory that the back end may reach, by a share to be accepted whole, read and written. */
struct stile_virtio_msg_memory {
    uint32_t share;
    uint32_t unused;   /**< 0 */
    uint64_t base_ipa; /**< in the driver's VM */
    uint64_t bytes;    /**< whole pages */
};

/** The port of a queue: the back end binds one to it. */
struct stile_virtio_msg_port {
    uint32_t queue;
    uint32_t port;     /**< of the driver's VM, allocated for the back end's */
    uint16_t device;   /**< the queue's */
    uint8_t unused[6]; /**< 0 */
};

/** What became of a request. */
struct stile_virtio_msg_done {
    uint32_t error; /**< 0, or not, and nothing was changed */
};

/** What stile_virtio_msg.words holds, by the message. */
union stile_virtio_msg_payload {
    uint64_t words[7];
    struct stile_virtio_msg_info info;
    struct stile_virtio_msg_features features;
    struct stile_virtio_msg_range range;
    struct stile_virtio_msg_config config;
    struct stile_virtio_msg_status status;
    struct stile_virtio_msg_vqueue vqueue;
    struct stile_virtio_msg_event event;
    struct stile_virtio_msg_devices devices;
    struct stile_virtio_msg_memory memory;
    struct stile_virtio_msg_port port;
    struct stile_virtio_msg_done done;
};

STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg) == STILE_VIRTIO_MSG_BYTES, "fixed");
STILE_STATIC_ASSERT(sizeof(union stile_virtio_msg_payload) == STILE_VIRTIO_MSG_PAYLOAD, "all fit");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_msg, words) == 8, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_info) == 24, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_features) == 56, "fills the payload");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_config) == 56, "fills the payload");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_vqueue) == 40, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_event) == 16, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_devices) == 38, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_memory) == 24, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_msg_port) == 16, "fixed");

#endif
