/* SPDX-License-Identifier: MIT */
/*
 * What makes a VM: a device tree as it is asked for, an image, and a kernel of a few instructions.
 */
#ifndef GUEST_MAKER_RIG_H
#define GUEST_MAKER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/hypercall.h"

/** What a VM is to be. */
struct made {
    const char *name;
    const char *mode; /* stile,mode */
    uint32_t mib;
    uint32_t nr_vcpus;
    uint32_t weight; /* 0: not said, as are the next */
    uint32_t hv_kib;
    uint64_t affinity;
    bool privileged;
    uint64_t kernel_bytes; /* 0: that of made_image */
    uint64_t initrd_bytes;
};

/** A small one. */
extern const struct made made_small;

/** Behind the header of the VM's kernel, which it reads and writes all the time. */
struct made_words {
    uint64_t order; /* the maker's, enum made_order; 0 again when it is followed */
    uint64_t beat;  /* it runs */
    uint64_t dtb;   /* what x0 was */
    uint64_t mpidr;
};

enum made_order {
    MADE_POWER_OFF = 1,
    MADE_REBOOT = 2,
};

/** The kernel; its words are STILE_VM_KERNEL_START behind its start. */
extern const char made_image[], made_image_end[];

/** What maker_write() has written: a struct stile_vm_image and a tree. */
struct maker_image {
    struct stile_vm_image image;
    char tree[2048];
};

/** The longest one. */
struct maker_longest {
    struct stile_vm_image image;
    char tree[STILE_VM_IMAGE_MAX - sizeof(struct stile_vm_image)];
};

/** Trees that take long to read, for their length. */
enum maker_slow {
    MAKER_SLOW_NODES,   /* very many */
    MAKER_SLOW_PROPS,   /* of one node */
    MAKER_SLOW_NAMES,   /* which end late */
    MAKER_SLOW_STRINGS, /* what a node is compatible with */
    MAKER_SLOW_RANGES,  /* of a bus with many devices */
    MAKER_NR_SLOW,
};

/** maker_write_slow() - an image for vm_create; returns its length in bytes */
size_t maker_write_slow(struct maker_longest *to, const struct made *made, enum maker_slow how);

/** maker_write() - an image for vm_create; returns its length in bytes */
size_t maker_write(struct maker_image *to, const struct made *made);

/** maker_create() - vm_create of an image in memory that is this kernel's */
struct stile_result maker_create(const struct maker_image *image, size_t bytes);

/** maker_info() - control_vm_info; state STILE_VM_ENDED if there is no such VM */
struct stile_vm_info maker_info(stile_vm_id_t vm);

/** maker_wait() - wait until a VM has a state; whether that came true */
bool maker_wait(stile_vm_id_t vm, enum stile_vm_state state);

/** maker_make() - make a VM up to STILE_VM_MADE, and its files written; number 0 if that fails */
stile_vm_id_t maker_make(const struct made *made);

/** maker_load() - write the kernel of a VM that waits for that; whether all of it was written */
bool maker_load(stile_vm_id_t vm);

/** maker_words() - what the VM's kernel says; maker_order() - tell it something */
struct made_words maker_words(stile_vm_id_t vm);
void maker_order(stile_vm_id_t vm, enum made_order order);

/** maker_reason() - why a VM could not be made: a text that is good until the next call */
const char *maker_reason(stile_vm_id_t vm);

#endif
