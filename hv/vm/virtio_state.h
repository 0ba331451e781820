/* SPDX-License-Identifier: MIT */
/*
 * The virtio devices of a VM that other VMs serve (virt/virtio_mmio.h).
 */
#ifndef VM_VIRTIO_STATE_H
#define VM_VIRTIO_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/spinlock.h"
#include "stile/virtio.h"
#include "vm/vm_config.h"

/** One of them. What a selector selects is the guest's: it is checked where it is used. */
struct virtio_device {
    struct stile_virtio_page *page; /* the back end writes it, too: nothing here depends on that */
    uint32_t backend; /* the VM that it is offered to; 0: none. life/vm_backends.c's */
    uint32_t port;    /* of the device's VM; 0: none. Likewise */
    uint32_t device_features_sel;
    uint32_t driver_features_sel;
    uint32_t queue_sel;
    uint32_t device_id; /* what it is, since it was served first; 0 before */
    uint32_t resets;    /* as the page should say */
    bool is_bound;      /* the back end has a port */
    bool is_served;     /* and has said what the device is */
    uint64_t awaiting;  /* vCPUs that do not run until a reset is done, a bit for each */
};

struct virtio {
    struct spinlock lock; /* of all but the selectors, and what is life/vm_backends.c's */
    bool starts;          /* vCPU 0 does not run until all are served */
    struct virtio_device devices[VM_NR_VIRTIO];
};

#endif
