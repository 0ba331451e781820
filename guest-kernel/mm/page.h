/* SPDX-License-Identifier: MIT */
/*
 * Physical pages, and where the kernel sees them.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/layout.h"

/* What turns a physical address into one the kernel may use; 0 until the linear map is there. */
extern uint64_t page_linear_offset;

static inline void *phys_to_virt(uint64_t pa)
{
    return (void *)(page_linear_offset + pa);
}

/** The physical address behind an address of the linear map or of the image. */
uint64_t virt_to_phys(const void *address);

/** page_set_image() - say where the image was loaded, before anything else here */
void page_set_image(uint64_t pa);

/**
 * page_init() - take over the machine's memory, but for what is reserved
 *
 * Costs nothing per page: memory that was never used is handed out from its start.
 */
void page_init(void);

/** page_alloc() - a page with unknown content; its physical address, or 0 if there is none */
uint64_t page_alloc(void);

/** page_alloc_zeroed() - the same, filled with zeroes */
uint64_t page_alloc_zeroed(void);

/**
 * page_alloc_run() - pages with unknown content, one behind the other, of memory that nobody has
 * used yet
 *
 * For who keeps them: they go back one by one, and are no run then. Returns the physical address of
 * the first, or 0.
 */
uint64_t page_alloc_run(uint64_t nr_pages);

/** page_free() - give back a page that page_alloc() returned */
void page_free(uint64_t pa);

/** page_nr_free() - how many pages can be allocated */
uint64_t page_nr_free(void);

#endif
