/* SPDX-License-Identifier: MIT */
/*
 * How a virtio block device is reached (Virtio 1.1, 4): by registers in memory, or by PCI.
 */
#ifndef GUEST_BLK_TRANSPORT_H
#define GUEST_BLK_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

struct blk_transport {
    uint32_t (*intid)(void);
    uint32_t (*status)(void);
    void (*set_status)(uint32_t status);
    uint32_t (*features)(void); /* the second word, of which VERSION_1 is bit 0 */
    void (*set_features)(uint32_t features);
    bool (*set_queue)(uint32_t nr, uint64_t desc, uint64_t driver, uint64_t device);
    void (*notify)(void);
    uint32_t (*acknowledge)(void); /* why it interrupted, after which it does no more */
    uint64_t (*sectors)(void);
};

/** Find a device, and map it; NULL: there is none. Before the first suite. */
const struct blk_transport *blk_mmio_find(void);
const struct blk_transport *blk_pci_find(void);

#define BLK_DEVICE_ID 2u

#endif
