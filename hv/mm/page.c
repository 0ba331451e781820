/* SPDX-License-Identifier: MIT */
/*
 * The pool and guest memory, each a zone (mm/zone.h). What is set aside of the pool for a VM is a
 * zone of its own, so that neither another VM's use nor how it left the pool in pieces can be in
 * the way.
 */
#include "mm/page.h"

#include "arch/cache.h"
#include "lib/check.h"
#include "lib/spinlock.h"
#include "mm/carve.h"
#include "mm/handover.h"
#include "mm/poison.h"
#include "mm/zone.h"

_Static_assert(PAGE_ORDER_MAX == ZONE_ORDER_MAX, "the largest block is the same");
_Static_assert(PAGE_ALL_PARTS <= UINT8_MAX, "struct page has a bit for each");

static struct spinlock lock; /* of everything below, and of mm/zone.c's */
static struct zone pool_zone;
static struct zone guest_zone;
static struct zone budgets[CONFIG_NR_VMS]; /* by VM number - 1: its part of the pool */
static size_t nr_pool;                     /* pages of the pool; constant after page_init() */
static size_t nr_guest;                    /* pages of guest memory; the same */
static struct pa_range mapped;

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

bool page_claim_guest(uint32_t vm_id, pa_t base, unsigned order)
{
    uint64_t number = base.pa >> PAGE_SHIFT;
    const struct extent *extent = extent_of(number);
    struct page *page;

    if (!extent || extent->zone != &guest_zone || !is_aligned(number, order_pages(order)) ||
        number + order_pages(order) > extent->end)
        return false;
    spin_lock(&lock);
    page = page_of(extent, block_start(extent, number));
    if (page->owner == PAGE_OWNER_DEVICE && page->order >= order)
        page = block_cut(extent, number, order);
    else
        page = block_claim(&guest_zone, extent, number, order, vm_id);
    if (page) {
        page->stale |= page->owner == PAGE_OWNER_DEVICE;
        page->owner = (uint16_t)vm_id;
    }
    spin_unlock(&lock);
    return page != NULL;
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

void page_forget_guest(pa_t base, uint64_t bytes)
{
    uint64_t number = base.pa >> PAGE_SHIFT;
    const struct extent *extent = guest_extent(number, PAGE_ORDER_4K);

    spin_lock(&lock);
    page_of(extent, block_start(extent, number))->stale = true;
    spin_unlock(&lock);
    if (bytes == BLOCK_2M)
        parts_of(base)->ready = 0;
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

    for (const struct extent *extent = NULL; (extent = extent_next(extent));) {
        uint64_t number = extent->start;

        while (number < extent->end) {
            const struct page *page = page_of(extent, number);

            CHECK(page->state != PAGE_INSIDE);
            CHECK(page->state != PAGE_FREE || page->owner == zone_of(extent, page)->owner);
            if (zone_of(extent, page) == zone && page->owner != PAGE_OWNER_DEVICE)
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
        struct page *page = block_take(budget, PAGE_ORDER_4K);
        uint64_t number = number_of(page);

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
        block_set_free(budget, page, order, page->stale);
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

/* The pool of a machine of @nr_pages: a page of it can map 2 MiB of a VM in single pages. */
static uint64_t pool_bytes(uint64_t nr_pages)
{
    return ((uint64_t)CONFIG_POOL_MIB << 20) + (nr_pages >> PAGE_ORDER_2M << PAGE_SHIFT);
}

void page_init(void)
{
    static struct carve carve; /* larger than a stack should bear */
    struct page *array;
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
    array = page_va(mapped.base);
    cache_zero(array, array_bytes);

    zones_begin(array);
    zone_init(&pool_zone, PAGE_OWNER_FREE);
    zone_init(&guest_zone, PAGE_OWNER_FREE);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
        zone_init(&budgets[i], i + 1);
    pool = (struct pa_range){pa_add(mapped.base, array_bytes), mapped.bytes - array_bytes};
    zone_add(&pool_zone, pool);
    nr_pool = pool_zone.nr_free;
    for (uint32_t i = 0; i < machine.memory.nr; i++) {
        struct pa_range rest = machine.memory.at[i];

        while (rest.bytes > 0) {
            struct pa_range gap = carve_next(&carve, rest);
            uint64_t end = ranges_end(&rest);

            if (gap.bytes > 0)
                zone_add(&guest_zone, gap);
            rest.base = pa_add(gap.base, gap.bytes);
            rest.bytes = gap.bytes > 0 ? end - rest.base.pa : 0;
        }
    }
    nr_guest = guest_zone.nr_free;
}
