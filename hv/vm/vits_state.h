/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a VM's ITS and its LPIs (vgic/vits.c, vgic/vlpi.c). A guest's LPI of number n,
 * from 0, is the machine's of its VM's number * ITS_VM_LPIS + n: none is two events'.
 */
#ifndef VM_VITS_STATE_H
#define VM_VITS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/its.h"
#include "lib/addr.h"
#include "lib/spinlock.h"
#include "vm/vm.h"

#define VITS_NR_DEVICES     8u
#define VITS_NR_COLLECTIONS 8u
#define VITS_NR_LPIS        ITS_VM_LPIS
#define VITS_LPI_WORDS      (VITS_NR_LPIS / 32)

/** In vits.in_lr[]: what the list register has is no LPI's any more. */
#define VITS_STALE UINT16_MAX

/** A device of the guest's. */
struct vits_device {
    uint32_t id;                 /* the guest's DeviceID */
    uint32_t nr_events;          /* 0: this place is free */
    uint16_t lpi[ITS_NR_EVENTS]; /* its number + 1; 0: the event is not mapped */
};

struct vits {
    /* memory/guest.h's guest_read() */
    size_t (*read)(struct vm *vm, void *to, ipa_t from, size_t bytes);
    void *itts; /* of the machine's ITS, ITS_ITT_BYTES for each place of a device */

    /* Registers and the queue. May be held when the VM's vgic.lock is taken. */
    struct spinlock lock;
    bool enabled;
    bool is_shown; /* LPIs are taken for it: vlpi_show() */
    bool has_more; /* the queue is gone on with soon; read without the lock */
    uint64_t cbaser;
    uint64_t propbaser;
    uint64_t pendbaser[CONFIG_NR_VCPUS];
    uint32_t writer; /* offsets */
    uint32_t reader;

    /* Under the VM's vgic.lock, and devices[] under both. */
    struct vits_device devices[VITS_NR_DEVICES];
    uint32_t lpis_on;                      /* by vCPU: GICR_CTLR.EnableLPIs */
    uint8_t vcpu_of[VITS_NR_COLLECTIONS];  /* its index + 1; 0: not mapped */
    uint16_t in_lr[CONFIG_NR_VCPUS];       /* an LPI's number + 1, or VITS_STALE, or 0 */
    uint32_t mapped[VITS_LPI_WORDS];       /* an event is it */
    uint32_t pending[VITS_LPI_WORDS];      /* it has come, and was not acknowledged yet */
    uint32_t again[VITS_LPI_WORDS];        /* once more: the machine's is kept back */
    uint32_t enabled_lpis[VITS_LPI_WORDS]; /* by the guest's table, as is priority[] */
    uint8_t priority[VITS_NR_LPIS];
    uint8_t collection[VITS_NR_LPIS];
    uint8_t event[VITS_NR_LPIS]; /* of which event, and of the device at which place */
    uint8_t place[VITS_NR_LPIS];
};

_Static_assert(sizeof(struct vits) <= 4096, "it is a page");

/* By VM: its place - 1. Not in struct vm: without CONFIG_ITS there is nothing of it. */
extern struct vits *vits_by_vm[CONFIG_NR_VMS];

/** What there is of a VM's ITS; NULL: it has none. */
static inline struct vits *vits_of(const struct vm *vm)
{
    return vits_by_vm[vm->id - 1];
}

#endif
