/* SPDX-License-Identifier: MIT */
/*
 * What a back end may reach of another VM's memory. All of it changes at any time.
 */
#ifndef BACKEND_MEMORY_H
#define BACKEND_MEMORY_H

#include <stdint.h>

#include "stile/virtio.h"

/** A range of the other VM's addresses, and where this program has it. */
struct range {
    uint64_t base;
    uint64_t bytes;
    uint8_t *at;
};

struct memory {
    unsigned nr;
    struct range ranges[STILE_VM_NR_REGIONS];
};

/**
 * memory_at() - where an address of the other VM is
 * @base:  any
 * @bytes: any
 *
 * Returns NULL unless all of it is in one range, and for no bytes.
 */
static inline void *memory_at(const struct memory *memory, uint64_t base, uint64_t bytes)
{
    for (unsigned i = 0; i < memory->nr && bytes > 0; i++) {
        const struct range *range = &memory->ranges[i];
        uint64_t offset = base - range->base;

        if (base >= range->base && offset < range->bytes && bytes <= range->bytes - offset)
            return range->at + offset;
    }
    return NULL;
}

#endif
