/* SPDX-License-Identifier: MIT */
/*
 * Zones of physical memory, each a buddy allocator: blocks of 2^order pages, aligned to their size.
 *
 * Free and used blocks tile each extent of memory. The state of a block is in the struct page of
 * its first page; the others say PAGE_INSIDE. So the array needs nothing but zeroes to begin with,
 * and setting a zone up costs a few instructions for each block, not for each page.
 *
 * For mm/page.c alone, whose lock is held after boot where a zone or a block is changed, or one is
 * looked for.
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/ranges.h"

enum page_state {
    PAGE_INSIDE, /* not the first page of a block */
    PAGE_FREE,
    PAGE_USED,
};

struct page {
    uint32_t next; /* in the free list of its order, as indexes into the array */
    uint32_t prev;
    uint16_t owner;
    uint8_t order : 5;
    uint8_t state : 2; /* enum page_state */
    uint8_t stale : 1; /* some of it belonged to somebody before */
    /*
     * What was handed over since it was allocated. Of 2 MiB of guest memory, in their first page,
     * a bit for each part; of a page of the pool not 0 or 0. Free memory has 0.
     */
    uint8_t ready;
};

_Static_assert(sizeof(struct page) == 12, "one GiB of memory costs 3 MiB");

#define ZONE_ORDER_MAX 18 /* 1 GiB */
#define ZONE_NR_ORDERS (ZONE_ORDER_MAX + 1)

/** The free blocks of one kind of memory. */
struct zone {
    uint16_t owner;  /* of its free blocks; two that are free merge only if that is the same */
    size_t nr_pages; /* of a budget: free or not */
    size_t nr_free;  /* pages */
    uint32_t orders; /* bit n: first[n] is not empty */
    uint32_t first[ZONE_NR_ORDERS];
};

/** Contiguous memory of one zone. Page numbers are physical addresses over the page size. */
struct extent {
    uint64_t start; /* page numbers */
    uint64_t end;
    struct page *pages; /* that of start */
    struct zone *zone;
};

static inline uint64_t order_pages(unsigned order)
{
    return UINT64_C(1) << order;
}

static inline struct page *page_of(const struct extent *extent, uint64_t number)
{
    return &extent->pages[number - extent->start];
}

/* --- at boot ------------------------------------------------------------------------------- */

/** zones_begin() - there is no memory yet; @array, all zero, has a struct page for each to come */
void zones_begin(struct page *array);

/** zone_init() - a zone without memory, whose free blocks are @owner's */
void zone_init(struct zone *zone, uint32_t owner);

/** zone_add() - free memory, whole pages that no extent has: the largest aligned blocks that fit */
void zone_add(struct zone *zone, struct pa_range range);

/* --- extents ------------------------------------------------------------------------------- */

/** extent_of() - where page @number, any, is; NULL: in none */
struct extent *extent_of(uint64_t number);

/** extent_next() - the one after @extent; NULL is before the first and after the last */
const struct extent *extent_next(const struct extent *extent);

/** number_of() - the page number of a struct page of the array */
uint64_t number_of(const struct page *page);

/* --- blocks -------------------------------------------------------------------------------- */

/** block_take() - the smallest free block of at least @order, whole, off its list; NULL: none */
struct page *block_take(struct zone *zone, unsigned order);

/** block_alloc() - a block of @order for @owner; NULL: there is none */
struct page *block_alloc(struct zone *zone, unsigned order, uint32_t owner);

/** block_claim() - the same of @order, aligned, at page @number; NULL: not all of it is free */
struct page *block_claim(struct zone *zone, const struct extent *extent, uint64_t number,
                         unsigned order, uint32_t owner);

/** block_free() - give a used block of @order back, merged with what is free beside it */
void block_free(struct zone *zone, const struct extent *extent, uint64_t number, unsigned order,
                bool stale);

/** block_set_free() - make a block that is on no list a free one of @zone, as it is */
void block_set_free(struct zone *zone, struct page *page, unsigned order, bool stale);

/** block_start() - the first page of the block that page @number of @extent is part of */
uint64_t block_start(const struct extent *extent, uint64_t number);

/** block_cut() - cut a used block until @number begins one of @order, which is returned */
struct page *block_cut(const struct extent *extent, uint64_t number, unsigned order);

#endif
