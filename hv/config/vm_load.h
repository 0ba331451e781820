/* SPDX-License-Identifier: MIT */
/*
 * Putting a VM's kernel, initrd and device tree into its memory, by the arm64 Linux boot protocol
 * (Documentation/arm64/booting.rst), or where the tree says.
 */
#ifndef CONFIG_VM_LOAD_H
#define CONFIG_VM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/vm_config.h"

struct vm;

/** What is being loaded into a VM. */
struct vm_load {
    struct ipa_range kernel; /* what is written or cleaned of it */
    ipa_t entry;             /* its first instruction */
    struct ipa_range dtb;    /* whose base is for x0 */
    struct ipa_range initrd;
    uint64_t nr_kernel; /* bytes that are there, as is the next */
    uint64_t nr_initrd;
};

/**
 * vm_load_begin() - check a VM's files, find places for them, and write its device tree
 * @vm: its memory is populated
 *
 * Returns NULL, or a text, as long-lived as a refusal()'s, that names the file and what is wrong
 * with it. Leaves nothing
 * allocated.
 */
const char *vm_load_begin(struct vm_load *load, struct vm *vm);

/** vm_load_is_done() - whether all that vm_load_begin() found a place for is there */
static inline bool vm_load_is_done(const struct vm_load *load)
{
    return load->nr_kernel == load->kernel.bytes && load->nr_initrd == load->initrd.bytes;
}

/**
 * vm_load_some() - write a piece of what is not there yet
 *
 * Bounded. What was written is cleaned to the point of coherency, as the guest starts with its MMU
 * off. Before it starts, what instruction caches hold is to be invalidated. Returns as
 * vm_load_begin().
 */
const char *vm_load_some(struct vm_load *load, struct vm *vm);

#endif
