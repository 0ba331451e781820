/* SPDX-License-Identifier: MIT */
/*
 * Copy windows: the only way EL2 reaches guest memory, and registers of a guest's device.
 *
 * Each physical CPU has one for a page and one for a 2 MiB block. What is mapped stays so until
 * the matching unmap, on the same CPU; EL2 is not interrupted, so nobody else can use the window
 * meanwhile.
 */
#ifndef MM_WINDOW_H
#define MM_WINDOW_H

#include "lib/addr.h"

/** Whether caches are used, and so may hold what a window shows. */
enum window_memory {
    WINDOW_CACHED,
    WINDOW_UNCACHED, /* no cache may hold a line that is read or written: mm/handover.h */
    WINDOW_DEVICE,   /* registers */
};

/** Maps the 4 KiB page @page, readable and writable. Returns where. */
void *window_map(pa_t page, enum window_memory memory);
void window_unmap(void);

/** Maps the 2 MiB block @block, readable and writable. Returns where. */
void *window_map_block(pa_t block, enum window_memory memory);
void window_unmap_block(void);

/**
 * window_init() - make the windows' tables
 * @level2: a zeroed page, the level-2 table that covers HV_WINDOW_VA
 * @level3: another one, for the table below it
 */
void window_init(uint64_t *level2, uint64_t *level3);

#endif
