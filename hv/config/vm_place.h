/* SPDX-License-Identifier: MIT */
/*
 * Where a VM's kernel, device tree and initrd go in its memory.
 */
#ifndef CONFIG_VM_PLACE_H
#define CONFIG_VM_PLACE_H

#include <stdint.h>

#include "vm/vm_config.h"

struct vm;

/** Where things go. */
struct vm_layout {
    struct ipa_range kernel; /* with what it needs behind the file */
    struct ipa_range dtb;
    struct ipa_range initrd;
    uint64_t kernel_clean; /* bytes of the kernel's room that must not stay in a cache */
};

/**
 * vm_place() - check a VM's kernel and find places for its files
 * @vm:   with config and image
 * @tree: its device tree, aligned and sound
 * @page: a page to work on
 *
 * Reads the tree with libfdt: by way of plain_abi_call() once a guest has run. Returns NULL, or a
 * text, as long-lived as a refusal()'s, that names the file and what is wrong with it.
 */
const char *vm_place(const struct vm *vm, const void *tree, void *page, struct vm_layout *layout);

#endif
