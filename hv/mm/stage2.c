/* SPDX-License-Identifier: MIT */
/*
 * A stage 2 from its beginning to its end, and finding what it maps. Changing it is in
 * mm/stage2_map.c.
 */
#include "arch/tlb.h"
#include "lib/check.h"
#include "lib/cold.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "mm/stage2_pte.h"

/* Arm ARM D13.2.152 (VTCR_EL2): 39 bits from level 1, walks inner shareable and write-back. */
#define VTCR_RES1     (UINT64_C(1) << 31)
#define VTCR_T0SZ     (UINT64_C(64) - STAGE2_IPA_BITS)
#define VTCR_SL0_L1   (UINT64_C(1) << 6)
#define VTCR_IRGN0_WB (UINT64_C(1) << 8)
#define VTCR_ORGN0_WB (UINT64_C(1) << 10)
#define VTCR_SH0_IS   (UINT64_C(3) << 12)
#define VTCR_PS_SHIFT 16
#define MMFR0_PARANGE 0xFu
#define PARANGE_40    2u
#define PARANGE_48    5u

#define VTTBR_VMID_SHIFT 48

/* --- find ---------------------------------------------------------------------------------- */

/* The entry that maps @ipa, or NULL; @level becomes its level. */
static uint64_t *find(const struct stage2 *stage2, ipa_t ipa, unsigned *level)
{
    uint64_t *entry;

    if (ipa.ipa >= STAGE2_IPA_END)
        return NULL;
    *level = STAGE2_FIRST_LEVEL;
    entry = pte_at(stage2->root, STAGE2_FIRST_LEVEL, ipa.ipa);
    while (stage2_is_table(*entry, *level)) {
        ++*level;
        entry = pte_at(pte_table(*entry), *level, ipa.ipa);
    }
    return *entry == 0 ? NULL : entry;
}

bool stage2_lookup_locked(struct stage2_locked locked, ipa_t ipa, struct stage2_mapping *out)
{
    unsigned level;
    const uint64_t *entry = find(locked.stage2, ipa, &level);

    if (!entry)
        return false;
    out->bytes = pte_span(level);
    out->pa = pa_make((*entry & PTE_ADDRESS) + (ipa.ipa & (out->bytes - 1)));
    out->attrs = stage2_leaf_attrs(*entry);
    return true;
}

bool stage2_owns_locked(struct stage2_locked locked, ipa_t ipa)
{
    unsigned level;
    const uint64_t *entry = find(locked.stage2, ipa, &level);

    return entry && (*entry & S2_OWNED);
}

uint64_t stage2_gap_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes)
{
    uint64_t at = ipa.ipa;
    uint64_t end = at + bytes;

    while (at < end) {
        unsigned level = STAGE2_FIRST_LEVEL;
        const uint64_t *entry = pte_at(locked.stage2->root, level, at);

        while (stage2_is_table(*entry, level)) {
            ++level;
            entry = pte_at(pte_table(*entry), level, at);
        }
        if (*entry != 0)
            break;
        if (level < PTE_LAST_LEVEL) {
            at = align_down(at, pte_span(level)) + pte_span(level);
            continue;
        }
        /* Its neighbours need no walk of their own. */
        for (uint64_t nr = pte_step(level - 1, at, end - at) >> PAGE_SHIFT; nr > 0 && *entry == 0;
             nr--, entry++)
            at += PAGE_SIZE;
    }
    return at < end ? at - ipa.ipa : bytes;
}

void stage2_ready_locked(struct stage2_locked locked, ipa_t ipa)
{
    unsigned level;
    uint64_t *entry = find(locked.stage2, ipa, &level);

    CHECK(entry);
    dsb_ishst(); /* the memory is seen zeroed before it can be reached */
    stage2_put(locked.stage2, entry, level, (*entry | PTE_VALID) & ~S2_FILLED);
    dsb_ishst();
}

/* --- scratch ------------------------------------------------------------------------------- */

enum stile_error stage2_make_scratch(struct stage2_locked locked)
{
    struct stage2 *stage2 = locked.stage2;
    uint64_t *table;
    void *page;

    if (stage2->scratch)
        return STILE_SUCCESS;
    table = page_alloc(stage2->vm_id, stage2_table_order(stage2));
    page = page_alloc(stage2->vm_id, PAGE_ORDER_4K);
    if (!table || !page) {
        if (table)
            page_free(table, stage2_table_order(stage2));
        return STILE_NO_MEMORY;
    }
    page_show(page);
    for (unsigned i = 0; i < PTE_NR_ENTRIES; i++)
        stage2_put(stage2, &table[i], PTE_LAST_LEVEL,
                   stage2_leaf_make(page_pa(page).pa, PTE_LAST_LEVEL, STAGE2_READ | STAGE2_WRITE));
    stage2->scratch = table;
    return STILE_SUCCESS;
}

static void scratch_free(struct stage2 *stage2)
{
    if (!stage2->scratch)
        return;
    page_free(page_va(pa_make(stage2->scratch[0] & PTE_ADDRESS)), PAGE_ORDER_4K);
    page_free(stage2->scratch, stage2_table_order(stage2));
    stage2->scratch = NULL;
}

void stage2_free_scratch(struct stage2_locked locked)
{
    scratch_free(locked.stage2);
}

/* --- life, and the same with the lock taken -------------------------------------------------- */

uint64_t stage2_vtcr(void)
{
    uint64_t range = read_sysreg(id_aa64mmfr0_el1) & MMFR0_PARANGE;

    if (range < PARANGE_40)
        panic("this CPU has fewer than 40 bits of physical address");
    if (range > PARANGE_48)
        range = PARANGE_48;
    return VTCR_RES1 | VTCR_T0SZ | VTCR_SL0_L1 | VTCR_IRGN0_WB | VTCR_ORGN0_WB | VTCR_SH0_IS |
           range << VTCR_PS_SHIFT;
}

enum stile_error stage2_init(struct stage2 *stage2, uint32_t vm_id, enum stage2_walkers walkers)
{
    uint64_t *root;

    stage2->walkers = walkers;
    root = page_alloc(vm_id, stage2_table_order(stage2));
    if (!root)
        return STILE_NO_MEMORY;
    stage2->root = root;
    stage2->vttbr = page_pa(root).pa | (uint64_t)vm_id << VTTBR_VMID_SHIFT;
    stage2->vm_id = vm_id;
    stage2->scratch = NULL;
    stage2->nr_owned = 0;
    stage2->nr_ready = 0;
    stage2->gone = 0;
    stage2_flush_all(stage2); /* what an earlier VM of that number left */
    return STILE_SUCCESS;
}

pa_t stage2_dma_root(const struct stage2 *stage2)
{
    CHECK(stage2_has_twins(stage2));
    return pa_add(page_pa(stage2->root), PAGE_SIZE);
}

/* How much one call of stage2_destroy() does: for each descriptor its cost, roughly. */
#define DESTROY_MOST 256
#define COST_EMPTY   1
#define COST_LEAF    16

/** Where stage2_destroy() is: the descriptor of its IPA, and those above which lead to it. */
struct path {
    uint64_t *entries[PTE_LAST_LEVEL + 1]; /* by level */
    unsigned level;                        /* of the last one */
};

static struct path path_to(const struct stage2 *stage2, uint64_t ipa)
{
    struct path path = {.level = STAGE2_FIRST_LEVEL};
    uint64_t *entry = pte_at(stage2->root, path.level, ipa);

    path.entries[path.level] = entry;
    while (stage2_is_table(*entry, path.level)) {
        entry = pte_at(pte_table(*entry), ++path.level, ipa);
        path.entries[path.level] = entry;
    }
    return path;
}

/* Ends what a descriptor maps, and the tables whose last one it is. Returns what that costs. */
static unsigned destroy_one(struct stage2 *stage2, stage2_release_t *release, void *context)
{
    struct path path = path_to(stage2, stage2->gone);
    uint64_t entry = *path.entries[path.level];
    struct stage2_mapping mapping = {pa_make(entry & PTE_ADDRESS), pte_span(path.level),
                                     stage2_leaf_attrs(entry)};

    *path.entries[path.level] = 0;
    if (entry != 0 && !(entry & S2_SCRATCH))
        release(context, &mapping);
    stage2->gone += mapping.bytes;
    while (path.level > STAGE2_FIRST_LEVEL && is_aligned(stage2->gone, pte_span(path.level - 1))) {
        uint64_t *above = path.entries[--path.level];

        page_free(pte_table(*above), stage2_table_order(stage2));
        *above = 0;
    }
    return entry != 0 ? COST_LEAF : COST_EMPTY;
}

bool stage2_destroy(struct stage2 *stage2, stage2_release_t *release, void *context)
{
    if (!stage2->root)
        return false;
    if (stage2->gone == 0)
        stage2_flush_all(stage2);
    for (unsigned cost = 0; cost < DESTROY_MOST && stage2->gone < STAGE2_IPA_END;)
        cost += destroy_one(stage2, release, context);
    if (stage2->gone < STAGE2_IPA_END)
        return true;
    scratch_free(stage2);
    page_free(stage2->root, stage2_table_order(stage2));
    stage2->root = NULL;
    stage2->vttbr = 0;
    return false;
}

enum stile_error stage2_map(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint64_t bytes,
                            uint32_t attrs)
{
    struct stage2_locked locked = stage2_lock(stage2);
    enum stile_error error = stage2_map_locked(locked, ipa, pa, bytes, attrs);

    stage2_unlock(locked);
    return error;
}

enum stile_error stage2_map_pool(struct stage2 *stage2, ipa_t ipa, const void *page,
                                 uint32_t rights)
{
    page_show(page);
    return stage2_map(stage2, ipa, page_pa(page), PAGE_SIZE, rights);
}

/* Nobody writes the descriptor of registers again, and so nobody writes its twin. */
COLD enum stile_error stage2_map_doorbell(struct stage2 *stage2, ipa_t ipa, pa_t pa,
                                          uint32_t rights)
{
    enum stile_error error = stage2_map(stage2, ipa, pa, PAGE_SIZE, STAGE2_DEVICE | rights);

    if (error == STILE_SUCCESS && stage2_has_twins(stage2)) {
        struct path path = path_to(stage2, ipa.ipa);

        path.entries[path.level][PTE_NR_ENTRIES] = stage2_twin_doorbell(stage2, pa);
        dsb_ishst();
    }
    return error;
}

enum stile_error stage2_unmap(struct stage2 *stage2, ipa_t ipa, uint64_t bytes)
{
    struct stage2_locked locked = stage2_lock(stage2);
    enum stile_error error = stage2_unmap_locked(locked, ipa, bytes);

    stage2_unlock(locked);
    return error;
}

bool stage2_lookup(struct stage2 *stage2, ipa_t ipa, struct stage2_mapping *out)
{
    struct stage2_locked locked = stage2_lock(stage2);
    bool found = stage2_lookup_locked(locked, ipa, out);

    stage2_unlock(locked);
    return found;
}
