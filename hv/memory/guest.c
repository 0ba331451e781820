/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by IPA, a window at a time: a page or, for long copies, a 2 MiB block.
 */
#include "memory/guest.h"

#include <string.h>

#include "arch/cache.h"
#include "memory/vmem.h"
#include "mm/window.h"
#include "vm/vm.h"

/** Guest memory that is in reach at the moment. */
struct reach {
    struct stage2_locked locked;
    char *va;
    size_t bytes;
    bool is_block;
};

/*
 * Brings into reach what there is of @bytes from @ipa, up to the end of the window. Returns false
 * if that is nothing: the VM does not own it, or may not do @attrs.
 */
static bool reach_begin(struct reach *reach, struct vm *vm, ipa_t ipa, size_t bytes, uint32_t attrs)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct stage2_mapping mapping;
    uint64_t span;
    uint64_t offset;

    attrs |= STAGE2_OWNED;
    if (!stage2_lookup_locked(locked, ipa, &mapping) || (mapping.attrs & attrs) != attrs) {
        stage2_unlock(locked);
        return false;
    }
    if (mapping.attrs & STAGE2_FRESH)
        vmem_ready(locked, ipa, &mapping);

    reach->locked = locked;
    reach->is_block = bytes > PAGE_SIZE && mapping.bytes >= BLOCK_2M;
    span = reach->is_block ? BLOCK_2M : PAGE_SIZE;
    offset = mapping.pa.pa & (span - 1);
    mapping.pa.pa -= offset;
    reach->bytes = bytes < span - offset ? bytes : span - offset;
    reach->va = reach->is_block ? window_map_block(mapping.pa) : window_map(mapping.pa);
    reach->va += offset;
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

size_t guest_clean(struct vm *vm, ipa_t base, size_t bytes)
{
    struct reach reach;
    size_t done = 0;

    while (done < bytes &&
           reach_begin(&reach, vm, ipa_add(base, done), bytes - done, STAGE2_READ)) {
        cache_clean_poc(reach.va, reach.bytes);
        reach_end(&reach);
        done += reach.bytes;
    }
    return done;
}
