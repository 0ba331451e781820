/* SPDX-License-Identifier: MIT */
/*
 * Changing a stage 2. Every change is in two steps: prepare walks the range, finds what is in the
 * way and counts the tables that are missing; commit, which cannot fail, then writes descriptors.
 */
#include "arch/tlb.h"
#include "lib/check.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "mm/stage2_pte.h"

/** A range of IPAs and, to be mapped there, physical addresses. */
struct range {
    uint64_t ipa;
    uint64_t pa;
    uint64_t bytes;
};

/** Tables on their way: allocated but not yet used, or no longer used but not yet freed. */
struct tables {
    uint64_t *first; /* its first entry is the address of the next; bit 0 is clear: invalid */
};

/* --- tables -------------------------------------------------------------------------------- */

static void tables_push(struct tables *tables, uint64_t *table)
{
    table[0] = (uint64_t)(uintptr_t)tables->first;
    tables->first = table;
}

static uint64_t *tables_pop(struct tables *tables)
{
    uint64_t *table = tables->first;

    CHECK(table);
    tables->first = (uint64_t *)(uintptr_t)table[0];
    table[0] = 0;
    return table;
}

static void tables_free(const struct stage2 *stage2, struct tables *tables)
{
    while (tables->first)
        page_free(tables_pop(tables), stage2_table_order(stage2));
}

static enum stile_error tables_alloc(const struct stage2 *stage2, struct tables *tables, size_t nr)
{
    tables->first = NULL;
    while (nr-- > 0) {
        uint64_t *table = page_alloc(stage2->vm_id, stage2_table_order(stage2));

        if (!table) {
            tables_free(stage2, tables);
            return STILE_NO_MEMORY;
        }
        tables_push(tables, table);
    }
    return STILE_SUCCESS;
}

/* --- ranges ------------------------------------------------------------------------------- */

/* Whether @step bytes at the start of @range can be one entry of @level. */
static bool leaf_fits(const struct range *range, unsigned level, uint64_t step, uint32_t attrs)
{
    /* Fresh memory is reached a whole entry at a time, and handing that over must not take long. */
    if (level == STAGE2_FIRST_LEVEL && (attrs & STAGE2_FRESH))
        return false;
    return step == pte_span(level) && is_aligned(range->pa, step);
}

/* Takes the first @step bytes off a range, and returns them. */
static struct range range_take(struct range *range, uint64_t step)
{
    struct range taken = {range->ipa, range->pa, step};

    range->ipa += step;
    range->pa += step;
    range->bytes -= step;
    return taken;
}

static bool range_is_inside(ipa_t ipa, uint64_t bytes)
{
    return ipa.ipa < STAGE2_IPA_END && bytes > 0 && bytes <= STAGE2_IPA_END - ipa.ipa;
}

/* --- runs ---------------------------------------------------------------------------------- */

/** Neighbours in one table, which make up a whole range. What most calls change is one. */
struct run {
    uint64_t *parent; /* the descriptor that points to their table */
    uint64_t *first;
    unsigned nr, level;
};

/* Finds the entries of a range, if it is a run whose first entry points to no table. */
static bool run_find(const struct stage2 *stage2, const struct range *range, struct run *run)
{
    unsigned level = STAGE2_FIRST_LEVEL;
    uint64_t *parent = NULL;
    uint64_t *entry = pte_at(stage2->root, level, range->ipa);

    while (stage2_is_table(*entry, level)) {
        parent = entry;
        entry = pte_at(pte_table(*entry), ++level, range->ipa);
    }
    if (!parent || !is_aligned(range->ipa | range->pa | range->bytes, pte_span(level)) ||
        pte_step(level - 1, range->ipa, range->bytes) < range->bytes)
        return false;
    *run = (struct run){parent, entry, (unsigned)(range->bytes >> pte_shift(level)), level};
    return true;
}

static bool entries_are_free(const uint64_t *entry, uint64_t nr)
{
    while (nr-- > 0) {
        if (*entry++ != 0)
            return false;
    }
    return true;
}

static void entries_fill(const struct stage2 *stage2, uint64_t *entry, uint64_t nr, uint64_t leaf,
                         unsigned level)
{
    while (nr-- > 0) {
        stage2_put(stage2, entry++, level, leaf);
        leaf += pte_span(level);
    }
}

/* --- map ----------------------------------------------------------------------------------- */

/* Counts the tables missing below @table, which may be missing itself: NULL. */
static enum stile_error map_prepare(uint64_t *table, unsigned level, struct range range,
                                    uint32_t attrs, size_t *nr_missing)
{
    if (level == PTE_LAST_LEVEL)
        return !table ||
                       entries_are_free(pte_at(table, level, range.ipa), range.bytes >> PAGE_SHIFT)
                   ? STILE_SUCCESS
                   : STILE_ALREADY_MAPPED;
    while (range.bytes > 0) {
        uint64_t entry = table ? *pte_at(table, level, range.ipa) : 0;
        uint64_t step = pte_step(level, range.ipa, range.bytes);
        enum stile_error error;

        if (entry != 0 && !stage2_is_table(entry, level))
            return STILE_ALREADY_MAPPED;
        if (leaf_fits(&range, level, step, attrs)) {
            if (entry != 0)
                return STILE_ALREADY_MAPPED; /* tables are never empty */
            range_take(&range, step);
            continue;
        }
        *nr_missing += entry == 0;
        error = map_prepare(entry ? pte_table(entry) : NULL, level + 1, range_take(&range, step),
                            attrs, nr_missing);
        if (error)
            return error;
    }
    return STILE_SUCCESS;
}

/* Returns how many entries of @table came into use. */
static unsigned map_commit(const struct stage2 *stage2, uint64_t *table, unsigned level,
                           struct range range, uint32_t attrs, struct tables *spare)
{
    unsigned nr_new = 0;

    if (level == PTE_LAST_LEVEL) {
        nr_new = (unsigned)(range.bytes >> PAGE_SHIFT);
        entries_fill(stage2, pte_at(table, level, range.ipa), nr_new,
                     stage2_leaf_make(range.pa, level, attrs), level);
        return nr_new;
    }
    while (range.bytes > 0) {
        uint64_t *entry = pte_at(table, level, range.ipa);
        uint64_t step = pte_step(level, range.ipa, range.bytes);

        if (leaf_fits(&range, level, step, attrs)) {
            stage2_put(stage2, entry, level, stage2_leaf_make(range.pa, level, attrs));
            range_take(&range, step);
            nr_new++;
            continue;
        }
        if (*entry == 0) {
            uint64_t *below = tables_pop(spare);

            dsb_ishst(); /* it is seen empty before it is seen */
            stage2_put(stage2, entry, level, pte_to_table(below));
            nr_new++;
        }
        *entry += stage2_used(map_commit(stage2, pte_table(*entry), level + 1,
                                         range_take(&range, step), attrs, spare));
    }
    return nr_new;
}

static enum stile_error map_any(struct stage2 *stage2, struct range range, uint32_t attrs)
{
    struct tables spare;
    size_t nr_missing = 0;
    enum stile_error error =
        map_prepare(stage2->root, STAGE2_FIRST_LEVEL, range, attrs, &nr_missing);

    if (!error)
        error = tables_alloc(stage2, &spare, nr_missing);
    if (!error)
        (void)map_commit(stage2, stage2->root, STAGE2_FIRST_LEVEL, range, attrs, &spare);
    return error;
}

static enum stile_error map_run(const struct stage2 *stage2, const struct run *run, uint64_t pa,
                                uint32_t attrs)
{
    if (!entries_are_free(run->first, run->nr))
        return STILE_ALREADY_MAPPED; /* tables are never empty */
    entries_fill(stage2, run->first, run->nr, stage2_leaf_make(pa, run->level, attrs), run->level);
    *run->parent += stage2_used(run->nr);
    return STILE_SUCCESS;
}

enum stile_error stage2_map_locked(struct stage2_locked locked, ipa_t ipa, pa_t pa, uint64_t bytes,
                                   uint32_t attrs)
{
    struct range range = {ipa.ipa, pa.pa, bytes};
    struct run run;
    enum stile_error error;

    CHECK(is_aligned(ipa.ipa | pa.pa | bytes, PAGE_SIZE) && (attrs & STAGE2_READ));
    if (!range_is_inside(ipa, bytes))
        return STILE_INVALID_ARGUMENT;
    error = run_find(locked.stage2, &range, &run) ? map_run(locked.stage2, &run, range.pa, attrs)
                                                  : map_any(locked.stage2, range, attrs);
    if (error)
        return error;
    /* Nothing was valid before, so no TLB holds it: table walks need only see the new entries. */
    dsb_ishst();
    return STILE_SUCCESS;
}

/* --- unmap and protect --------------------------------------------------------------------- */

/** What becomes of each descriptor of a range. All zero: it goes. */
struct change {
    uint64_t keep;  /* bits that stay */
    uint64_t page;  /* bits that are added to a page's */
    uint64_t block; /* and to a block's */
};

static bool change_removes(const struct change *change)
{
    return change->keep == 0 && change->page == 0;
}

/* Counts the tables that splitting needs below @table; NULL: a block covers all of it. */
static enum stile_error change_prepare(uint64_t *table, unsigned level, struct range range,
                                       size_t *nr_missing)
{
    while (range.bytes > 0) {
        uint64_t entry = table ? *pte_at(table, level, range.ipa) : PTE_VALID;
        uint64_t step = pte_step(level, range.ipa, range.bytes);
        bool is_table = stage2_is_table(entry, level);
        struct range part = range_take(&range, step);
        enum stile_error error;

        if (entry == 0)
            return STILE_NOT_MAPPED;
        if (!is_table && step == pte_span(level))
            continue;
        *nr_missing += !is_table;
        error = change_prepare(is_table ? pte_table(entry) : NULL, level + 1, part, nr_missing);
        if (error)
            return error;
    }
    return STILE_SUCCESS;
}

/* Of a fresh block of which parts are ready, the pages of those are so from now on. */
static void show_ready_parts(const struct stage2 *stage2, uint64_t *table)
{
    uint32_t parts = page_parts(pa_make(table[0] & PTE_ADDRESS));

    for (unsigned i = 0; parts != 0 && i < PTE_NR_ENTRIES; i++) {
        if (parts & page_part_bit(pa_make(table[i] & PTE_ADDRESS)))
            stage2_put(stage2, &table[i], PTE_LAST_LEVEL, (table[i] | PTE_VALID) & ~S2_FILLED);
    }
}

/*
 * Puts a table in place of a block: the same translation, in 512 pieces. Break before make (Arm
 * ARM D5.10.1): no TLB may hold the block and a piece of it at once.
 */
static void split(const struct stage2 *stage2, uint64_t *entry, unsigned level, uint64_t ipa,
                  uint64_t *table)
{
    uint64_t block = *entry;
    uint64_t piece = block | (level + 1 == PTE_LAST_LEVEL ? PTE_TABLE : 0);

    for (unsigned i = 0; i < PTE_NR_ENTRIES; i++)
        stage2_put(stage2, &table[i], level + 1, piece + i * pte_span(level + 1));
    if (stage2_leaf_attrs(block) & STAGE2_FRESH)
        show_ready_parts(stage2, table);
    stage2_put(stage2, entry, level, 0);
    stage2_flush_ipa(stage2, align_down(ipa, pte_span(level)));
    stage2_put(stage2, entry, level, pte_to_table(table) + stage2_used(PTE_NR_ENTRIES));
    dsb_ishst();
}

/*
 * Changes the range; moves tables that become empty to @empty. Returns how many entries of @table
 * went out of use.
 */
static unsigned change_commit(const struct stage2 *stage2, uint64_t *table, unsigned level,
                              struct range range, const struct change *change, struct tables *spare,
                              struct tables *empty)
{
    unsigned nr_gone = 0;

    while (range.bytes > 0) {
        uint64_t *entry = pte_at(table, level, range.ipa);
        uint64_t step = pte_step(level, range.ipa, range.bytes);
        struct range part = range_take(&range, step);
        uint64_t *below;

        if (!stage2_is_table(*entry, level) && step == pte_span(level)) {
            stage2_put(stage2, entry, level,
                       (*entry & change->keep) |
                           (level == PTE_LAST_LEVEL ? change->page : change->block));
            nr_gone += *entry == 0;
            continue;
        }
        if (!stage2_is_table(*entry, level))
            split(stage2, entry, level, part.ipa, tables_pop(spare));
        below = pte_table(*entry);
        *entry -= stage2_used(change_commit(stage2, below, level + 1, part, change, spare, empty));
        if (stage2_table_used(*entry) == 0) {
            stage2_put(stage2, entry, level, 0);
            nr_gone++;
            tables_push(empty, below);
        }
    }
    return nr_gone;
}

static enum stile_error change_any(const struct stage2 *stage2, struct range range,
                                   const struct change *change, struct tables *empty)
{
    struct tables spare;
    size_t nr_missing = 0;
    enum stile_error error = change_prepare(stage2->root, STAGE2_FIRST_LEVEL, range, &nr_missing);

    if (!error)
        error = tables_alloc(stage2, &spare, nr_missing);
    if (!error)
        (void)change_commit(stage2, stage2->root, STAGE2_FIRST_LEVEL, range, change, &spare, empty);
    return error;
}

/* Whether a change of a run touches nothing but its entries, all of which map something. */
static bool run_is_plain(const struct run *run, const struct change *change)
{
    if (run->level < PTE_LAST_LEVEL && run->nr > 1)
        return false; /* some may point to tables */
    for (unsigned i = 0; i < run->nr; i++) {
        if (run->first[i] == 0)
            return false;
    }
    return !change_removes(change) || stage2_table_used(*run->parent) > run->nr;
}

static void change_run(const struct stage2 *stage2, const struct run *run,
                       const struct change *change)
{
    uint64_t set = run->level == PTE_LAST_LEVEL ? change->page : change->block;

    for (unsigned i = 0; i < run->nr; i++)
        stage2_put(stage2, &run->first[i], run->level, (run->first[i] & change->keep) | set);
    if (change_removes(change))
        *run->parent -= stage2_used(run->nr);
}

/* Nobody translates any more by what a range was before. */
static void change_flush(const struct stage2 *stage2, ipa_t ipa, uint64_t bytes)
{
    if (bytes == PAGE_SIZE)
        stage2_flush_ipa(stage2, ipa.ipa);
    else
        stage2_flush_all(stage2);
}

static enum stile_error change_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes,
                                      const struct change *change)
{
    struct stage2 *stage2 = locked.stage2;
    struct range range = {ipa.ipa, 0, bytes};
    struct tables empty = {NULL};
    struct run run;
    enum stile_error error = STILE_SUCCESS;

    CHECK(is_aligned(ipa.ipa | bytes, PAGE_SIZE));
    if (!range_is_inside(ipa, bytes))
        return STILE_INVALID_ARGUMENT;
    if (run_find(stage2, &range, &run) && run_is_plain(&run, change))
        change_run(stage2, &run, change);
    else
        error = change_any(stage2, range, change, &empty);
    if (error)
        return error;
    change_flush(stage2, ipa, bytes);
    /* Only now has every CPU's table walk let go of them. */
    tables_free(stage2, &empty);
    return STILE_SUCCESS;
}

enum stile_error stage2_unmap_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes)
{
    return change_locked(locked, ipa, bytes, &(struct change){0, 0, 0});
}

enum stile_error stage2_protect_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes,
                                       uint32_t rights)
{
    uint64_t bits = stage2_leaf_rights(rights);

    CHECK(rights & STAGE2_READ);
    return change_locked(locked, ipa, bytes, &(struct change){~S2_RIGHTS, bits, bits});
}

enum stile_error stage2_forget_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes)
{
    return change_locked(locked, ipa, bytes, &(struct change){~(PTE_VALID | S2_FILLED), 0, 0});
}

void stage2_scratch_locked(struct stage2_locked locked, ipa_t ipa, uint64_t bytes)
{
    static const struct change invalid = {~PTE_VALID, 0, 0};
    struct stage2 *stage2 = locked.stage2;
    uint64_t page = stage2->scratch[0];
    uint64_t table = (uint64_t)(uintptr_t)stage2->scratch;
    struct change change = {0, page, (page & ~PTE_ADDRESS) | table | S2_SCRATCH};
    struct range range = {ipa.ipa, 0, bytes};
    struct tables none = {NULL};
    struct run run;

    /* Break before make: invalid on every CPU, and then what is new. Most ranges are a page. */
    if (run_find(stage2, &range, &run) && run.nr == 1) {
        stage2_put(stage2, run.first, run.level, *run.first & ~PTE_VALID);
        change_flush(stage2, ipa, bytes);
        stage2_put(stage2, run.first, run.level,
                   run.level == PTE_LAST_LEVEL ? change.page : change.block);
    } else {
        CHECK(change_any(stage2, range, &invalid, &none) == STILE_SUCCESS);
        change_flush(stage2, ipa, bytes);
        CHECK(change_any(stage2, range, &change, &none) == STILE_SUCCESS);
    }
    dsb_ishst();
}
