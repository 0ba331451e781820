/* SPDX-License-Identifier: MIT */
/*
 * Buddy allocators over the pool and over guest memory. What is set aside of the pool for a VM has
 * an allocator of its own, so that neither another VM's use nor how it left the pool in pieces can
 * be in the way.
 *
 * Free and used blocks tile each extent of memory. The state of a block is in the struct page of
 * its first page; the others say PAGE_INSIDE. So the array needs nothing but zeroes to begin with,
 * and setting a zone up costs a few instructions for each block, not for each page.
 */
#include "mm/page.h"

#include "arch/cache.h"
#include "lib/check.h"
#include "lib/is_enabled.h"
#include "lib/spinlock.h"
#include "mm/carve.h"
#include "mm/handover.h"
#include "mm/poison.h"

enum page_state {
    PAGE_INSIDE, /* not the first page of a block */
    PAGE_FREE,
    PAGE_USED,
};

struct page {
    uint32_t next; /* in the free list of its order, as indexes into pages[] */
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

#define PAGE_ORDER_MASK 0x1Fu
_Static_assert(PAGE_ORDER_MAX <= PAGE_ORDER_MASK, "struct page holds it");
_Static_assert(PAGE_ALL_PARTS <= UINT8_MAX, "struct page has a bit for each");

_Static_assert(sizeof(struct page) == 12, "one GiB of memory costs 3 MiB");

#define NO_PAGE   UINT32_MAX
#define NR_ORDERS (PAGE_ORDER_MAX + 1)

/* The pool, and the gaps that what is taken leaves in the machine's ranges of memory. */
#define NR_EXTENTS (1 + 2 * RANGES_MAX)

/** The free blocks of one kind of memory. */
struct zone {
    uint16_t owner;  /* of its free blocks; two that are free merge only if that is the same */
    size_t nr_pages; /* of a budget: free or not */
    size_t nr_free;  /* pages */
    uint32_t orders; /* bit n: first[n] is not empty */
    uint32_t first[NR_ORDERS];
};

/** Contiguous memory of one zone. Page numbers are physical addresses over the page size. */
struct extent {
    uint64_t start; /* page numbers */
    uint64_t end;
    struct page *pages; /* that of start */
    struct zone *zone;
};

static struct spinlock lock; /* of everything below */
static struct page *pages;   /* of all extents, one after the other */
static struct zone pool_zone;
static struct zone guest_zone;
static struct zone budgets[CONFIG_NR_VMS]; /* by VM number - 1: its part of the pool */
static size_t nr_pool;                     /* pages of the pool; constant after page_init() */
static size_t nr_guest;                    /* pages of guest memory; the same */
static uint32_t nr_extents;                /* the same */
static struct extent extents[NR_EXTENTS];
static struct pa_range mapped;

/* --- blocks -------------------------------------------------------------------------------- */

static uint64_t order_pages(unsigned order)
{
    return UINT64_C(1) << order;
}

static struct extent *extent_of(uint64_t number)
{
    for (uint32_t i = 0; i < nr_extents; i++) {
        if (number >= extents[i].start && number < extents[i].end)
            return &extents[i];
    }
    return NULL;
}

static struct page *page_of(const struct extent *extent, uint64_t number)
{
    return &extent->pages[number - extent->start];
}

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

static void set_free(struct zone *zone, struct page *page, unsigned order, bool stale)
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

    if (order == PAGE_ORDER_MAX || other < extent->start ||
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

static void block_free(struct zone *zone, const struct extent *extent, uint64_t number,
                       unsigned order, bool stale)
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
    set_free(zone, page_of(extent, number), order, stale);
}

/* Takes the smallest free block that holds @order; gives back what is over. NULL: there is none. */
static struct page *block_alloc(struct zone *zone, unsigned order, uint32_t owner)
{
    uint32_t candidates = zone->orders >> order << order;
    struct page *page;

    if (candidates == 0)
        return NULL;
    page = &pages[zone->first[__builtin_ctz(candidates)]];
    list_take(zone, page);
    while (page->order > order) {
        page->order--;
        set_free(zone, page + order_pages(page->order), page->order, page->stale);
    }
    page->owner = (uint16_t)owner;
    page->state = PAGE_USED;
    return page;
}

/* The first page of the block that page @number is part of. */
static uint64_t block_start(const struct extent *extent, uint64_t number)
{
    for (unsigned order = 0; order < NR_ORDERS; order++) {
        uint64_t start = number & ~(order_pages(order) - 1);

        if (start < extent->start)
            break;
        if (page_of(extent, start)->state != PAGE_INSIDE && page_of(extent, start)->order >= order)
            return start;
    }
    panic("page %lx is in no block", number);
}

/* Cuts a used block until @number begins one of @order. */
static struct page *block_cut(const struct extent *extent, uint64_t number, unsigned order)
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

static uint64_t number_of(const struct page *page)
{
    for (uint32_t i = 0; i < nr_extents; i++) {
        const struct extent *extent = &extents[i];

        if (page >= extent->pages && page < extent->pages + (extent->end - extent->start))
            return extent->start + (uint64_t)(page - extent->pages);
    }
    panic("page %p is in no extent", (const void *)page);
}

/* --- the two zones ------------------------------------------------------------------------- */

/* Where the free pages are that the hypervisor itself may take, or on behalf of a VM. */
static struct zone *pool_of(uint32_t owner)
{
    if (owner == PAGE_OWNER_HV)
        return &pool_zone;
    CHECK(owner - 1 < CONFIG_NR_VMS);
    return &budgets[owner - 1];
}

void *page_alloc(uint32_t owner, unsigned order)
{
    struct zone *zone = pool_of(owner);
    struct page *page;
    void *start;

    spin_lock(&lock);
    page = block_alloc(zone, order, owner);
    spin_unlock(&lock);
    if (!page)
        return NULL;
    start = page_va(pa_make(number_of(page) << PAGE_SHIFT));
    handover_to_el2(start, PAGE_SIZE << order, page->stale);
    return start;
}

void page_free(void *start, unsigned order)
{
    uint64_t number = page_pa(start).pa >> PAGE_SHIFT;
    struct extent *extent = extent_of(number);
    struct page *page;

    CHECK(extent && extent->zone == &pool_zone);
    poison_pool(start, PAGE_SIZE << order);
    page = page_of(extent, number);
    spin_lock(&lock);
    CHECK(page->state == PAGE_USED && page->order == order);
    page->ready = 0;
    block_free(pool_of(page->owner), extent, number, order, true);
    spin_unlock(&lock);
}

bool page_alloc_guest(uint32_t vm_id, unsigned order, pa_t *out)
{
    struct page *page;

    spin_lock(&lock);
    page = block_alloc(&guest_zone, order, vm_id);
    spin_unlock(&lock);
    if (!page)
        return false;
    *out = pa_make(number_of(page) << PAGE_SHIFT);
    return true;
}

/* The extent of a block of guest memory. */
static struct extent *guest_extent(uint64_t number, unsigned order)
{
    struct extent *extent = extent_of(number);

    CHECK(extent && extent->zone == &guest_zone && is_aligned(number, order_pages(order)));
    return extent;
}

/* Makes pages of a VM's a block of their own. The lock is held. */
static struct page *guest_block(const struct extent *extent, uint64_t number, unsigned order,
                                uint32_t vm_id)
{
    struct page *page = block_cut(extent, number, order);

    CHECK(page->state == PAGE_USED && page->owner == vm_id && page->order == order);
    return page;
}

/* No part of a free block is ready. */
static void forget_ready(const struct extent *extent, uint64_t number, unsigned order)
{
    for (uint64_t i = 0; i < order_pages(order); i += order_pages(PAGE_ORDER_2M))
        page_of(extent, number + i)->ready = 0;
}

void page_free_guest(pa_t base, unsigned order, uint32_t vm_id)
{
    uint64_t number = base.pa >> PAGE_SHIFT;
    struct extent *extent = guest_extent(number, order);

    poison_guest(base, order);
    spin_lock(&lock);
    (void)guest_block(extent, number, order, vm_id);
    forget_ready(extent, number, order);
    block_free(&guest_zone, extent, number, order, true);
    spin_unlock(&lock);
}

void page_give_guest(pa_t base, unsigned order, uint32_t from, uint32_t to)
{
    uint64_t number = base.pa >> PAGE_SHIFT;
    struct extent *extent = guest_extent(number, order);

    spin_lock(&lock);
    guest_block(extent, number, order, from)->owner = (uint16_t)to;
    forget_ready(extent, number, order);
    spin_unlock(&lock);
}

/* --- hand-over ----------------------------------------------------------------------------- */

static bool is_stale(const struct extent *extent, uint64_t number)
{
    bool stale;

    spin_lock(&lock);
    stale = page_of(extent, block_start(extent, number))->stale;
    spin_unlock(&lock);
    return stale;
}

static void ready(pa_t base, uint64_t bytes, bool filled)
{
    uint64_t number = base.pa >> PAGE_SHIFT;

    if (filled)
        handover_filled(base, bytes, true);
    else
        handover_zeroed(base, bytes, is_stale(guest_extent(number, PAGE_ORDER_4K), number));
}

void page_ready(pa_t page, bool filled)
{
    ready(pa_make(align_down(page.pa, PAGE_SIZE)), PAGE_SIZE, filled);
}

/* The struct page that says what is ready of the 2 MiB that @pa lies in. */
static struct page *parts_of(pa_t pa)
{
    uint64_t number = align_down(pa.pa, BLOCK_2M) >> PAGE_SHIFT;

    return page_of(guest_extent(number, PAGE_ORDER_2M), number);
}

uint32_t page_parts(pa_t pa)
{
    return parts_of(pa)->ready;
}

uint32_t page_ready_part(pa_t pa, bool filled)
{
    struct page *block = parts_of(pa);

    if (!(block->ready & page_part_bit(pa))) {
        ready(pa_make(align_down(pa.pa, PAGE_PART_BYTES)), PAGE_PART_BYTES, filled);
        block->ready |= (uint8_t)page_part_bit(pa);
    }
    return block->ready;
}

void page_show(const void *page)
{
    uint64_t number = page_pa(page).pa >> PAGE_SHIFT;
    struct extent *extent = extent_of(number);

    CHECK(extent && extent->zone == &pool_zone && page_of(extent, number)->state == PAGE_USED);
    handover_pool(page);
    page_of(extent, number)->ready = 1;
}

bool page_is_shown(pa_t page)
{
    uint64_t number = page.pa >> PAGE_SHIFT;
    const struct extent *extent = extent_of(number);

    return extent && extent->zone == &pool_zone && page_of(extent, number)->ready != 0;
}

/* --- questions ----------------------------------------------------------------------------- */

uint32_t page_owner(pa_t page)
{
    uint64_t number = page.pa >> PAGE_SHIFT;
    struct extent *extent = extent_of(number);
    const struct page *block;
    uint32_t owner;

    if (!extent)
        return PAGE_OWNER_NOBODY;
    spin_lock(&lock);
    block = page_of(extent, block_start(extent, number));
    owner = block->state == PAGE_FREE ? PAGE_OWNER_FREE : block->owner;
    spin_unlock(&lock);
    if (extent->zone == &pool_zone && owner != PAGE_OWNER_FREE)
        owner = PAGE_OWNER_HV; /* on whose account ever */
    return owner;
}

size_t page_nr_free(void)
{
    return __atomic_load_n(&pool_zone.nr_free, __ATOMIC_RELAXED);
}

size_t page_nr_pool(void)
{
    return nr_pool;
}

size_t page_nr_free_guest(void)
{
    return __atomic_load_n(&guest_zone.nr_free, __ATOMIC_RELAXED);
}

size_t page_nr_guest(void)
{
    return nr_guest;
}

/* The zone that a block of memory belongs to. */
static const struct zone *zone_of(const struct extent *extent, const struct page *page)
{
    bool is_budget = extent->zone == &pool_zone && page->owner - 1u < CONFIG_NR_VMS;

    return is_budget ? &budgets[page->owner - 1] : extent->zone;
}

/* Checks a zone's free blocks. Returns how many pages of it are used. The lock is held. */
static size_t audit_zone(const struct zone *zone)
{
    size_t nr_free = 0;
    size_t nr_used = 0;

    for (uint32_t i = 0; i < nr_extents; i++) {
        const struct extent *extent = &extents[i];
        uint64_t number = extent->start;

        while (number < extent->end) {
            const struct page *page = page_of(extent, number);

            CHECK(page->state != PAGE_INSIDE);
            CHECK(page->state != PAGE_FREE || page->owner == zone_of(extent, page)->owner);
            if (zone_of(extent, page) == zone)
                *(page->state == PAGE_FREE ? &nr_free : &nr_used) += order_pages(page->order);
            number += order_pages(page->order);
        }
        CHECK(number == extent->end);
    }
    CHECK(nr_free == zone->nr_free);
    return nr_used;
}

size_t page_audit(void)
{
    size_t nr_owned;

    spin_lock(&lock);
    (void)audit_zone(&pool_zone);
    nr_owned = audit_zone(&guest_zone);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++) {
        CHECK(audit_zone(&budgets[i]) == budgets[i].nr_pages - budgets[i].nr_free);
        nr_owned += budgets[i].nr_pages;
    }
    spin_unlock(&lock);
    return nr_owned;
}

struct pa_range page_mapped_range(void)
{
    return mapped;
}

/* --- budgets ------------------------------------------------------------------------------- */

/* Gives a budget, all of it free, back to the pool. The lock is held. */
static void budget_give_back(struct zone *budget)
{
    CHECK(budget->nr_free == budget->nr_pages);
    while (budget->orders != 0) {
        struct page *page = &pages[budget->first[__builtin_ctz(budget->orders)]];
        uint64_t number = number_of(page);

        list_take(budget, page);
        block_free(&pool_zone, extent_of(number), number, page->order, page->stale);
    }
    budget->nr_pages = 0;
}

/* Moves free blocks of at least a unit to a budget, the largest first. The lock is held. */
static bool budget_take(struct zone *budget, size_t nr_pages)
{
    unsigned order = PAGE_ORDER_MAX;

    while (nr_pages > 0 && order >= PAGE_RESERVE_ORDER) {
        struct page *page = NULL;

        if (order_pages(order) <= nr_pages)
            page = block_alloc(&pool_zone, order, budget->owner);
        if (!page) {
            order--;
            continue;
        }
        set_free(budget, page, order, page->stale);
        budget->nr_pages += order_pages(order);
        nr_pages -= order_pages(order);
    }
    return nr_pages == 0;
}

bool page_reserve(uint32_t vm_id, size_t nr_pages)
{
    struct zone *budget = pool_of(vm_id);
    bool done;

    CHECK(is_aligned(nr_pages, order_pages(PAGE_RESERVE_ORDER)));
    spin_lock(&lock);
    CHECK(budget->nr_pages == 0);
    done = budget_take(budget, nr_pages);
    if (!done)
        budget_give_back(budget);
    spin_unlock(&lock);
    return done;
}

void page_unreserve(uint32_t vm_id)
{
    spin_lock(&lock);
    budget_give_back(pool_of(vm_id));
    spin_unlock(&lock);
}

struct page_budget page_budget(uint32_t vm_id)
{
    const struct zone *budget = pool_of(vm_id);
    size_t nr_free = __atomic_load_n(&budget->nr_free, __ATOMIC_RELAXED);
    size_t nr_pages = __atomic_load_n(&budget->nr_pages, __ATOMIC_RELAXED);

    return (struct page_budget){nr_pages - nr_free, nr_pages};
}

/* --- at boot ------------------------------------------------------------------------------- */

static void zone_init(struct zone *zone, uint32_t owner)
{
    zone->owner = (uint16_t)owner;
    zone->nr_pages = 0;
    zone->nr_free = 0;
    zone->orders = 0;
    for (unsigned order = 0; order < NR_ORDERS; order++)
        zone->first[order] = NO_PAGE;
}

/* Adds free memory to a zone, in the largest aligned blocks that fit. */
static struct page *extent_add(struct zone *zone, struct pa_range range, struct page *states)
{
    struct extent *extent = &extents[nr_extents++];
    uint64_t number = range.base.pa >> PAGE_SHIFT;

    CHECK(nr_extents <= NR_EXTENTS);
    extent->start = number;
    extent->end = number + (range.bytes >> PAGE_SHIFT);
    extent->pages = states;
    extent->zone = zone;
    while (number < extent->end) {
        unsigned order = number ? (unsigned)__builtin_ctzll(number) : PAGE_ORDER_MAX;

        if (order > PAGE_ORDER_MAX)
            order = PAGE_ORDER_MAX;
        while (order_pages(order) > extent->end - number)
            order--;
        set_free(zone, page_of(extent, number), order, false);
        number += order_pages(order);
    }
    return states + (range.bytes >> PAGE_SHIFT);
}

/* The pool of a machine of @nr_pages: a page of it can map 2 MiB of a VM in single pages. */
static uint64_t pool_bytes(uint64_t nr_pages)
{
    return ((uint64_t)CONFIG_POOL_MIB << 20) + (nr_pages >> PAGE_ORDER_2M << PAGE_SHIFT);
}

void page_init(void)
{
    static struct carve carve; /* larger than a stack should bear */
    struct page *states;
    uint64_t nr_pages = 0;
    uint64_t array_bytes;
    struct pa_range pool;

    for (uint32_t i = 0; i < machine.memory.nr; i++)
        nr_pages += machine.memory.at[i].bytes >> PAGE_SHIFT;
    array_bytes = align_up(nr_pages * sizeof(struct page), PAGE_SIZE);

    carve_init(&carve);
    mapped = carve_find_near_image(&carve, align_up(array_bytes + pool_bytes(nr_pages), BLOCK_2M),
                                   BLOCK_2M);
    carve_take(&carve, mapped);
    pages = page_va(mapped.base);
    cache_zero(pages, array_bytes);

    nr_extents = 0;
    zone_init(&pool_zone, PAGE_OWNER_FREE);
    zone_init(&guest_zone, PAGE_OWNER_FREE);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
        zone_init(&budgets[i], i + 1);
    pool = (struct pa_range){pa_add(mapped.base, array_bytes), mapped.bytes - array_bytes};
    states = extent_add(&pool_zone, pool, pages);
    nr_pool = pool_zone.nr_free;
    for (uint32_t i = 0; i < machine.memory.nr; i++) {
        struct pa_range rest = machine.memory.at[i];

        while (rest.bytes > 0) {
            struct pa_range gap = carve_next(&carve, rest);
            uint64_t end = ranges_end(&rest);

            if (gap.bytes > 0)
                states = extent_add(&guest_zone, gap, states);
            rest.base = pa_add(gap.base, gap.bytes);
            rest.bytes = gap.bytes > 0 ? end - rest.base.pa : 0;
        }
    }
    nr_guest = guest_zone.nr_free;
}
