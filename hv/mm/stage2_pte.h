/* SPDX-License-Identifier: MIT */
/*
 * Stage-2 descriptors: what they say besides mm/pte.h, and how that is told in STAGE2_* words.
 * Private to the files of stage 2.
 */
#ifndef MM_STAGE2_PTE_H
#define MM_STAGE2_PTE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cache.h"
#include "arch/tlb.h"
#include "dev/smmu.h"
#include "mm/page.h"
#include "mm/pte.h"
#include "mm/stage2_attrs.h"
#include "mm/stage2_state.h"

#define STAGE2_FIRST_LEVEL 1u

/* Arm ARM D5.4: MemAttr, S2AP, and bits that are software's. XN with FEAT_XNX: at EL1 and EL0. */
#define S2_DEVICE_NGNRE (UINT64_C(1) << 2)
#define S2_NORMAL_WB    (UINT64_C(15) << 2)
#define S2_FORCED_WB    (UINT64_C(6) << 2) /* with HCR_EL2.FWB: whatever stage 1 says */
#define S2_MEMATTR      (UINT64_C(15) << 2)
#define S2_READ         (UINT64_C(1) << 6)
#define S2_WRITE        (UINT64_C(1) << 7)
#define S2_OWNED        (UINT64_C(1) << 55)
#define S2_BORROWED     (UINT64_C(1) << 56)
#define S2_MAY_WRITE    (UINT64_C(1) << 57)
#define S2_FILLED       (UINT64_C(1) << 58)
#define S2_SCRATCH      (UINT64_C(1) << 52) /* in a table's descriptor, where it is ignored */

#define S2_RIGHTS (S2_READ | S2_WRITE | PTE_XN)

/** Those fields of a descriptor that STAGE2_READ, WRITE and EXECUTE decide. */
static inline uint64_t stage2_leaf_rights(uint32_t attrs)
{
    uint64_t rights = 0;

    rights |= attrs & STAGE2_READ ? S2_READ : 0;
    rights |= attrs & STAGE2_WRITE ? S2_WRITE : 0;
    rights |= (attrs & (STAGE2_EXECUTE | STAGE2_DEVICE)) == STAGE2_EXECUTE ? 0 : PTE_XN;
    return rights;
}

/**
 * Whether a descriptor points to a table of the range's own. One that points to the VM's scratch is
 * a block to software: see stage2_scratch_locked().
 */
static inline bool stage2_is_table(uint64_t entry, unsigned level)
{
    return pte_is_table(entry, level) && !(entry & S2_SCRATCH);
}

/** The descriptor of a page or block. */
static inline uint64_t stage2_leaf_make(uint64_t pa, unsigned level, uint32_t attrs)
{
    uint64_t leaf = pa | PTE_AF | (level == PTE_LAST_LEVEL ? PTE_TABLE : 0);

    if (attrs & STAGE2_DEVICE)
        leaf |= S2_DEVICE_NGNRE;
    else
        leaf |= (cache_has_fwb() ? S2_FORCED_WB : S2_NORMAL_WB) | PTE_SH_INNER;
    leaf |= stage2_leaf_rights(attrs);
    leaf |= attrs & STAGE2_OWNED ? S2_OWNED : 0;
    leaf |= attrs & STAGE2_BORROWED ? S2_BORROWED : 0;
    leaf |= attrs & STAGE2_MAY_WRITE ? S2_MAY_WRITE : 0;
    leaf |= attrs & STAGE2_FILLED ? S2_FILLED : 0;
    leaf |= attrs & STAGE2_FRESH ? 0 : PTE_VALID;
    return leaf;
}

/** What a descriptor made so allows and is. */
static inline uint32_t stage2_leaf_attrs(uint64_t leaf)
{
    uint32_t attrs = 0;

    attrs |= (leaf & S2_MEMATTR) == S2_DEVICE_NGNRE ? STAGE2_DEVICE : 0;
    attrs |= leaf & S2_READ ? STAGE2_READ : 0;
    attrs |= leaf & S2_WRITE ? STAGE2_WRITE : 0;
    attrs |= leaf & PTE_XN ? 0 : STAGE2_EXECUTE;
    attrs |= leaf & S2_OWNED ? STAGE2_OWNED : 0;
    attrs |= leaf & S2_BORROWED ? STAGE2_BORROWED : 0;
    attrs |= leaf & S2_MAY_WRITE ? STAGE2_MAY_WRITE : 0;
    attrs |= leaf & PTE_VALID ? 0 : STAGE2_FRESH;
    attrs |= leaf & S2_FILLED ? STAGE2_FILLED : 0;
    return attrs;
}

/* Arm ARM D5.3 and D5.4, stage 1 at EL1: of attribute 0 and of an ASID, also for EL0. */
#define TWIN_DEVICE    (UINT64_C(1) << 2) /* attribute 1, of stage2_map_doorbell() alone */
#define TWIN_USER      (UINT64_C(1) << 6)
#define TWIN_READ_ONLY (UINT64_C(1) << 7)
#define TWIN_OF_ASID   (UINT64_C(1) << 11)

/** The descriptor at the same place of the table's twin. What a device has is not shown there. */
static inline uint64_t stage2_twin(const struct stage2 *stage2, uint64_t entry, unsigned level)
{
    uint64_t leaf = (entry & (PTE_ADDRESS | PTE_TABLE | PTE_AF | PTE_VALID)) | PTE_SH_INNER;

    if (!(entry & PTE_VALID))
        return 0;
    if (pte_is_table(entry, level))
        return ((entry & PTE_ADDRESS) + PAGE_SIZE) | PTE_TABLE | PTE_VALID;
    if ((entry & S2_MEMATTR) == S2_DEVICE_NGNRE)
        return 0;
    if (stage2->walkers == STAGE2_TWINS_2)
        return leaf | S2_NORMAL_WB | (entry & (S2_READ | S2_WRITE));
    return leaf | TWIN_USER | TWIN_OF_ASID | (entry & S2_WRITE ? 0 : TWIN_READ_ONLY);
}

/** The twin's descriptor of a page of registers that devices may write to. */
static inline uint64_t stage2_twin_doorbell(const struct stage2 *stage2, pa_t pa)
{
    uint64_t leaf = pa.pa | PTE_AF | PTE_TABLE | PTE_VALID;

    if (stage2->walkers == STAGE2_TWINS_2)
        return leaf | S2_DEVICE_NGNRE | S2_READ | S2_WRITE;
    return leaf | TWIN_DEVICE | TWIN_USER | TWIN_OF_ASID;
}

/** Writes a descriptor of a table of @level, and its twin. */
static inline void stage2_put(const struct stage2 *stage2, uint64_t *entry, unsigned level,
                              uint64_t value)
{
    *entry = value;
    if (stage2_has_twins(stage2))
        entry[PTE_NR_ENTRIES] = stage2_twin(stage2, value, level);
}

/** The order of the pages that a table takes, with its twin. */
static inline unsigned stage2_table_order(const struct stage2 *stage2)
{
    return stage2_has_twins(stage2) ? PAGE_ORDER_4K + 1 : PAGE_ORDER_4K;
}

/** Nobody translates any more by what all of it was before, or by what a page was. */
static inline void stage2_flush_all(const struct stage2 *stage2)
{
    tlb_flush_stage2_all(stage2->vttbr);
    if (stage2_has_twins(stage2))
        smmu_flush(stage2->vm_id);
}

static inline void stage2_flush_ipa(const struct stage2 *stage2, uint64_t ipa)
{
    tlb_flush_stage2_ipa(stage2->vttbr, ipa);
    if (stage2_has_twins(stage2))
        smmu_flush(stage2->vm_id);
}

/*
 * How many entries of the table below are not 0, kept in the descriptor that points to it: when
 * the last one goes the table goes. The root's are not counted.
 */
static inline unsigned stage2_table_used(uint64_t entry)
{
    return (unsigned)(entry >> PTE_USED_SHIFT & PTE_USED_MASK);
}

/** How much a table's descriptor grows by when @nr of its entries become used. */
static inline uint64_t stage2_used(unsigned nr)
{
    return (uint64_t)nr << PTE_USED_SHIFT;
}

#endif
