/* SPDX-License-Identifier: MIT */
/*
 * What a VM of this world gives vm_create: a struct stile_vm_image and a device tree, both sound.
 */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "stile/abi.h"

/** What the trees ask for: the first is the plainest, and the fake of libhypercall makes the same
 * of it. */
enum image_kind {
    IMAGE_PLAIN,      /* one vCPU with a mailbox, and IMAGE_PLAIN_BYTES */
    IMAGE_GIC,        /* two vCPUs with a GICv3 and a UART */
    IMAGE_PLACED,     /* a kernel that is no Image, and says where it is to be */
    IMAGE_SERVED,     /* virtio devices that other VMs are to serve */
    IMAGE_LARGE,      /* more memory than a quota of this world has */
    IMAGE_LITTLE,     /* of the hypervisor's memory it may have too little */
    IMAGE_HEAVY,      /* it may run only on the second CPU, and has a large weight */
    IMAGE_PRIVILEGED, /* for all VMs, */
    IMAGE_QUOTA,      /* or for those that it makes */
    IMAGE_NR_KINDS,
};

#define IMAGE_PLAIN_BYTES UINT64_C(0x100000)

/** How long an image is at most. */
#define IMAGE_BYTES_MAX UINT64_C(0x2000)

/** Where VMs have theirs: the last pages of their memory. */
#define IMAGE_IPA (WORLD_RAM + WORLD_RAM_BYTES - IMAGE_BYTES_MAX)

/**
 * image_make() - write an image to @image, of IMAGE_BYTES_MAX
 * @name: which of some names; many begin with that of the VM with a quota and a dot, a few are
 *        those of VMs of the bundle
 *
 * Returns its length.
 */
size_t image_make(void *image, enum image_kind kind, unsigned name);

#endif
