/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: a stack of freed pages, linked through their first words, and below it the
 * extents of memory that nobody has used yet.
 */
#include <stddef.h>
#include <string.h>

#include "lib/spinlock.h"
#include "machine/machine.h"
#include "mm/page.h"

#define MAX_EXTENTS (MACHINE_MAX_MEMORY + MACHINE_MAX_RESERVED)

uint64_t page_linear_offset;

static struct spinlock lock; /* of everything below */
static struct range extents[MAX_EXTENTS];
static uint32_t nr_extents;
static uint64_t free_list; /* physical address of the first freed page, or 0 */
static uint64_t nr_free;

extern char __image_start[], __image_end[];
static uint64_t image_pa;

uint64_t virt_to_phys(const void *address)
{
    uint64_t va = (uint64_t)address;

    return va >= KERNEL_VA ? va - KERNEL_VA + image_pa : va - LINEAR_VA;
}

static uint64_t round_up(uint64_t value)
{
    return (value + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t round_down(uint64_t value)
{
    return value & ~(uint64_t)(PAGE_SIZE - 1);
}

/* The first reserved range that begins in or reaches into start..end; NULL if none does. */
static const struct range *first_reserved(uint64_t start, uint64_t end)
{
    const struct range *first = NULL;

    for (uint32_t i = 0; i < machine.nr_reserved; i++) {
        const struct range *range = &machine.reserved[i];
        if (range->base < end && range->base + range->bytes > start &&
            (!first || range->base < first->base))
            first = range;
    }
    return first;
}

static void add_extent(uint64_t start, uint64_t end)
{
    start = round_up(start);
    end = round_down(end);
    if (start >= end || nr_extents == MAX_EXTENTS)
        return;
    extents[nr_extents++] = (struct range){start, end - start};
    nr_free += (end - start) / PAGE_SIZE;
}

static void add_memory(uint64_t start, uint64_t end)
{
    while (start < end) {
        const struct range *used = first_reserved(start, end);
        add_extent(start, used ? used->base : end);
        if (!used)
            return;
        start = used->base + used->bytes;
    }
}

/* The memory behind the image comes first: it is what the boot tables map. */
void page_init(void)
{
    for (uint32_t i = 0; i < machine.nr_memory; i++) {
        uint64_t start = machine.memory[i].base;
        uint64_t end = start + machine.memory[i].bytes;
        if (image_pa >= start && image_pa < end) {
            add_memory(image_pa, end);
            add_memory(start, image_pa);
        } else {
            add_memory(start, end);
        }
    }
}

void page_set_image(uint64_t pa)
{
    image_pa = pa;
    machine_reserve(pa, (uint64_t)(__image_end - __image_start));
}

static uint64_t take_unused(uint64_t bytes)
{
    for (uint32_t i = 0; i < nr_extents; i++) {
        if (extents[i].bytes >= bytes) {
            uint64_t pa = extents[i].base;
            extents[i].base += bytes;
            extents[i].bytes -= bytes;
            return pa;
        }
    }
    return 0;
}

uint64_t page_alloc(void)
{
    uint64_t flags = spin_lock_irqsave(&lock);
    uint64_t pa = free_list;

    if (pa != 0)
        free_list = *(uint64_t *)phys_to_virt(pa);
    else
        pa = take_unused(PAGE_SIZE);
    if (pa != 0)
        nr_free--;
    spin_unlock_irqrestore(&lock, flags);
    return pa;
}

uint64_t page_alloc_run(uint64_t nr_pages)
{
    uint64_t flags = spin_lock_irqsave(&lock);
    uint64_t pa = take_unused(nr_pages * PAGE_SIZE);

    if (pa != 0)
        nr_free -= nr_pages;
    spin_unlock_irqrestore(&lock, flags);
    return pa;
}

uint64_t page_alloc_zeroed(void)
{
    uint64_t pa = page_alloc();

    if (pa != 0)
        memset(phys_to_virt(pa), 0, PAGE_SIZE);
    return pa;
}

void page_free(uint64_t pa)
{
    uint64_t flags = spin_lock_irqsave(&lock);

    *(uint64_t *)phys_to_virt(pa) = free_list;
    free_list = pa;
    nr_free++;
    spin_unlock_irqrestore(&lock, flags);
}

uint64_t page_nr_free(void)
{
    return __atomic_load_n(&nr_free, __ATOMIC_RELAXED);
}
