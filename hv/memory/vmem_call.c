/* SPDX-License-Identifier: MIT */
/*
 * What a VM's own calls do with its memory: map, unmap, discard, protect, query. Each first finds
 * how far from the start of its range it can go, and then does that.
 */
#include "lib/check.h"
#include "memory/share.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "vm/mmio_map.h"
#include "vm/vm.h"

_Static_assert(STILE_ACCESS_READ == STAGE2_READ && STILE_ACCESS_WRITE == STAGE2_WRITE &&
                   STILE_ACCESS_EXECUTE == STAGE2_EXECUTE,
               "a guest's words for rights are stage 2's");

/* --- map ----------------------------------------------------------------------------------- */

static int64_t map_pages(struct vm *vm, struct stage2_locked locked, ipa_t base, uint64_t nr_pages)
{
    uint64_t allowed = vm->stage2.quota - vm->stage2.nr_owned;
    uint64_t gap = mmio_gap(&vm->mmio, base, nr_pages << PAGE_SHIFT);

    nr_pages = stage2_gap_locked(locked, base, align_down(gap, PAGE_SIZE)) >> PAGE_SHIFT;
    if (nr_pages == 0)
        return STILE_ALREADY_MAPPED;
    if (allowed == 0)
        return STILE_NO_MEMORY;
    nr_pages = nr_pages < allowed ? nr_pages : allowed;
    nr_pages = vmem_populate(vm, locked, base, nr_pages, VMEM_BATCH);
    return nr_pages > 0 ? (int64_t)nr_pages : STILE_NO_MEMORY;
}

int64_t vmem_map(struct vm *vm, ipa_t base, uint64_t nr_pages)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    int64_t result = map_pages(vm, locked, base, nr_pages);

    stage2_unlock(locked);
    return result;
}

/* --- unmap and discard --------------------------------------------------------------------- */

/** A page, or as much of a block as is in a range. */
struct piece {
    pa_t pa;
    uint64_t bytes;
};

/* Finds what is mapped from @ipa on as far as it is the VM's own. Returns how many pieces. */
static unsigned find_pieces(struct stage2_locked locked, ipa_t ipa, uint64_t bytes,
                            struct piece pieces[VMEM_BATCH])
{
    struct stage2_mapping mapping;
    unsigned nr = 0;

    while (bytes > 0 && nr < VMEM_BATCH && stage2_lookup_locked(locked, ipa, &mapping) &&
           (mapping.attrs & STAGE2_OWNED)) {
        uint64_t rest = stage2_rest(ipa, &mapping);

        rest = rest < bytes ? rest : bytes;
        pieces[nr++] = (struct piece){mapping.pa, rest};
        ipa = ipa_add(ipa, rest);
        bytes -= rest;
    }
    return nr;
}

/** What is done to a range that is the VM's own: in the tables, and to each piece afterwards. */
typedef enum stile_error change_t(struct stage2_locked locked, ipa_t base, uint64_t bytes);
typedef void after_t(struct vm *vm, struct piece piece);

/* Frees a piece in the largest aligned blocks. */
static void give_back(struct vm *vm, struct piece piece)
{
    vm->stage2.nr_owned -= piece.bytes >> PAGE_SHIFT;
    while (piece.bytes > 0) {
        uint64_t bytes = (piece.pa.pa | BLOCK_2M) & -(piece.pa.pa | BLOCK_2M);

        while (bytes > piece.bytes)
            bytes >>= 1;
        page_free_guest(piece.pa, page_order(bytes), vm->id);
        piece = (struct piece){pa_add(piece.pa, bytes), piece.bytes - bytes};
    }
}

static void forget(struct vm *vm, struct piece piece)
{
    (void)vm;
    page_forget_guest(piece.pa, piece.bytes);
}

/* Changes the tables for pieces from @base on. Returns how many bytes they have; @nr: how many. */
static int64_t change_pieces(struct stage2_locked locked, ipa_t base, uint64_t bytes,
                             change_t *change, struct piece pieces[VMEM_BATCH], unsigned *nr)
{
    enum stile_error error;

    *nr = find_pieces(locked, base, bytes, pieces);
    bytes = 0;
    for (unsigned i = 0; i < *nr; i++)
        bytes += pieces[i].bytes;
    if (bytes == 0)
        return STILE_NOT_MAPPED;
    /* What lacks a table for a split is the first piece or the last. */
    while ((error = change(locked, base, bytes)) != STILE_SUCCESS && *nr > 1)
        bytes -= pieces[--*nr].bytes;
    return error ? error : (int64_t)bytes;
}

/* Does away with what pages hold that no share has. */
static int64_t lose(struct vm *vm, ipa_t base, uint64_t nr_pages, change_t *change, after_t *after)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    uint64_t bytes = share_unlent(locked, vm, base, nr_pages << PAGE_SHIFT);
    struct piece pieces[VMEM_BATCH];
    unsigned nr = 0;
    int64_t done = bytes > 0 ? change_pieces(locked, base, bytes, change, pieces, &nr) : STILE_BUSY;

    for (unsigned i = 0; done > 0 && i < nr; i++)
        after(vm, pieces[i]);
    stage2_unlock(locked);
    return done < 0 ? done : done >> PAGE_SHIFT;
}

int64_t vmem_unmap(struct vm *vm, ipa_t base, uint64_t nr_pages)
{
    return lose(vm, base, nr_pages, stage2_unmap_locked, give_back);
}

int64_t vmem_discard(struct vm *vm, ipa_t base, uint64_t nr_pages)
{
    return lose(vm, base, nr_pages, stage2_forget_locked, forget);
}

/* --- protect ------------------------------------------------------------------------------- */

/* The most blocks or single pages that a call looks at: less is done to each than by the others. */
#define PROTECT_BATCH (4 * VMEM_BATCH)

/* Whether a page or block may be given @rights. */
static enum stile_error may_protect(uint32_t attrs, uint32_t rights)
{
    uint32_t most = STAGE2_READ | (attrs & STAGE2_MAY_WRITE ? STAGE2_WRITE : 0);

    if (attrs & STAGE2_OWNED)
        return STILE_SUCCESS;
    if (attrs & STAGE2_BORROWED)
        return rights & ~most ? STILE_DENIED : STILE_SUCCESS;
    return STILE_NOT_MAPPED;
}

static int64_t protect_pages(struct stage2_locked locked, ipa_t base, uint64_t bytes,
                             uint32_t rights)
{
    struct stage2_mapping mapping;
    enum stile_error error = STILE_SUCCESS;
    uint64_t done = 0;

    for (unsigned nr = 0; done < bytes && nr < PROTECT_BATCH && !error; nr++) {
        ipa_t ipa = ipa_add(base, done);
        bool found = stage2_lookup_locked(locked, ipa, &mapping);

        error = found ? may_protect(mapping.attrs, rights) : STILE_NOT_MAPPED;
        if (!error)
            done += stage2_rest(ipa, &mapping);
    }
    bytes = done < bytes ? done : bytes;
    if (bytes == 0)
        return error;
    while ((error = stage2_protect_locked(locked, base, bytes, rights)) && bytes > PAGE_SIZE)
        bytes = align_up(bytes / 2, PAGE_SIZE);
    return error ? error : (int64_t)(bytes >> PAGE_SHIFT);
}

int64_t vmem_protect(struct vm *vm, ipa_t base, uint64_t nr_pages, uint32_t rights)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    uint64_t bytes = share_unlent(locked, vm, base, nr_pages << PAGE_SHIFT);
    int64_t result = bytes > 0 ? protect_pages(locked, base, bytes, rights) : STILE_BUSY;

    stage2_unlock(locked);
    return result;
}

/* --- query --------------------------------------------------------------------------------- */

static struct vmem_place describe(struct vm *vm, struct stage2_locked locked, ipa_t ipa,
                                  const struct stage2_mapping *mapping)
{
    ipa_t page = ipa_make(align_down(ipa.ipa, PAGE_SIZE));
    uint32_t owner = mapping->attrs & STAGE2_OWNED ? vm->number : 0;
    uint32_t what = STILE_MEMORY_MAPPED | (mapping->attrs & STAGE2_RIGHTS);

    if (mapping->attrs & STAGE2_DEVICE)
        what |= STILE_MEMORY_DEVICE;
    if (mapping->attrs & STAGE2_BORROWED)
        owner = vm_slot(page_owner(mapping->pa))->number; /* a share keeps its owner */
    if ((mapping->attrs & STAGE2_BORROWED) || share_unlent(locked, vm, page, PAGE_SIZE) == 0)
        what |= STILE_MEMORY_SHARED;
    return (struct vmem_place){what, owner, align_down(ipa.ipa, mapping->bytes), mapping->bytes};
}

struct vmem_place vmem_query(struct vm *vm, ipa_t ipa)
{
    struct stage2_locked locked = stage2_lock(&vm->stage2);
    struct vmem_place place = {0, 0, align_down(ipa.ipa, PAGE_SIZE), PAGE_SIZE};
    struct stage2_mapping mapping;

    if (stage2_lookup_locked(locked, ipa, &mapping))
        place = describe(vm, locked, ipa, &mapping);
    else if (mmio_gap(&vm->mmio, ipa_make(place.base), PAGE_SIZE) < PAGE_SIZE)
        place.what =
            STILE_MEMORY_MAPPED | STILE_MEMORY_DEVICE | STILE_ACCESS_READ | STILE_ACCESS_WRITE;
    stage2_unlock(locked);
    return place;
}
