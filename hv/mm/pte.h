/* SPDX-License-Identifier: MIT */
/*
 * Translation table descriptors: VMSAv8-64, 4 KiB granule, 48-bit output addresses. What the
 * tables of EL2 (mm/el2map.c) and of stage 2 (mm/stage2.c) have in common.
 */
#ifndef MM_PTE_H
#define MM_PTE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define PTE_NR_ENTRIES 512u
#define PTE_LAST_LEVEL 3u

/* Arm ARM D5.3: fields of block and page descriptors of both stages. */
#define PTE_VALID    (UINT64_C(1) << 0)
#define PTE_TABLE    (UINT64_C(1) << 1) /* at level 3: a page */
#define PTE_SH_INNER (UINT64_C(3) << 8)
#define PTE_AF       (UINT64_C(1) << 10)
#define PTE_XN       (UINT64_C(1) << 54)
#define PTE_ADDRESS  UINT64_C(0x0000FFFFFFFFF000)

/* Arm ARM D5.3.1: bits 11:2 of a table descriptor are software's. Stage 2 counts in them. */
#define PTE_USED_SHIFT 2
#define PTE_USED_MASK  UINT64_C(0x3FF)

/** How much one entry of a table of @level covers, as a power of two. */
static inline unsigned pte_shift(unsigned level)
{
    return PAGE_SHIFT + 9 * (PTE_LAST_LEVEL - level);
}

/** How much one entry of a table of @level covers, in bytes. */
static inline uint64_t pte_span(unsigned level)
{
    return UINT64_C(1) << pte_shift(level);
}

/** The entry for @address in a table of @level. */
static inline uint64_t *pte_at(uint64_t *table, unsigned level, uint64_t address)
{
    return &table[(address >> pte_shift(level)) % PTE_NR_ENTRIES];
}

/** How many of @bytes from @address are covered by the entry of @level for @address. */
static inline uint64_t pte_step(unsigned level, uint64_t address, uint64_t bytes)
{
    uint64_t rest = pte_span(level) - (address & (pte_span(level) - 1));

    return bytes < rest ? bytes : rest;
}

static inline bool pte_is_table(uint64_t entry, unsigned level)
{
    return level < PTE_LAST_LEVEL && (entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

/** The table an entry points to; tables are in the pool, mapped one to one. */
static inline uint64_t *pte_table(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & PTE_ADDRESS);
}

/** The entry that points to @table. */
static inline uint64_t pte_to_table(const uint64_t *table)
{
    return (uint64_t)(uintptr_t)table | PTE_TABLE | PTE_VALID;
}

#endif
