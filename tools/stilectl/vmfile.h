/* SPDX-License-Identifier: MIT */
/*
 * What a VM is to be: a file of settings, in libconfig's syntax, read and checked. stilectl(8) has
 * its keys.
 */
#ifndef STILECTL_VMFILE_H
#define STILECTL_VMFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** As many as the hypervisor has room for. */
#define VMFILE_DEVICES_MAX 4

struct config_t;

/** A VM. What is NULL or 0 was not given. */
struct vmfile {
    struct config_t *source; /* whose the texts are that follow */
    const char *name;
    const char *bootargs;
    const char *mode;
    const char *backends[VMFILE_DEVICES_MAX]; /* who serves its virtio devices */
    const char *messages;                     /* who serves some by messages */
    char *kernel, *initrd, *tree;             /* where they are */
    uint64_t cpus;                            /* a bit for each physical one */
    uint32_t memory_mib, pool_mib;
    uint32_t nr_vcpus;
    uint32_t weight;
    uint32_t hv_memory_kib;
    uint32_t gic; /* 2 or 3 */
    uint32_t nr_backends;
    bool privileged;
    bool uart;     /* true if not given, as is the next */
    bool restarts; /* when it reboots; else it is destroyed then */
};

/**
 * vmfile_read() - read and check such a file
 * @path: where it is; paths in it are relative to its folder
 * @file: what is in it
 *
 * Returns NULL, or what is wrong with it: one line, with the place, that stays until the next call.
 * Call vmfile_free() in any case.
 */
const char *vmfile_read(const char *path, struct vmfile *file);

/** vmfile_free() - give back what vmfile_read() has taken */
void vmfile_free(struct vmfile *file);

#endif
