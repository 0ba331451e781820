/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by IPA, a window at a time: a page or, for long copies, a 2 MiB block.
 */
#include "memory/guest.h"

#include <string.h>

#include "memory/vmem.h"
#include "mm/handover.h"
#include "mm/page.h"
#include "mm/window.h"
#include "vm/vm.h"

/** Guest memory that is in reach at the moment. */
struct reach {
    struct stage2_locked locked;
    char *va;
    size_t bytes;
    bool is_block;
};

/* Finds what the VM owns at @ipa and may do @attrs with; sees to it that it was handed over. */
static bool reach_find(struct stage2_locked locked, ipa_t ipa, uint32_t attrs,
                       struct stage2_mapping *mapping)
{
    attrs |= STAGE2_OWNED;
    if (!stage2_lookup_locked(locked, ipa, mapping) || (mapping->attrs & attrs) != attrs)
        return false;
    vmem_ready(locked, ipa, mapping);
    return true;
}

/*
 * Brings into reach what there is of @bytes from @ipa, up to the end of the page or of a part of
 * the block. Returns false if that is nothing: the VM does not own it, or may not do @attrs.
 */
static bool reach_begin(struct reach *reach, struct vm *vm, ipa_t ipa, size_t bytes, uint32_t attrs)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct stage2_mapping mapping;
    uint64_t rest;

    if (!reach_find(locked, ipa, attrs, &mapping)) {
        stage2_unlock(locked);
        return false;
    }
    reach->locked = locked;
    reach->is_block = bytes > PAGE_SIZE && mapping.bytes >= BLOCK_2M;
    if (reach->is_block) {
        rest = PAGE_PART_BYTES - (mapping.pa.pa & (PAGE_PART_BYTES - 1));
        reach->va = window_map_block(pa_make(align_down(mapping.pa.pa, BLOCK_2M)), WINDOW_CACHED);
        reach->va += mapping.pa.pa & (BLOCK_2M - 1);
    } else {
        rest = PAGE_SIZE - (mapping.pa.pa & PAGE_MASK);
        reach->va = window_map(pa_make(align_down(mapping.pa.pa, PAGE_SIZE)), WINDOW_CACHED);
        reach->va += mapping.pa.pa & PAGE_MASK;
    }
    reach->bytes = bytes < rest ? bytes : rest;
    return true;
}

static void reach_end(const struct reach *reach)
{
    if (reach->is_block)
        window_unmap_block();
    else
        window_unmap();
    stage2_unlock(reach->locked);
}

size_t guest_read(struct vm *vm, void *to, ipa_t from, size_t bytes)
{
    struct reach reach;
    size_t done = 0;

    while (done < bytes &&
           reach_begin(&reach, vm, ipa_add(from, done), bytes - done, STAGE2_READ)) {
        memcpy((char *)to + done, reach.va, reach.bytes);
        reach_end(&reach);
        done += reach.bytes;
    }
    return done;
}

size_t guest_write(struct vm *vm, ipa_t to, const void *from, size_t bytes)
{
    struct reach reach;
    size_t done = 0;

    while (done < bytes && reach_begin(&reach, vm, ipa_add(to, done), bytes - done, STAGE2_WRITE)) {
        memcpy(reach.va, (const char *)from + done, reach.bytes);
        reach_end(&reach);
        done += reach.bytes;
    }
    return done;
}

bool guest_may_write(struct vm *vm, ipa_t ipa)
{
    const uint32_t attrs = STAGE2_OWNED | STAGE2_WRITE;
    struct stage2_mapping mapping;

    return stage2_lookup(&vm->stage2, ipa, &mapping) && (mapping.attrs & attrs) == attrs;
}

/*
 * Cleans from @ipa to the end of @bytes or of the page or part. Returns how many bytes that is; 0:
 * they are not the VM's. What is not ready needs none: nobody has written there.
 */
static size_t clean_some(struct vm *vm, ipa_t ipa, size_t bytes, bool code)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct stage2_mapping mapping;
    uint64_t span;
    uint64_t rest = 0;

    if (stage2_lookup_locked(locked, ipa, &mapping) && (mapping.attrs & STAGE2_OWNED)) {
        span = bytes > PAGE_SIZE && mapping.bytes >= BLOCK_2M ? PAGE_PART_BYTES : PAGE_SIZE;
        rest = span - (mapping.pa.pa & (span - 1));
        rest = rest < bytes ? rest : bytes;
        if (vmem_ready_bytes(ipa, &mapping) > 0) {
            uint64_t first = align_down(mapping.pa.pa, PAGE_SIZE);

            handover_filled(pa_make(first), align_up(mapping.pa.pa + rest, PAGE_SIZE) - first,
                            code);
        }
    }
    stage2_unlock(locked);
    return rest;
}

size_t guest_clean(struct vm *vm, ipa_t base, size_t bytes, bool code)
{
    size_t done = 0;
    size_t some;

    while (done < bytes && (some = clean_some(vm, ipa_add(base, done), bytes - done, code)) > 0)
        done += some;
    return done;
}
