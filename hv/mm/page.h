/* SPDX-License-Identifier: MIT */
/*
 * Physical pages and who owns them.
 *
 * Memory is in two zones. The pool (CONFIG_POOL_MIB, and a page for each 2 MiB of the machine's
 * memory) is the hypervisor's own, mapped one to one at EL2. A part of it is set aside for each VM,
 * its budget: what the hypervisor needs on the VM's account comes from there. Everything else is
 * guest memory, not mapped at EL2. Each zone is a buddy allocator: blocks of 2^order pages, aligned
 * to their size. A page is handed over (mm/handover.h) before a guest sees it, and remembers that
 * it was.
 *
 * Any context; one lock inside, which is the innermost.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/machine.h"
#include "lib/addr.h"

#define PAGE_ORDER_4K  0u
#define PAGE_ORDER_2M  9u
#define PAGE_ORDER_1G  18u
#define PAGE_ORDER_MAX PAGE_ORDER_1G

/* Guest memory in blocks of 2 MiB is handed over a part at a time, so that EL2 is not held long. */
#define PAGE_PART_SHIFT 18u
#define PAGE_PART_BYTES (UINT64_C(1) << PAGE_PART_SHIFT)
#define PAGE_ALL_PARTS  ((1u << (BLOCK_2M >> PAGE_PART_SHIFT)) - 1)

/* Owners. Every other number is that of a VM. */
#define PAGE_OWNER_FREE   0u      /* nobody's yet */
#define PAGE_OWNER_DEVICE 0xFFFDu /* nobody's any more: a device may still write to it */
#define PAGE_OWNER_HV     0xFFFEu /* the hypervisor's own */
#define PAGE_OWNER_NOBODY 0xFFFFu /* not memory of either zone: reserved, a device, nothing */

/**
 * page_init() - divide the machine's memory into the zones
 *
 * Leaves out what is reserved, the image, the device tree and the bundle. Panics if the pool and
 * the array of page states do not fit into the image's GiB. After machine_tree_parse(), boot CPU.
 */
void page_init(void);

/**
 * page_alloc() - take zeroed pages from the pool
 * @owner: the VM on whose account they are, or PAGE_OWNER_HV: for what no VM causes
 * @order: 2^order pages, aligned to their size; 0 to PAGE_ORDER_MAX
 *
 * Returns NULL if the VM's budget, or what is in no budget, has no such block.
 */
void *page_alloc(uint32_t owner, unsigned order);

/** page_free() - give pages back to where page_alloc() took them from; with the same order */
void page_free(void *start, unsigned order);

/* Budgets are in whole units of this order. So is what is left: a VM's unit is never in pieces. */
#define PAGE_RESERVE_ORDER 4u

/**
 * page_reserve() - set a part of the pool aside for a VM, its budget
 * @vm_id:    1 to CONFIG_NR_VMS; it has none
 * @nr_pages: a multiple of 2^PAGE_RESERVE_ORDER
 *
 * Only page_alloc() for the VM takes from it. Returns false if the pool has no such part left;
 * nothing has changed then.
 */
bool page_reserve(uint32_t vm_id, size_t nr_pages);

/** page_unreserve() - give a budget back to the pool; all of it is free, or there is none */
void page_unreserve(uint32_t vm_id);

/** What a VM has of the pool, in pages. */
struct page_budget {
    size_t nr_used;
    size_t nr_pages; /* used or not */
};

/** page_budget() - look at a VM's budget; @vm_id is 1 to CONFIG_NR_VMS */
struct page_budget page_budget(uint32_t vm_id);

/** The order of the smallest block that holds @bytes. */
static inline unsigned page_order(size_t bytes)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

/** The physical address of a page of the pool. */
static inline pa_t page_pa(const void *page)
{
    return pa_make((uint64_t)(uintptr_t)page);
}

/** A page of the pool by its physical address. */
static inline void *page_va(pa_t page)
{
    return (void *)(uintptr_t)page.pa;
}

/**
 * page_show() - hand a page of the pool over, before it is mapped for a guest
 * @page: allocated with order 0, filled with what the guest is to find; its use by EL2 goes on
 */
void page_show(const void *page);

/** page_is_shown() - whether page_show() was called for a page of the pool, and it is still in use
 */
bool page_is_shown(pa_t page);

/**
 * page_alloc_guest() - take guest memory, not yet handed over
 * @vm_id: the new owner
 * @order: 2^order pages, aligned to their size
 * @out:   where to put the block's address
 *
 * Returns false if there is no such block. The owner must not see it before page_ready() or
 * page_ready_part().
 */
bool page_alloc_guest(uint32_t vm_id, unsigned order, pa_t *out);

/**
 * page_claim_guest() - the same of guest memory at an address
 * @base: aligned to 2^order pages
 *
 * Returns false if it is not one free block, or part of one; nor PAGE_OWNER_DEVICE's, which only
 * the VM claims again whose devices those are.
 */
bool page_claim_guest(uint32_t vm_id, pa_t base, unsigned order);

/**
 * page_ready() - hand the page of guest memory at @page over to its owner
 * @filled: with what it holds; else it is zeroed
 */
void page_ready(pa_t page, bool filled);

/**
 * page_ready_part() - the same for a part of 2 MiB of guest memory
 * @pa: in the part; all of the 2 MiB have one owner
 *
 * Does nothing if that was done already. Returns page_parts(). One at a time for each 2 MiB: its
 * owner's stage 2 is locked. At most 25,000 instructions for memory that was used before.
 */
uint32_t page_ready_part(pa_t pa, bool filled);

/** page_parts() - which parts of the 2 MiB at @pa are ready, a bit for each, lowest first */
uint32_t page_parts(pa_t pa);

/** The bit of the part that @pa lies in. */
static inline uint32_t page_part_bit(pa_t pa)
{
    return 1u << (pa.pa >> PAGE_PART_SHIFT & (BLOCK_2M / PAGE_PART_BYTES - 1));
}

/**
 * page_free_guest() - give guest memory back
 * @base:  aligned to 2^order pages
 * @order: at most the order it was allocated with: a block may come back in pieces
 * @vm_id: who owns it; anything else is a bug of the hypervisor's
 */
void page_free_guest(pa_t base, unsigned order, uint32_t vm_id);

/**
 * page_give_guest() - make a page or block another VM's, not yet handed over, with what it holds
 * @base, @order: as of page_free_guest()
 * @from: who owns it; anything else is a bug of the hypervisor's
 * @to:   who will
 */
void page_give_guest(pa_t base, unsigned order, uint32_t from, uint32_t to);

/**
 * page_forget_guest() - hand guest memory over anew, zeroed: its owner does not need what it holds
 * @base:  page aligned
 * @bytes: pages of one block, or all of 2 MiB: then no part of them is ready any more
 *
 * The owner must not see it before page_ready() or page_ready_part(); its stage 2 is locked.
 */
void page_forget_guest(pa_t base, uint64_t bytes);

/** Who owns the page at @page: a VM's number or PAGE_OWNER_*. */
uint32_t page_owner(pa_t page);

/** How many pages are free in the pool and in no VM's budget, and in guest memory. */
size_t page_nr_free(void);
size_t page_nr_free_guest(void);

/** How many pages there are, free or not, of the pool and of guest memory. */
size_t page_nr_pool(void);
size_t page_nr_guest(void);

/**
 * page_audit() - check the books: blocks tile all memory, and the free ones of each zone add up
 *
 * Panics if they do not. Returns how many pages VMs own or have set aside for them, without those
 * that PAGE_OWNER_DEVICE stands for. Takes a few
 * instructions for each block there is; at the end of the last VM.
 */
size_t page_audit(void);

/** The memory that is mapped one to one at EL2: the pool and the page array. 2 MiB aligned. */
struct pa_range page_mapped_range(void);

#endif
