/* SPDX-License-Identifier: MIT */
/*
 * A disk as disk_run() uses it, by whatever way.
 */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_BLOCK_BYTES 4096
#define DISK_DEPTH       32

/** Functions return NULL, or what is wrong in a few words, where it is not said otherwise. */
struct disk {
    const char *(*open)(const char *vm, uint64_t *sectors);
    void (*close)(void);
    uint8_t *(*block)(uint32_t slot);             /* a request's own buffer */
    int (*next_slot)(void);                       /* which the next one gets; -1: none is free */
    int (*begin)(bool is_write, uint64_t sector); /* a block; returns its slot, or -1 */
    const char *(*end)(uint32_t *slot);           /* waits for one that is done */
};

/** The machine's, by registers or PCI. */
extern const struct disk disk_by_registers;

#endif
