/* SPDX-License-Identifier: MIT */
/*
 * The files a VM is made of, where the bundle has them, or what its maker gave: kept for its
 * reboots.
 */
#ifndef VM_VM_FILES_H
#define VM_VM_FILES_H

#include <stddef.h>

#include "stile/shared.h"

/** A file. data is NULL if there is none, or it is not kept here. */
struct vm_file {
    const void *data;
    size_t bytes;
};

struct vm_files {
    char name[STILE_VM_NAME_BYTES]; /* the folder */
    struct vm_file kernel;
    struct vm_file dtb;
    struct vm_file initrd;
    /* Of a VM that another one makes; else NULL. Then data is in here, of the kernel no more than
     * STILE_VM_KERNEL_START bytes, and of the initrd nothing: its maker writes both. */
    struct stile_vm_image *given;
};

/** How long given is, with the tree that is behind it. */
static inline size_t vm_files_given_bytes(const struct vm_files *files)
{
    return sizeof(*files->given) + files->dtb.bytes;
}

#endif
