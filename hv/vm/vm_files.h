/* SPDX-License-Identifier: MIT */
/*
 * The files a VM is made of, where the bundle has them: kept for its reboots.
 */
#ifndef VM_VM_FILES_H
#define VM_VM_FILES_H

#include <stddef.h>

#include "stile/shared.h"

/** A file inside the archive. data is NULL if there is none. */
struct vm_file {
    const void *data;
    size_t bytes;
};

struct vm_files {
    char name[STILE_VM_NAME_BYTES]; /* the folder */
    struct vm_file kernel;
    struct vm_file dtb;
    struct vm_file initrd;
};

#endif
