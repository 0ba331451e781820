/* SPDX-License-Identifier: MIT */
/*
 * Quotas, population and first touch. What a VM's calls change is in memory/vmem_call.c.
 */
#include "memory/vmem.h"

#include "lib/check.h"
#include "mm/page.h"
#include "vm/vm.h"

#define RAM_ATTRS (STAGE2_RIGHTS | STAGE2_OWNED)

static uint64_t configured_pages(const struct vm *vm)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        bytes += vm->config.memory[i].bytes;
    return bytes >> PAGE_SHIFT;
}

/* --- quotas -------------------------------------------------------------------------------- */

static uint64_t committed; /* the quotas of all VMs together, in pages; atomic */

/*
 * Sets how many pages a VM may own. All VMs may own theirs at once: a VM that starts anew finds the
 * memory of its device tree, whatever the others were given meanwhile.
 */
static bool set_quota(struct vm *vm, uint64_t nr_pages)
{
    uint64_t more = nr_pages - vm->stage2.quota; /* less, if it wraps */
    uint64_t sum = __atomic_add_fetch(&committed, more, __ATOMIC_RELAXED);

    if (nr_pages > vm->stage2.quota && sum > page_nr_guest()) {
        __atomic_sub_fetch(&committed, more, __ATOMIC_RELAXED);
        return false;
    }
    vm->stage2.quota = nr_pages;
    return true;
}

void vmem_forget(struct vm *vm)
{
    (void)set_quota(vm, 0);
}

/* --- life ---------------------------------------------------------------------------------- */

/* Maps a new block of @order at @ipa, where nothing is mapped. */
static enum stile_error populate_block(struct vm *vm, struct stage2_locked locked, ipa_t ipa,
                                       unsigned order)
{
    enum stile_error error;
    pa_t block;

    if (!page_alloc_guest(vm->id, order, &block))
        return STILE_NO_MEMORY;
    error = stage2_map_locked(locked, ipa, block, PAGE_SIZE << order, RAM_ATTRS | STAGE2_FRESH);
    if (error) {
        page_free_guest(block, order, vm->id);
        return error;
    }
    vm->stage2.nr_owned += UINT64_C(1) << order;
    return STILE_SUCCESS;
}

uint64_t vmem_populate(struct vm *vm, struct stage2_locked locked, ipa_t base, uint64_t nr_pages,
                       unsigned nr_blocks)
{
    unsigned order = 63 - (unsigned)__builtin_clzll(nr_pages);
    uint64_t done = 0;

    if (order > PAGE_ORDER_MAX)
        order = PAGE_ORDER_MAX;
    while (done < nr_pages && nr_blocks > 0) {
        bool fits = (nr_pages - done) >> order > 0;

        if (fits && !populate_block(vm, locked, ipa_add(base, done << PAGE_SHIFT), order)) {
            done += UINT64_C(1) << order;
            nr_blocks--;
        } else if (order-- == 0) {
            break;
        }
    }
    return done;
}

static bool populate_all(struct vm *vm)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    bool done = true;

    for (uint32_t i = 0; i < vm->config.nr_memory && done; i++) {
        const struct ipa_range *range = &vm->config.memory[i];
        uint64_t nr_pages = range->bytes >> PAGE_SHIFT;

        done = vmem_populate(vm, locked, range->base, nr_pages, UINT32_MAX) == nr_pages;
    }
    stage2_unlock(locked);
    return done;
}

enum stile_error vmem_create(struct vm *vm)
{
    if (!set_quota(vm, configured_pages(vm)))
        return STILE_NO_MEMORY;
    if (stage2_init(&vm->stage2, vm->id) == STILE_SUCCESS) {
        if (populate_all(vm))
            return STILE_SUCCESS;
        vmem_destroy(vm);
    }
    vmem_forget(vm);
    return STILE_NO_MEMORY;
}

static void release(void *context, const struct stage2_mapping *mapping)
{
    const struct vm *vm = context;

    if (mapping->attrs & STAGE2_OWNED)
        page_free_guest(mapping->pa, page_order(mapping->bytes), vm->id);
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
    page_scrub_guest(pa_make(align_down(mapping->pa.pa, mapping->bytes)),
                     page_order(mapping->bytes));
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

enum stile_error vmem_ready_range(struct stage2_locked locked, ipa_t base, uint64_t bytes,
                                  bool may_scrub)
{
    struct stage2_mapping mapping;

    for (uint64_t done = 0; done < bytes; done += stage2_rest(ipa_add(base, done), &mapping)) {
        ipa_t ipa = ipa_add(base, done);

        if (!stage2_lookup_locked(locked, ipa, &mapping) || !(mapping.attrs & STAGE2_OWNED))
            return STILE_NOT_MAPPED;
        if ((mapping.attrs & STAGE2_FRESH) && !may_scrub)
            return STILE_BUSY;
        vmem_ready(locked, ipa, &mapping);
    }
    return STILE_SUCCESS;
}
