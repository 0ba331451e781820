/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a share in the address spaces of its two VMs.
 */
#include "memory/share_map.h"

#include "lib/check.h"
#include "memory/vmem.h"
#include "mm/handover.h"
#include "mm/page.h"
#include "vm/vm.h"

/*
 * What one step maps: pages cost a walk each, larger pieces their descriptors too, if they are not
 * aligned alike on both sides.
 */
#define LEND_COST        64u
#define PIECE_COST(size) (1 + ((size) >> PAGE_SHIFT) / 32)

/* How many blocks a step takes away, or of how many bytes the pages. */
#define NR_BLOCKS  64u
#define PAGES_PART (BLOCK_2M / 2)

/** The stage 2 of both VMs of a share. */
struct both {
    struct stage2_locked owner;
    struct stage2_locked peer;
};

/* Two of a kind: in the order of the VMs' numbers. */
static struct both lock_both(struct vm *owner, struct vm *peer)
{
    struct both both;

    if (owner->id < peer->id)
        both.owner = stage2_lock(&owner->stage2);
    both.peer = stage2_lock(&peer->stage2);
    if (owner->id > peer->id)
        both.owner = stage2_lock(&owner->stage2);
    return both;
}

static void unlock_both(struct both both)
{
    stage2_unlock(both.owner);
    stage2_unlock(both.peer);
}

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* --- settle -------------------------------------------------------------------------------- */

/* How much of a page or block is handed over at once from @ipa on. */
static uint64_t part_rest(ipa_t ipa, const struct stage2_mapping *mapping)
{
    uint64_t part = PAGE_PART_BYTES - (mapping->pa.pa & (PAGE_PART_BYTES - 1));

    return smaller(stage2_rest(ipa, mapping), part);
}

/*
 * Settles some of @most bytes from @ipa on, which @mapping has. Returns how much; @cost becomes
 * what it took, in bytes that caches let go of. To zero memory takes as long again, and pages one
 * by one twice that; no cache then holds any of it.
 */
static uint64_t settle_some(struct stage2_locked owner, ipa_t ipa, uint64_t most,
                            const struct stage2_mapping *mapping, bool donated, uint64_t *cost)
{
    uint64_t bytes = smaller(vmem_ready_bytes(ipa, mapping), most);

    if (bytes == 0) {
        vmem_ready(owner, ipa, mapping);
        *cost = mapping->bytes > PAGE_SIZE ? PAGE_PART_BYTES : 2 * PAGE_SIZE;
        return smaller(part_rest(ipa, mapping), most);
    }
    *cost = PAGE_SIZE;
    if (donated)
        return bytes;
    bytes = smaller(bytes, VMEM_STEP);
    handover_filled(mapping->pa, bytes, false);
    *cost = bytes;
    return bytes;
}

enum stile_error share_settle(struct stage2_locked owner, const struct share_offer *offer,
                              uint64_t *settled)
{
    struct stage2_mapping mapping;
    uint64_t cost;

    for (uint64_t sum = 0; *settled < offer->bytes && sum < VMEM_STEP; sum += cost) {
        ipa_t ipa = ipa_add(offer->base, *settled);
        uint64_t most = smaller(offer->bytes - *settled, VMEM_STEP - sum);

        if (!stage2_lookup_locked(owner, ipa, &mapping) || !(mapping.attrs & STAGE2_OWNED))
            return STILE_NOT_MAPPED;
        if (offer->donated)
            most = offer->bytes - *settled;
        *settled += settle_some(owner, ipa, most, &mapping, offer->donated, &cost);
    }
    return STILE_SUCCESS;
}

/* --- lend ---------------------------------------------------------------------------------- */

/*
 * Finds what the owner has at @from, which is settled. Returns how much of @bytes that is in one
 * piece.
 */
static uint64_t find_ready(struct stage2_locked owner, ipa_t from, uint64_t bytes,
                           struct stage2_mapping *mapping)
{
    uint64_t ready;

    CHECK(stage2_lookup_locked(owner, from, mapping) && (mapping->attrs & STAGE2_OWNED));
    ready = vmem_ready_bytes(from, mapping);
    CHECK(ready > 0);
    return smaller(ready, bytes);
}

/*
 * The same for what is small, which is settled here, and a page of the pool, which the hypervisor
 * has. Returns 0 if it is not the owner's.
 */
static uint64_t settle_piece(struct stage2_locked owner, const struct share_offer *offer,
                             ipa_t from, uint64_t bytes, struct stage2_mapping *mapping)
{
    if (offer->page) {
        page_show(offer->page);
        mapping->pa = page_pa(offer->page);
        return bytes;
    }
    if (!stage2_lookup_locked(owner, from, mapping) || !(mapping->attrs & STAGE2_OWNED))
        return 0;
    bytes = smaller(bytes, part_rest(from, mapping));
    if (vmem_ready_bytes(from, mapping) > 0)
        handover_filled(mapping->pa, bytes, false);
    else
        vmem_ready(owner, from, mapping);
    return bytes;
}

/* Maps one piece more. Inline: most shares are one. */
static inline enum stile_error lend_piece(struct both both, const struct share_offer *offer,
                                          uint32_t attrs, struct share_range *range)
{
    ipa_t from = ipa_add(offer->base, range->mapped);
    uint64_t rest = range->bytes - range->mapped;
    struct stage2_mapping mapping;
    enum stile_error error;
    uint64_t step;

    if (offer->bytes <= SHARE_SMALL_BYTES)
        step = settle_piece(both.owner, offer, from, rest, &mapping);
    else
        step = find_ready(both.owner, from, rest, &mapping);
    if (step == 0)
        return STILE_NOT_MAPPED;
    error =
        stage2_map_locked(both.peer, ipa_add(range->base, range->mapped), mapping.pa, step, attrs);
    if (!error)
        range->mapped += step;
    return error;
}

enum stile_error share_lend(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                            uint32_t rights, struct share_range *range)
{
    uint32_t attrs = rights | STAGE2_BORROWED;
    struct both both = lock_both(owner, peer);
    enum stile_error error;
    uint64_t cost = 0;

    attrs |= offer->rights & STAGE2_WRITE ? STAGE2_MAY_WRITE : 0;
    do {
        uint64_t before = range->mapped;

        error = lend_piece(both, offer, attrs, range);
        cost += PIECE_COST(range->mapped - before);
    } while (range->mapped < range->bytes && cost < LEND_COST && !error);
    range->lent = range->mapped;
    unlock_both(both);
    return error;
}

/* --- take back ----------------------------------------------------------------------------- */

static bool is_block(struct stage2_locked locked, ipa_t ipa)
{
    struct stage2_mapping mapping;

    CHECK(stage2_lookup_locked(locked, ipa, &mapping));
    return mapping.bytes >= BLOCK_2M;
}

/*
 * Finds the last part of @bytes bytes from @base on, all of them mapped, that is soon changed: some
 * blocks, or pages of half a table. Returns how many bytes are before it.
 */
static uint64_t before_last_part(struct stage2_locked locked, ipa_t base, uint64_t bytes)
{
    uint64_t first = align_down(base.ipa + bytes - 1, PAGES_PART);

    if (first <= base.ipa)
        return 0;
    if (is_block(locked, ipa_make(first))) {
        first = align_down(first, BLOCK_2M);
        for (unsigned nr = 1; nr < NR_BLOCKS && first - base.ipa >= BLOCK_2M &&
                              is_block(locked, ipa_make(first - BLOCK_2M));
             nr++)
            first -= BLOCK_2M;
    }
    return first - base.ipa;
}

void share_retire(struct vm *peer, struct share_range *range)
{
    struct stage2_locked locked;
    uint64_t before;

    if (range->lent == 0)
        return;
    locked = stage2_lock(&peer->stage2);
    before = before_last_part(locked, range->base, range->lent);
    stage2_scratch_locked(locked, ipa_add(range->base, before), range->lent - before);
    range->lent = before;
    stage2_unlock(locked);
}

void share_unmap(struct vm *peer, struct share_range *range)
{
    struct stage2_locked locked;
    uint64_t before;

    if (range->mapped == 0)
        return;
    locked = stage2_lock(&peer->stage2);
    before = before_last_part(locked, range->base, range->mapped);
    CHECK(stage2_unmap_locked(locked, ipa_add(range->base, before), range->mapped - before) ==
          STILE_SUCCESS);
    range->mapped = before;
    range->lent = smaller(range->lent, before);
    stage2_unlock(locked);
}

/* --- donate -------------------------------------------------------------------------------- */

/* Maps the owner's pages in the peer, a page or block at a time. All or nothing. */
static enum stile_error map_donated(struct both both, const struct share_offer *offer,
                                    const struct share_wish *wish)
{
    uint32_t attrs = wish->rights | STAGE2_OWNED | STAGE2_FRESH | STAGE2_FILLED;
    struct stage2_mapping mapping;
    enum stile_error error = STILE_SUCCESS;
    uint64_t done = 0;
    uint64_t step;

    for (; done < offer->bytes; done += step) {
        step = find_ready(both.owner, ipa_add(offer->base, done), offer->bytes - done, &mapping);
        error = stage2_map_locked(both.peer, ipa_add(wish->base, done), mapping.pa, step, attrs);
        if (error)
            break;
    }
    if (error && done > 0)
        CHECK(stage2_unmap_locked(both.peer, wish->base, done) == STILE_SUCCESS);
    return error;
}

/*
 * Takes the pages out of the owner's address space, and makes them the peer's in all books: as what
 * they were there, a block or single pages, however the peer has them mapped.
 */
static enum stile_error hand_over(struct both both, struct vm *owner, struct vm *peer,
                                  const struct share_offer *offer, ipa_t base)
{
    unsigned order = offer->bytes == BLOCK_2M ? PAGE_ORDER_2M : PAGE_ORDER_4K;
    uint64_t nr_pages = offer->bytes >> PAGE_SHIFT;
    struct stage2_mapping mapping;
    enum stile_error error;

    if (!vmem_donate_prepare(owner, peer, nr_pages))
        return STILE_NO_MEMORY;
    error = stage2_unmap_locked(both.owner, offer->base, offer->bytes);
    if (error) {
        vmem_donate_cancel(owner, peer, nr_pages);
        return error;
    }
    for (uint64_t done = 0; done < offer->bytes; done += PAGE_SIZE << order) {
        CHECK(stage2_lookup_locked(both.peer, ipa_add(base, done), &mapping));
        page_give_guest(mapping.pa, order, owner->id, peer->id);
    }
    vmem_donate(owner, peer, nr_pages);
    return STILE_SUCCESS;
}

enum stile_error share_donate(struct vm *owner, struct vm *peer, const struct share_offer *offer,
                              const struct share_wish *wish)
{
    struct both both = lock_both(owner, peer);
    enum stile_error error = map_donated(both, offer, wish);

    if (!error) {
        error = hand_over(both, owner, peer, offer, wish->base);
        if (error)
            CHECK(stage2_unmap_locked(both.peer, wish->base, offer->bytes) == STILE_SUCCESS);
    }
    unlock_both(both);
    return error;
}
