/* SPDX-License-Identifier: MIT */
/*
 * Putting a VM's kernel, initrd and device tree into its memory, by the arm64 Linux boot protocol
 * (Documentation/arm64/booting.rst).
 */
#ifndef CONFIG_VM_LOAD_H
#define CONFIG_VM_LOAD_H

#include "config/bundle.h"
#include "lib/addr.h"

struct vm;

/** Where a VM's first vCPU starts. */
struct vm_entry {
    ipa_t pc;  /* the kernel's first instruction */
    ipa_t dtb; /* for x0 */
};

/**
 * vm_load() - load a VM
 * @vm:    its memory is populated and zeroed
 * @from:  its files; vm_tree_parse() has accepted the tree
 * @entry: where to put the result
 *
 * Returns NULL, or a text, as long-lived as a refusal()'s, that names the file and what is wrong
 * with it. Leaves nothing allocated; written memory is cleaned to the point of coherency, as the
 * guest starts with its MMU off.
 */
const char *vm_load(struct vm *vm, const struct vm_files *from, struct vm_entry *entry);

#endif
