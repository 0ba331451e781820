/* SPDX-License-Identifier: MIT */
/*
 * The bundle: a cpio archive (newc) with a folder for each VM.
 *
 *     <vm>/kernel   an arm64 Image
 *     <vm>/vm.dtb   the VM's device tree, its configuration too
 *     <vm>/initrd   optional
 *
 * The archive is not trusted: nothing outside its bytes is read whatever they say.
 */
#ifndef CONFIG_BUNDLE_H
#define CONFIG_BUNDLE_H

#include <stddef.h>

#include "vm/vm_files.h"

/**
 * bundle_read() - find the VMs of a bundle
 * @archive: the bundle, mapped readable
 * @bytes:   its length
 * @vms:     where to put them, in the archive's order
 * @limit:   how many there is room for
 *
 * Returns how many VMs have both a kernel and a device tree. Every fault of the archive is one
 * line of the log that names the file; a VM it concerns is left out, the others are not.
 */
size_t bundle_read(const void *archive, size_t bytes, struct vm_files *vms, size_t limit);

#endif
