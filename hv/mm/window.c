/* SPDX-License-Identifier: MIT */
/*
 * Copy windows as entries of two tables: level 2 holds each CPU's 2 MiB window and, after those,
 * the table of the page windows.
 */
#include "mm/window.h"

#include "arch/tlb.h"
#include "dev/pcpu.h"
#include "mm/el2_pte.h"
#include "mm/layout.h"

static uint64_t *block_entries; /* level 2, by CPU */
static uint64_t *page_entries;  /* level 3, by CPU */

static void *block_va(uint32_t cpu)
{
    return (void *)(HV_WINDOW_VA + cpu * BLOCK_2M);
}

static void *page_va_of(uint32_t cpu)
{
    return (void *)(HV_WINDOW_VA + CONFIG_NR_PCPUS * BLOCK_2M + cpu * PAGE_SIZE);
}

void window_init(uint64_t *level2, uint64_t *level3)
{
    block_entries = level2;
    page_entries = level3;
    block_entries[CONFIG_NR_PCPUS] = pte_to_table(page_entries);
}

static uint64_t attrs_of(enum window_memory memory)
{
    static const uint64_t attrs[] = {
        [WINDOW_CACHED] = EL2_PTE_DATA,
        [WINDOW_UNCACHED] = EL2_PTE_UNCACHED,
        [WINDOW_DEVICE] = EL2_PTE_DEVICE,
    };

    return attrs[memory];
}

void *window_map(pa_t page, enum window_memory memory)
{
    uint32_t cpu = pcpu_self()->index;

    page_entries[cpu] = page.pa | attrs_of(memory) | PTE_TABLE | PTE_VALID;
    tlb_sync_el2_local();
    return page_va_of(cpu);
}

void window_unmap(void)
{
    uint32_t cpu = pcpu_self()->index;

    page_entries[cpu] = 0;
    tlb_flush_el2_local(page_va_of(cpu));
}

void *window_map_block(pa_t block, enum window_memory memory)
{
    uint32_t cpu = pcpu_self()->index;

    block_entries[cpu] = block.pa | attrs_of(memory) | PTE_VALID;
    tlb_sync_el2_local();
    return block_va(cpu);
}

void window_unmap_block(void)
{
    uint32_t cpu = pcpu_self()->index;

    block_entries[cpu] = 0;
    tlb_flush_el2_local(block_va(cpu));
}
