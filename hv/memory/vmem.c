/* SPDX-License-Identifier: MIT */
/*
 * Quotas, population and first touch. What a VM's calls change is in memory/vmem_call.c.
 */
#include "memory/vmem.h"

#include "dev/smmu.h"
#include "lib/check.h"
#include "mm/page.h"
#include "vm/vm.h"

#define RAM_ATTRS (STAGE2_RIGHTS | STAGE2_OWNED)

/* So many blocks vmem_fill() takes at a time: each may be of 1 GiB, which is 512 descriptors. */
#define FILL_BATCH 16

/* --- quotas -------------------------------------------------------------------------------- */

static uint64_t committed; /* what is kept for all VMs together, in pages; atomic */

/* Keeps so many pages more, or less. Returns false if the machine has not so many. */
static bool keep(int64_t more)
{
    uint64_t sum = __atomic_add_fetch(&committed, (uint64_t)more, __ATOMIC_RELAXED);

    if (more <= 0 || sum <= page_nr_guest())
        return true;
    __atomic_sub_fetch(&committed, (uint64_t)more, __ATOMIC_RELAXED);
    return false;
}

/*
 * What is kept for a VM of a quota, whoever else asks for more meanwhile: that, but at least the
 * memory of its device tree, with which it starts anew.
 */
static uint64_t kept_for(const struct vm *vm, uint64_t quota)
{
    uint64_t configured = vm_config_pages(&vm->config);

    return quota > configured ? quota : configured;
}

/* How many pages more have to be kept for both if one gives the other so many. */
static int64_t donation_cost(const struct vm *from, const struct vm *to, uint64_t nr_pages)
{
    uint64_t before = from->stage2.kept + to->stage2.kept;
    uint64_t after =
        kept_for(from, from->stage2.quota - nr_pages) + kept_for(to, to->stage2.quota + nr_pages);

    return (int64_t)(after - before);
}

bool vmem_donate_prepare(const struct vm *from, const struct vm *to, uint64_t nr_pages)
{
    int64_t more = donation_cost(from, to, nr_pages);

    return keep(more > 0 ? more : 0);
}

void vmem_donate_cancel(const struct vm *from, const struct vm *to, uint64_t nr_pages)
{
    int64_t more = donation_cost(from, to, nr_pages);

    (void)keep(more > 0 ? -more : 0);
}

static void set_quota(struct vm *vm, uint64_t nr_pages)
{
    vm->stage2.quota = nr_pages;
    vm->stage2.kept = kept_for(vm, nr_pages);
}

void vmem_donate(struct vm *from, struct vm *to, uint64_t nr_pages)
{
    int64_t more = donation_cost(from, to, nr_pages);

    (void)keep(more < 0 ? more : 0); /* if it is more, that has been prepared */
    set_quota(from, from->stage2.quota - nr_pages);
    set_quota(to, to->stage2.quota + nr_pages);
    from->stage2.nr_owned -= nr_pages;
    to->stage2.nr_owned += nr_pages;
}

/* Whether a device may still write to memory of a VM that ends: one that has run. */
static bool is_left_to_devices(const struct vm *vm)
{
    return vm_config_is_direct(&vm->config) && vm->state != VM_OFF;
}

void vmem_forget(struct vm *vm)
{
    /* What devices have is nobody else's to be promised. */
    uint64_t left = is_left_to_devices(vm) ? vm_config_pages(&vm->config) : 0;

    (void)keep((int64_t)(left - vm->stage2.kept));
    vm->stage2.kept = 0;
    vm->stage2.quota = 0;
}

/* --- life ---------------------------------------------------------------------------------- */

/* Memory for @ipa: any, or that of this address. */
static bool take_block(const struct vm *vm, ipa_t ipa, unsigned order, pa_t *out)
{
    if (!vm_config_is_direct(&vm->config))
        return page_alloc_guest(vm->id, order, out);
    *out = pa_make(ipa.ipa);
    return page_claim_guest(vm->id, *out, order);
}

/* Maps a new block of @order at @ipa, where nothing is mapped. */
static enum stile_error populate_block(struct vm *vm, struct stage2_locked locked, ipa_t ipa,
                                       unsigned order)
{
    enum stile_error error;
    pa_t block;

    if (!take_block(vm, ipa, order, &block))
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

static enum stage2_walkers walkers_of(const struct vm *vm)
{
    if (!vm_config_has_streams(&vm->config))
        return STAGE2_CPUS;
    return smmu_has_stage2() ? STAGE2_TWINS_2 : STAGE2_TWINS_1;
}

enum stile_error vmem_create(struct vm *vm)
{
    uint64_t nr_pages = vm_config_pages(&vm->config);

    if (!keep((int64_t)(nr_pages - vm->stage2.kept)))
        return STILE_NO_MEMORY;
    set_quota(vm, nr_pages);
    if (stage2_init(&vm->stage2, vm->id, walkers_of(vm)) == STILE_SUCCESS)
        return STILE_SUCCESS;
    vmem_forget(vm);
    return STILE_NO_MEMORY;
}

/* What of its tree's memory is behind its first @nr_pages: the rest of a range; empty if none is.
 */
static struct ipa_range memory_behind(const struct vm *vm, uint64_t nr_pages)
{
    uint64_t bytes = nr_pages << PAGE_SHIFT;

    for (uint32_t i = 0; i < vm->config.nr_memory; i++) {
        const struct ipa_range *range = &vm->config.memory[i];

        if (bytes < range->bytes)
            return (struct ipa_range){ipa_add(range->base, bytes), range->bytes - bytes};
        bytes -= range->bytes;
    }
    return (struct ipa_range){ipa_make(0), 0};
}

ipa_t vmem_lacks(const struct vm *vm)
{
    return memory_behind(vm, vm->stage2.nr_owned).base;
}

/* Hands over what a device may write to before its VM touches it. A part at a time. */
static enum stile_error ready_next(struct vm *vm, struct stage2_locked locked)
{
    struct ipa_range rest = memory_behind(vm, vm->stage2.nr_ready);
    struct stage2_mapping mapping;

    if (!vm_config_has_dma(&vm->config) || rest.bytes == 0)
        return STILE_SUCCESS;
    CHECK(stage2_lookup_locked(locked, rest.base, &mapping));
    vmem_ready(locked, rest.base, &mapping);
    CHECK(stage2_lookup_locked(locked, rest.base, &mapping));
    vm->stage2.nr_ready += vmem_ready_bytes(rest.base, &mapping) >> PAGE_SHIFT;
    return STILE_BUSY;
}

enum stile_error vmem_fill(struct vm *vm)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    /* While a VM is filled, the pages it has tell how far that is. */
    struct ipa_range rest = memory_behind(vm, vm->stage2.nr_owned);
    enum stile_error error = STILE_BUSY;

    if (rest.bytes == 0)
        error = ready_next(vm, locked);
    else if (vmem_populate(vm, locked, rest.base, rest.bytes >> PAGE_SHIFT, FILL_BATCH) == 0)
        error = STILE_NO_MEMORY;
    stage2_unlock(locked);
    return error;
}

/* Whether a page, or block, is memory of its tree, as far as that is one to one. */
static bool is_in_tree(const struct vm *vm, pa_t pa)
{
    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        if (pa.pa - vm->config.memory[i].base.ipa < vm->config.memory[i].bytes)
            return true;
    return false;
}

static void release(void *context, const struct stage2_mapping *mapping)
{
    struct vm *vm = context;

    if (!(mapping->attrs & STAGE2_OWNED)) {
        CHECK((mapping->attrs & (STAGE2_DEVICE | STAGE2_BORROWED)) || page_is_shown(mapping->pa));
        return;
    }
    if (is_left_to_devices(vm) && is_in_tree(vm, mapping->pa))
        page_give_guest(mapping->pa, page_order(mapping->bytes), vm->id, PAGE_OWNER_DEVICE);
    else
        page_free_guest(mapping->pa, page_order(mapping->bytes), vm->id);
    vm->stage2.nr_owned -= mapping->bytes >> PAGE_SHIFT;
}

bool vmem_destroy(struct vm *vm)
{
    return stage2_destroy(&vm->stage2, release, vm);
}

/* --- first touch --------------------------------------------------------------------------- */

void vmem_ready(struct stage2_locked locked, ipa_t ipa, const struct stage2_mapping *mapping)
{
    bool filled = mapping->attrs & STAGE2_FILLED;

    if (!(mapping->attrs & STAGE2_FRESH))
        return;
    if (mapping->bytes > PAGE_SIZE) {
        if (page_ready_part(mapping->pa, filled) == PAGE_ALL_PARTS)
            stage2_ready_locked(locked, ipa);
    } else {
        page_ready(mapping->pa, filled);
        stage2_ready_locked(locked, ipa);
    }
}

/* Makes one more part of a block ready: that of @ipa, or the first that is not. */
static void ready_more(struct stage2_locked locked, ipa_t ipa, struct stage2_mapping *mapping)
{
    uint32_t parts = page_parts(mapping->pa);

    if (parts & page_part_bit(mapping->pa)) {
        uint64_t first = (uint64_t)__builtin_ctz(~parts) << PAGE_PART_SHIFT;

        mapping->pa = pa_make(align_down(mapping->pa.pa, BLOCK_2M) + first);
    }
    vmem_ready(locked, ipa, mapping);
}

enum vmem_fault vmem_fault(struct vm *vm, ipa_t ipa)
{
    struct stage2_locked locked;
    struct stage2_mapping mapping;
    enum vmem_fault found = VMEM_NOT_THERE;

    /* Whoever has the lock may be at a part: meanwhile the guest takes its interrupts. */
    if (!stage2_trylock(&vm->stage2, &locked))
        return VMEM_PAGE;
    if (stage2_lookup_locked(locked, ipa, &mapping)) {
        if ((mapping.attrs & STAGE2_FRESH) && mapping.bytes > PAGE_SIZE) {
            found = VMEM_PART;
            ready_more(locked, ipa, &mapping);
        } else {
            found = VMEM_PAGE;
            vmem_ready(locked, ipa, &mapping);
        }
    }
    stage2_unlock(locked);
    return found;
}

uint64_t vmem_ready_bytes(ipa_t ipa, const struct stage2_mapping *mapping)
{
    uint64_t rest = stage2_rest(ipa, mapping);
    uint64_t part = PAGE_PART_BYTES - (mapping->pa.pa & (PAGE_PART_BYTES - 1));

    if (!(mapping->attrs & STAGE2_FRESH))
        return rest;
    if (mapping->bytes == PAGE_SIZE || !(page_parts(mapping->pa) & page_part_bit(mapping->pa)))
        return 0;
    return rest < part ? rest : part;
}
