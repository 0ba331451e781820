/* SPDX-License-Identifier: MIT */
/*
 * Translation tables, whoever's they are: the kernel's tree or a process's.
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include <stdbool.h>
#include <stdint.h>

/** What may be done with a mapping. */
enum map_kind {
    MAP_KERNEL_TEXT,   /* kernel: read, execute */
    MAP_KERNEL_RODATA, /* kernel: read */
    MAP_KERNEL_DATA,   /* kernel: read, write */
    MAP_DEVICE,        /* kernel: read, write; device memory */
    MAP_USER_TEXT,     /* process: read, execute */
    MAP_USER_RODATA,   /* process: read */
    MAP_USER_DATA,     /* process: read, write */
};

/**
 * map_range() - map a range of addresses that has no mapping yet
 * @root: physical address of the level 1 table
 * @va: @pa: @bytes: multiples of 4096; blocks are used where all three allow it
 *
 * Returns false if there is no memory for a table; part of the range may be mapped then.
 */
bool map_range(uint64_t root, uint64_t va, uint64_t pa, uint64_t bytes, enum map_kind kind);

/** map_unmap_page() - take out one page's mapping; its physical address, or 0 if there was none */
uint64_t map_unmap_page(uint64_t root, uint64_t va);

/**
 * map_lookup_user() - where a process's page is
 * @write: whether it must be writable by the process
 *
 * Returns its physical address, or 0 if the process may not access @va so.
 */
uint64_t map_lookup_user(uint64_t root, uint64_t va, bool write);

/** map_free_user() - free a process's tables and every page they map */
void map_free_user(uint64_t root);

#endif
