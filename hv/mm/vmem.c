/* SPDX-License-Identifier: MIT */
/*
 * Quotas, population and first touch.
 */
#include "core/vm.h"
#include "lib/check.h"
#include "mm/page.h"
#include "mm/vmem.h"

#define RAM_ATTRS (STAGE2_READ | STAGE2_WRITE | STAGE2_EXECUTE | STAGE2_OWNED)

static unsigned order_of(uint64_t bytes)
{
    return (unsigned)__builtin_ctzll(bytes) - PAGE_SHIFT;
}

static uint64_t configured_pages(const struct vm *vm)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        bytes += vm->config.memory[i].bytes;
    return bytes >> PAGE_SHIFT;
}

/* --- populating ---------------------------------------------------------------------------- */

/* Maps a new block of @order at @ipa. */
static enum stile_error populate_block(struct vm *vm, struct stage2_locked locked, ipa_t ipa,
                                       unsigned order, uint32_t attrs)
{
    enum stile_error error;
    pa_t block;

    if (!page_alloc_guest(vm->id, order, &block))
        return STILE_NO_MEMORY;
    if (!(attrs & STAGE2_FRESH))
        page_scrub_guest(block, order);
    error = stage2_map_locked(locked, ipa, block, PAGE_SIZE << order, attrs);
    if (error) {
        page_free_guest(block, order, vm->id);
        return error;
    }
    vm->stage2.nr_owned += UINT64_C(1) << order;
    return STILE_SUCCESS;
}

/* Sets memory aside for @range in the largest blocks there are. */
static enum stile_error populate_range(struct vm *vm, struct stage2_locked locked,
                                       struct ipa_range range)
{
    static const unsigned orders[] = {PAGE_ORDER_1G, PAGE_ORDER_2M, PAGE_ORDER_4K};
    size_t i = 0;

    while (range.bytes > 0) {
        uint64_t bytes = PAGE_SIZE << orders[i];
        enum stile_error error = STILE_NO_MEMORY;

        if (range.bytes >= bytes && is_aligned(range.base.ipa, bytes))
            error = populate_block(vm, locked, range.base, orders[i], RAM_ATTRS | STAGE2_FRESH);
        if (error && ++i == sizeof(orders) / sizeof(orders[0]))
            return error;
        if (!error)
            range = (struct ipa_range){ipa_add(range.base, bytes), range.bytes - bytes};
    }
    return STILE_SUCCESS;
}

enum stile_error vmem_create(struct vm *vm)
{
    struct stage2_locked locked;
    enum stile_error error;

    if (configured_pages(vm) > page_nr_free_guest())
        return STILE_NO_MEMORY;
    error = stage2_init(&vm->stage2, vm->id);
    if (error)
        return error;
    vm->stage2.quota = configured_pages(vm);
    locked = stage2_lock(&vm->stage2);
    for (uint32_t i = 0; i < vm->config.nr_memory && !error; i++)
        error = populate_range(vm, locked, vm->config.memory[i]);
    stage2_unlock(locked);
    if (error)
        vmem_destroy(vm);
    return error;
}

static void release(void *context, const struct stage2_mapping *mapping)
{
    const struct vm *vm = context;

    if (mapping->attrs & STAGE2_OWNED)
        page_free_guest(mapping->pa, order_of(mapping->bytes), vm->id);
}

void vmem_destroy(struct vm *vm)
{
    stage2_destroy(&vm->stage2, release, vm);
}

/* --- first touch --------------------------------------------------------------------------- */

void vmem_ready(struct stage2_locked locked, ipa_t ipa, const struct stage2_mapping *mapping)
{
    if (!(mapping->attrs & STAGE2_FRESH))
        return;
    page_scrub_guest(pa_make(align_down(mapping->pa.pa, mapping->bytes)), order_of(mapping->bytes));
    stage2_ready_locked(locked, ipa);
}

enum vmem_fault vmem_fault(struct vm *vm, ipa_t ipa)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct stage2_mapping mapping;
    enum vmem_fault found = VMEM_NOT_THERE;

    if (stage2_lookup_locked(locked, ipa, &mapping)) {
        bool is_block = (mapping.attrs & STAGE2_FRESH) && mapping.bytes > PAGE_SIZE;
        found = is_block ? VMEM_BLOCK : VMEM_PAGE;
        vmem_ready(locked, ipa, &mapping);
    }
    stage2_unlock(locked);
    return found;
}

/* --- the calls ----------------------------------------------------------------------------- */

/* Populates one more block or page of a call; the quota and devices stand in its way too. */
static enum stile_error map_more(struct vm *vm, struct stage2_locked locked, ipa_t ipa,
                                 unsigned order)
{
    if (mmio_overlaps(&vm->mmio, ipa, PAGE_SIZE << order))
        return STILE_ALREADY_MAPPED;
    if (vm->stage2.nr_owned + (UINT64_C(1) << order) > vm->stage2.quota)
        return STILE_NO_MEMORY;
    return populate_block(vm, locked, ipa, order, RAM_ATTRS);
}

static int64_t map_pages(struct vm *vm, struct stage2_locked locked, ipa_t base, uint64_t nr_pages)
{
    uint64_t done = 0;
    struct stage2_mapping mapping;

    if (nr_pages == BLOCK_2M >> PAGE_SHIFT && is_aligned(base.ipa, BLOCK_2M) &&
        map_more(vm, locked, base, PAGE_ORDER_2M) == STILE_SUCCESS)
        return (int64_t)nr_pages;
    while (done < nr_pages && done < VMEM_BATCH) {
        ipa_t ipa = ipa_add(base, done << PAGE_SHIFT);
        enum stile_error error = STILE_ALREADY_MAPPED;

        if (!stage2_lookup_locked(locked, ipa, &mapping))
            error = map_more(vm, locked, ipa, PAGE_ORDER_4K);
        if (error && done == 0)
            return error;
        if (error)
            break;
        done++;
    }
    return (int64_t)done;
}

int64_t vmem_map(struct vm *vm, ipa_t base, uint64_t nr_pages)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    int64_t result = map_pages(vm, locked, base, nr_pages);

    stage2_unlock(locked);
    return result;
}

/* Gives back the pages from @ipa to the end of their block, at most @limit. Returns how many. */
static int64_t unmap_block(struct vm *vm, struct stage2_locked locked, ipa_t ipa, uint64_t limit)
{
    struct stage2_mapping mapping;
    enum stile_error error;
    uint64_t bytes;

    if (!stage2_lookup_locked(locked, ipa, &mapping) || !(mapping.attrs & STAGE2_OWNED))
        return STILE_NOT_MAPPED;
    bytes = mapping.bytes - (ipa.ipa & (mapping.bytes - 1));
    if (bytes > limit << PAGE_SHIFT)
        bytes = limit << PAGE_SHIFT;
    error = stage2_unmap_locked(locked, ipa, bytes);
    if (error)
        return error;
    if (bytes == mapping.bytes) {
        page_free_guest(mapping.pa, order_of(bytes), vm->id);
    } else {
        for (uint64_t offset = 0; offset < bytes; offset += PAGE_SIZE)
            page_free_guest(pa_add(mapping.pa, offset), PAGE_ORDER_4K, vm->id);
    }
    vm->stage2.nr_owned -= bytes >> PAGE_SHIFT;
    return (int64_t)(bytes >> PAGE_SHIFT);
}

int64_t vmem_unmap(struct vm *vm, ipa_t base, uint64_t nr_pages)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    uint64_t whole_block = BLOCK_2M >> PAGE_SHIFT;
    int64_t result = 0;
    uint64_t done = 0;

    if (nr_pages < whole_block && nr_pages > VMEM_BATCH)
        nr_pages = VMEM_BATCH;
    while (done < nr_pages && (done == 0 || done < VMEM_BATCH)) {
        result = unmap_block(vm, locked, ipa_add(base, done << PAGE_SHIFT), nr_pages - done);
        if (result < 0)
            break;
        done += (uint64_t)result;
    }
    stage2_unlock(locked);
    return done > 0 ? (int64_t)done : result;
}
