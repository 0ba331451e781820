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
    uint64_t (*features)(void);
    void (*set_features)(uint64_t features);
    bool (*set_queue)(uint32_t nr, uint64_t desc, uint64_t driver, uint64_t device);
    void (*notify)(void);
    uint32_t (*acknowledge)(void); /* why it interrupted, after which it does no more */
    uint64_t (*sectors)(void);
};

/** The device that was found before the first suite; NULL: there is none */
const struct blk_transport *blk_device(void);

/** Find a device, and map it; NULL: there is none. Before the first suite. */
const struct blk_transport *blk_mmio_find(void);
const struct blk_transport *blk_pci_find(void);

#define BLK_DEVICE_ID 2u

/* Virtio 1.1, 2.1: the device's status. */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

/* 6: features of all devices. */
#define FEATURE_EVENT_IDX       (UINT64_C(1) << 29)
#define FEATURE_VERSION_1       (UINT64_C(1) << 32)
#define FEATURE_ACCESS_PLATFORM (UINT64_C(1) << 33)

#endif
