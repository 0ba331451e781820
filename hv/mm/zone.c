/* SPDX-License-Identifier: MIT */
/*
 * Lists of free blocks, by order; blocks that are cut and merged.
 */
#include "mm/zone.h"

#include "lib/check.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"

#define PAGE_ORDER_MASK 0x1Fu
_Static_assert(ZONE_ORDER_MAX <= PAGE_ORDER_MASK, "struct page holds it");

#define NO_PAGE UINT32_MAX

/* The pool, and the gaps that what is taken leaves in the machine's ranges of memory. */
#define NR_EXTENTS (1 + 2 * RANGES_MAX)

static struct page *pages;   /* of all extents, one after the other */
static struct page *not_yet; /* those of the extents to come */
static struct extent extents[NR_EXTENTS];
static uint32_t nr_extents; /* constant after boot */

/* --- at boot ------------------------------------------------------------------------------- */

void zones_begin(struct page *array)
{
    pages = not_yet = array;
    nr_extents = 0;
}

void zone_init(struct zone *zone, uint32_t owner)
{
    zone->owner = (uint16_t)owner;
    zone->nr_pages = 0;
    zone->nr_free = 0;
    zone->orders = 0;
    for (unsigned order = 0; order < ZONE_NR_ORDERS; order++)
        zone->first[order] = NO_PAGE;
}

void zone_add(struct zone *zone, struct pa_range range)
{
    struct extent *extent = &extents[nr_extents];
    uint64_t number = range.base.pa >> PAGE_SHIFT;

    CHECK(nr_extents < NR_EXTENTS);
    nr_extents++;
    *extent = (struct extent){number, number + (range.bytes >> PAGE_SHIFT), not_yet, zone};
    not_yet += range.bytes >> PAGE_SHIFT;
    while (number < extent->end) {
        unsigned order = number ? (unsigned)__builtin_ctzll(number) : ZONE_ORDER_MAX;

        if (order > ZONE_ORDER_MAX)
            order = ZONE_ORDER_MAX;
        while (order_pages(order) > extent->end - number)
            order--;
        block_set_free(zone, page_of(extent, number), order, false);
        number += order_pages(order);
    }
}

/* --- extents ------------------------------------------------------------------------------- */

struct extent *extent_of(uint64_t number)
{
    for (uint32_t i = 0; i < nr_extents; i++) {
        if (number >= extents[i].start && number < extents[i].end)
            return &extents[i];
    }
    return NULL;
}

const struct extent *extent_next(const struct extent *extent)
{
    const struct extent *next = extent ? extent + 1 : extents;

    return next < extents + nr_extents ? next : NULL;
}

uint64_t number_of(const struct page *page)
{
    for (uint32_t i = 0; i < nr_extents; i++) {
        const struct extent *extent = &extents[i];

        if (page >= extent->pages && page < extent->pages + (extent->end - extent->start))
            return extent->start + (uint64_t)(page - extent->pages);
    }
    panic("page %p is in no extent", (const void *)page);
}

/* --- blocks -------------------------------------------------------------------------------- */

static void list_add(struct zone *zone, struct page *page)
{
    uint32_t index = (uint32_t)(page - pages);
    uint32_t first = zone->first[page->order];

    page->prev = NO_PAGE;
    page->next = first;
    if (first != NO_PAGE)
        pages[first].prev = index;
    zone->first[page->order] = index;
    zone->orders |= 1u << page->order;
    zone->nr_free += order_pages(page->order);
}

static void list_take(struct zone *zone, struct page *page)
{
    if (page->next != NO_PAGE)
        pages[page->next].prev = page->prev;
    if (page->prev != NO_PAGE)
        pages[page->prev].next = page->next;
    else
        zone->first[page->order] = page->next;
    if (zone->first[page->order] == NO_PAGE)
        zone->orders &= ~(1u << page->order);
    zone->nr_free -= order_pages(page->order);
}

void block_set_free(struct zone *zone, struct page *page, unsigned order, bool stale)
{
    page->owner = zone->owner;
    page->order = order & PAGE_ORDER_MASK;
    page->state = PAGE_FREE;
    page->stale = stale;
    list_add(zone, page);
}

/* The buddy of a free block with which it makes one of the next order, or NULL. */
static struct page *free_buddy(const struct zone *zone, const struct extent *extent,
                               uint64_t number, unsigned order, bool stale)
{
    uint64_t other = number ^ order_pages(order);
    struct page *buddy;

    if (order == ZONE_ORDER_MAX || other < extent->start ||
        other + order_pages(order) > extent->end)
        return NULL;
    buddy = page_of(extent, other);
    if (buddy->state != PAGE_FREE || buddy->order != order || buddy->owner != zone->owner)
        return NULL;
    /* Only what was freed holds the poison, so the two kinds stay apart. */
    if (IS_ENABLED(CONFIG_POISON) && buddy->stale != stale)
        return NULL;
    return buddy;
}

void block_free(struct zone *zone, const struct extent *extent, uint64_t number, unsigned order,
                bool stale)
{
    struct page *buddy;

    while ((buddy = free_buddy(zone, extent, number, order, stale))) {
        stale = stale || buddy->stale;
        list_take(zone, buddy);
        buddy->state = PAGE_INSIDE;
        page_of(extent, number)->state = PAGE_INSIDE;
        number &= ~order_pages(order);
        order++;
    }
    block_set_free(zone, page_of(extent, number), order, stale);
}

struct page *block_take(struct zone *zone, unsigned order)
{
    uint32_t candidates = zone->orders >> order << order;
    struct page *page;

    if (candidates == 0)
        return NULL;
    page = &pages[zone->first[__builtin_ctz(candidates)]];
    list_take(zone, page);
    return page;
}

/* Makes @part of a free block, which is off its list, a used one of @order; gives the rest back. */
static struct page *use_part(struct zone *zone, struct page *page, struct page *part,
                             unsigned order, uint32_t owner)
{
    while (page->order > order) {
        struct page *lower = page;
        struct page *upper = page + order_pages(--page->order);

        if (part < upper) {
            block_set_free(zone, upper, page->order, page->stale);
            continue;
        }
        *upper = *lower;
        page = upper;
        block_set_free(zone, lower, page->order, page->stale);
    }
    page->owner = (uint16_t)owner;
    page->state = PAGE_USED;
    return page;
}

struct page *block_alloc(struct zone *zone, unsigned order, uint32_t owner)
{
    struct page *page = block_take(zone, order);

    return page ? use_part(zone, page, page, order, owner) : NULL;
}

struct page *block_claim(struct zone *zone, const struct extent *extent, uint64_t number,
                         unsigned order, uint32_t owner)
{
    struct page *page = page_of(extent, block_start(extent, number));

    if (page->state != PAGE_FREE || page->order < order)
        return NULL;
    list_take(zone, page);
    return use_part(zone, page, page_of(extent, number), order, owner);
}

uint64_t block_start(const struct extent *extent, uint64_t number)
{
    for (unsigned order = 0; order < ZONE_NR_ORDERS; order++) {
        uint64_t start = number & ~(order_pages(order) - 1);

        if (start < extent->start)
            break;
        if (page_of(extent, start)->state != PAGE_INSIDE && page_of(extent, start)->order >= order)
            return start;
    }
    panic("page %lx is in no block", number);
}

struct page *block_cut(const struct extent *extent, uint64_t number, unsigned order)
{
    uint64_t start = block_start(extent, number);
    struct page *page = page_of(extent, start);

    while (page->order > order) {
        struct page *upper = page + order_pages(--page->order);
        uint8_t ready = upper->ready;

        *upper = *page;
        upper->ready = ready;
        if (number >= start + order_pages(page->order)) {
            start += order_pages(page->order);
            page = upper;
        }
    }
    return page;
}
