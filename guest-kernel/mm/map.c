/* SPDX-License-Identifier: MIT */
/*
 * Building and walking translation tables: 4 KiB granule, levels 1 to 3 (Arm ARM D5.3).
 */
#include <stddef.h>

#include "arch/cpu.h"
#include "mm/map.h"
#include "mm/page.h"

#define ENTRIES    512
#define LEVEL_LAST 3

#define DESC_VALID   (UINT64_C(1) << 0)
#define DESC_TABLE   (UINT64_C(1) << 1) /* a table at levels 1 and 2, a page at level 3 */
#define DESC_TYPE    UINT64_C(3)
#define DESC_DEVICE  (UINT64_C(1) << 2) /* attribute 1 of MAIR_EL1, see boot.S; 0 is normal */
#define DESC_USER    (UINT64_C(1) << 6) /* AP[1] */
#define DESC_RDONLY  (UINT64_C(1) << 7) /* AP[2] */
#define DESC_INNER   (UINT64_C(3) << 8)
#define DESC_AF      (UINT64_C(1) << 10)
#define DESC_NG      (UINT64_C(1) << 11)
#define DESC_PXN     (UINT64_C(1) << 53)
#define DESC_UXN     (UINT64_C(1) << 54)
#define DESC_ADDRESS UINT64_C(0x0000FFFFFFFFF000)

static const uint64_t kind_bits[] = {
    [MAP_KERNEL_TEXT] = DESC_RDONLY | DESC_UXN,
    [MAP_KERNEL_RODATA] = DESC_RDONLY | DESC_UXN | DESC_PXN,
    [MAP_KERNEL_DATA] = DESC_UXN | DESC_PXN,
    [MAP_DEVICE] = DESC_DEVICE | DESC_UXN | DESC_PXN,
    [MAP_USER_TEXT] = DESC_USER | DESC_RDONLY | DESC_NG | DESC_PXN,
    [MAP_USER_RODATA] = DESC_USER | DESC_RDONLY | DESC_NG | DESC_UXN | DESC_PXN,
    [MAP_USER_DATA] = DESC_USER | DESC_NG | DESC_UXN | DESC_PXN,
};

static uint64_t level_bytes(int level)
{
    return UINT64_C(1) << (PAGE_SHIFT + 9 * (LEVEL_LAST - level));
}

static uint64_t *entry_of(uint64_t table, uint64_t va, int level)
{
    uint64_t *entries = phys_to_virt(table);

    return &entries[(va / level_bytes(level)) % ENTRIES];
}

static bool is_table(uint64_t entry)
{
    return (entry & DESC_TYPE) == (DESC_VALID | DESC_TABLE);
}

/* Whether one entry at this level can map the rest of the range's start. */
static bool fits(uint64_t va, uint64_t pa, uint64_t bytes, int level)
{
    uint64_t size = level_bytes(level);

    return bytes >= size && ((va | pa) & (size - 1)) == 0;
}

static bool map_entry(uint64_t root, uint64_t va, uint64_t entry, int last)
{
    uint64_t table = root;

    for (int level = 1; level < last; level++) {
        uint64_t *slot = entry_of(table, va, level);
        if (!is_table(*slot)) {
            uint64_t page = page_alloc_zeroed();
            if (page == 0)
                return false;
            dsb_ishst(); /* the table before its entry, for a walk by another CPU */
            *slot = page | DESC_VALID | DESC_TABLE;
        }
        table = *slot & DESC_ADDRESS;
    }
    *entry_of(table, va, last) = entry;
    return true;
}

bool map_range(uint64_t root, uint64_t va, uint64_t pa, uint64_t bytes, enum map_kind kind)
{
    uint64_t bits = kind_bits[kind] | DESC_INNER | DESC_AF | DESC_VALID;

    while (bytes != 0) {
        int level = 1;
        while (level < LEVEL_LAST && !fits(va, pa, bytes, level))
            level++;
        uint64_t page_bit = level == LEVEL_LAST ? DESC_TABLE : 0;
        if (!map_entry(root, va, pa | bits | page_bit, level))
            return false;
        va += level_bytes(level);
        pa += level_bytes(level);
        bytes -= level_bytes(level);
    }
    dsb_ishst();
    isb();
    return true;
}

/* The level 3 entry of an address, or NULL if no table leads to one. */
static uint64_t *find_page(uint64_t root, uint64_t va)
{
    uint64_t table = root;

    for (int level = 1; level < LEVEL_LAST; level++) {
        uint64_t entry = *entry_of(table, va, level);
        if (!is_table(entry))
            return NULL;
        table = entry & DESC_ADDRESS;
    }
    return entry_of(table, va, LEVEL_LAST);
}

uint64_t map_unmap_page(uint64_t root, uint64_t va)
{
    uint64_t *entry = find_page(root, va);

    if (!entry || !(*entry & DESC_VALID))
        return 0;
    uint64_t pa = *entry & DESC_ADDRESS;
    *entry = 0;
    dsb_ishst();
    __asm__ volatile("tlbi vaae1is, %0" : : "r"((va >> PAGE_SHIFT) & UINT64_C(0xFFFFFFFFFFF)));
    dsb_ish();
    isb();
    return pa;
}

uint64_t map_lookup_user(uint64_t root, uint64_t va, bool write)
{
    const uint64_t *entry = va < USER_VA_END ? find_page(root, va) : NULL;

    if (!entry || !(*entry & DESC_VALID) || !(*entry & DESC_USER))
        return 0;
    if (write && (*entry & DESC_RDONLY))
        return 0;
    return (*entry & DESC_ADDRESS) | (va & (PAGE_SIZE - 1));
}

/* A process's tree has tables at levels 1 and 2 and pages at level 3, no blocks. */
static void free_level(uint64_t table, int level)
{
    const uint64_t *entries = phys_to_virt(table);

    for (int i = 0; i < ENTRIES; i++) {
        if (!(entries[i] & DESC_VALID))
            continue;
        if (level == LEVEL_LAST)
            page_free(entries[i] & DESC_ADDRESS);
        else
            free_level(entries[i] & DESC_ADDRESS, level + 1);
    }
    page_free(table);
}

void map_free_user(uint64_t root)
{
    free_level(root, 1);
}
