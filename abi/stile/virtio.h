/* SPDX-License-Identifier: MIT */
/*
 * The registers of a virtio device that one VM serves for another (virtio 1.2, section 4.2.2).
 *
 * A VM whose device tree has a virtio,mmio node with stile,backend, the name of a VM, finds a
 * virtio-mmio device there. The hypervisor answers its accesses, and reads no queue: what there is
 * to know is in a page that the other VM, the back end, maps. That VM is offered two kinds of
 * shares (memory_next_offered), at its own start and at that of the device's VM:
 *
 *     the page           a share with STILE_SHARE_DEVICE, to be read and written
 *     the VM's memory    or what its tree lets the back end see; the page names these shares
 *
 * They cannot be revoked, and end with the VM. To serve a device the back end
 *
 *     1. accepts the page, and copies and checks what is constant in it
 *     2. accepts the memory, and binds a port to the page's (event_bind)
 *     3. writes what is the back end's, and last, with release, device_id; and sends an event
 *
 * A VM whose devices are not all served does not begin to run. One of them may be in use when it
 * is served: status and the queues say how far the driver was; what was made available and is not
 * used is done anew.
 *
 * An event to the back end says: look at all of it. The driver has notified a queue, changed the
 * status or the configuration, or reset the device, by which alone it gives queues up
 * (VIRTIO_F_RING_RESET is not to be offered). A reset is resets being another number than before:
 * the back end leaves the VM's memory alone, forgets the queues, writes the number to resets_done,
 * with release, and sends an event; until then the vCPU that resets does not run. That ends when
 * the back end does, too.
 *
 * To interrupt the driver, the back end sets a bit of interrupt, atomically, with release, and
 * sends an event.
 *
 * When the VM ends its memory turns to scratch memory of the back end's own, as that of any share.
 * Before, ended is set, with release: who has copied something out of the memory, and then finds
 * that ended is 0 in a page that has its magic, has copied what the driver wrote.
 *
 * All fields are little-endian, all memory is Normal write-back. Reserved space is 0.
 */
#ifndef STILE_VIRTIO_H
#define STILE_VIRTIO_H

#include "stile/shared.h"
#include "stile/types.h"

/** "SVIO" */
#define STILE_VIRTIO_MAGIC   0x4F495653u
#define STILE_VIRTIO_VERSION 1

#define STILE_VIRTIO_NR_QUEUES    8
#define STILE_VIRTIO_CONFIG_BYTES 256

/** Bits of interrupt. */
#define STILE_VIRTIO_USED_BUFFER 1 /**< buffers were used */
#define STILE_VIRTIO_CONFIG      2 /**< the configuration has changed */

/** Of stile_virtio_page.flags: the memory is a part of the VM's, through which it bounces. */
#define STILE_VIRTIO_RESTRICTED 1

/** A queue, as the driver has set it up. Addresses are IPAs of the device's VM. */
struct stile_virtio_queue {
    uint32_t num_max;    /**< the back end's: QueueNumMax; 0: there is no such queue */
    uint32_t num;        /**< QueueNum */
    uint32_t ready;      /**< QueueReady: 0 or 1 */
    uint32_t reserved;   /**< 0 */
    uint64_t desc_ipa;   /**< QueueDesc */
    uint64_t driver_ipa; /**< QueueDriver: the available ring, or the driver's events */
    uint64_t device_ipa; /**< QueueDevice: the used ring, or the device's events */
    uint64_t reserved1[3];
};

/** Memory of the device's VM that the back end may map. */
struct stile_virtio_memory {
    uint64_t base_ipa; /**< in that VM */
    uint64_t bytes;    /**< 0: the entry is unused */
    uint32_t share;    /**< to accept, whole, to be read and written */
    uint32_t reserved; /**< 0 */
};

/** One for each device. What is not the back end's is the hypervisor's to write. */
struct stile_virtio_page {
    uint32_t magic;   /**< STILE_VIRTIO_MAGIC; constant, as all up to memory */
    uint32_t version; /**< STILE_VIRTIO_VERSION */
    uint32_t vm_id;   /**< whose device it is */
    uint32_t port;    /**< of that VM: to bind to */
    uint32_t index;   /**< which of its devices, from 0, by their addresses */
    uint32_t flags;   /**< STILE_VIRTIO_RESTRICTED */
    struct stile_virtio_memory memory[STILE_VM_NR_REGIONS];
    uint8_t reserved0[8];
    uint32_t status;          /**< Status; 0 after a reset */
    uint32_t resets;          /**< how often the driver has reset the device, modulo 2^32 */
    uint64_t driver_features; /**< those of device_features that the driver accepts */
    uint32_t ended;           /**< not 0: the VM has ended: see above */
    uint8_t reserved1[108];
    uint32_t device_id;         /**< the back end's, as all up to config: DeviceID; not 0 */
    uint32_t vendor_id;         /**< VendorID */
    uint64_t device_features;   /**< what it offers */
    uint32_t config_generation; /**< ConfigGeneration */
    uint32_t resets_done;       /**< up to which reset it has forgotten the queues */
    uint64_t interrupt;         /**< InterruptStatus; cleared by the hypervisor, atomically */
    uint32_t needs_reset; /**< not 0: DEVICE_NEEDS_RESET, until the driver resets the device */
    uint8_t reserved2[220];
    struct stile_virtio_queue queues[STILE_VIRTIO_NR_QUEUES];
    uint8_t config[STILE_VIRTIO_CONFIG_BYTES]; /**< written by the driver, too */
    uint8_t reserved3[2816];
};

STILE_STATIC_ASSERT(sizeof(struct stile_virtio_queue) == 64, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_memory) == 24, "fixed");
STILE_STATIC_ASSERT(sizeof(struct stile_virtio_page) == 4096, "one page");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, memory) == 24, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, status) == 128, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, device_id) == 256, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, interrupt) == 280, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, queues) == 512, "fixed");
STILE_STATIC_ASSERT(offsetof(struct stile_virtio_page, config) == 1024, "fixed");

#endif
