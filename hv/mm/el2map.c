/* SPDX-License-Identifier: MIT */
/*
 * EL2's stage 1: built once in pages of the pool, then only devices are added.
 */
#include "mm/el2map.h"

#include "arch/cpu.h"
#include "arch/image.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/check.h"
#include "mm/el2_pte.h"
#include "mm/layout.h"
#include "mm/page.h"
#include "mm/window.h"

#define FIRST_LEVEL 1u

/* A CPU's stacks: guard page, main stack, guard page, panic stack; the next CPU's guard follows. */
#define STACK_STRIDE (2 * (PAGE_SIZE + HV_STACK_BYTES))
#define STACK_ORDER  1u

_Static_assert(HV_STACK_BYTES == PAGE_SIZE << STACK_ORDER, "a stack is one block of the pool");
_Static_assert(HV_IDENTITY_END == UINT64_C(1) << HV_IDENTITY_SHIFT, "boot.S checks by the shift");
_Static_assert(HV_IDENTITY_END <= HV_IMAGE_VA, "the image is outside of what maps one to one");

uint64_t el2map_root;

extern uint64_t boot_l1[PTE_NR_ENTRIES]; /* in boot/boot.S: a descriptor for each GiB */

static uint64_t *table_alloc(void)
{
    uint64_t *table = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

    if (!table)
        panic("the pool is too small for EL2's translation tables");
    return table;
}

/* Fills entries of the last level, neighbours in one table. */
static void map_pages(uint64_t *entry, uint64_t pa, uint64_t bytes, uint64_t attrs)
{
    uint64_t leaf = pa | attrs | PTE_VALID | PTE_TABLE;

    for (; bytes > 0; bytes -= PAGE_SIZE) {
        CHECK(*entry == 0 || *entry == leaf);
        *entry++ = leaf;
        leaf += PAGE_SIZE;
    }
}

static void map_level(uint64_t *table, unsigned level, uint64_t va, uint64_t pa, uint64_t bytes,
                      uint64_t attrs)
{
    while (bytes > 0) {
        uint64_t *entry = pte_at(table, level, va);
        uint64_t step = pte_step(level, va, bytes);

        if (step == pte_span(level) && is_aligned(pa, step) && !pte_is_table(*entry, level)) {
            uint64_t leaf = pa | attrs | PTE_VALID;

            CHECK(*entry == 0 || *entry == leaf);
            *entry = leaf;
        } else {
            if (*entry == 0)
                *entry = pte_to_table(table_alloc());
            CHECK(pte_is_table(*entry, level));
            if (level + 1 == PTE_LAST_LEVEL)
                map_pages(pte_at(pte_table(*entry), PTE_LAST_LEVEL, va), pa, step, attrs);
            else
                map_level(pte_table(*entry), level + 1, va, pa, step, attrs);
        }
        va += step;
        pa += step;
        bytes -= step;
    }
}

static void map(uint64_t va, uint64_t pa, uint64_t bytes, uint64_t attrs)
{
    map_level((uint64_t *)page_va(pa_make(el2map_root)), FIRST_LEVEL, va, pa, bytes, attrs);
}

/* Maps the pages that @range lies in, one to one. */
static void map_identity(struct pa_range range, uint64_t attrs)
{
    uint64_t start = align_down(range.base.pa, PAGE_SIZE);
    uint64_t end = align_up(range.base.pa + range.bytes, PAGE_SIZE);

    if (end > HV_IDENTITY_END)
        panic("physical address %lx is beyond what EL2 maps", end);
    map(start, start, end - start, attrs);
}

static void map_image(uint64_t from, uint64_t to, uint64_t attrs)
{
    map(from, machine.image.base.pa + (from - IMAGE_START), to - from, attrs);
}

/* Returns the top of a new stack at @base. */
static uint64_t map_stack(uint64_t base)
{
    void *stack = page_alloc(PAGE_OWNER_HV, STACK_ORDER);

    if (!stack)
        panic("the pool is too small for a stack");
    map(base, page_pa(stack).pa, HV_STACK_BYTES, EL2_PTE_DATA);
    return base + HV_STACK_BYTES;
}

static void map_stacks(void)
{
    for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++) {
        uint64_t base = HV_STACK_VA + cpu * STACK_STRIDE;

        pcpus[cpu].stack_top = map_stack(base + PAGE_SIZE);
        pcpus[cpu].panic_stack_top = map_stack(pcpus[cpu].stack_top + PAGE_SIZE);
    }
}

/* The level-2 table of the copy windows, and what is below it, change on their own. */
static void map_windows(uint64_t *root)
{
    uint64_t *blocks = table_alloc();

    window_init(blocks, table_alloc());
    *pte_at(root, FIRST_LEVEL, HV_WINDOW_VA) = pte_to_table(blocks);
}

void el2map_init(void)
{
    uint64_t *root = table_alloc();

    el2map_root = page_pa(root).pa;
    map_image(IMAGE_START, IMAGE_TEXT_END, EL2_PTE_TEXT);
    map_image(IMAGE_RODATA_START, IMAGE_RODATA_END, EL2_PTE_RODATA);
    map_image(IMAGE_DATA_START, IMAGE_END, EL2_PTE_DATA);
    map_identity(page_mapped_range(), EL2_PTE_DATA);
    map_identity(machine.dtb, EL2_PTE_RODATA);
    map_identity(machine.bundle, EL2_PTE_RODATA);
    map_stacks();
    if (CONFIG_EARLY_UART != 0)
        el2map_device((struct pa_range){pa_make(CONFIG_EARLY_UART), 1});
    if (machine.uart.bytes > 0)
        el2map_device(machine.uart);
    map_windows(root);
    dsb_ish();
    el2_switch_tables(el2map_root);
}

bool el2map_early_device(pa_t registers)
{
    uint64_t *entry = pte_at(boot_l1, FIRST_LEVEL, registers.pa);

    if (registers.pa >= HV_IDENTITY_END)
        return false;
    if (*entry == 0)
        *entry = align_down(registers.pa, BLOCK_1G) | EL2_PTE_DEVICE | PTE_VALID;
    dsb_ish();
    isb();
    return !pte_is_table(*entry, FIRST_LEVEL) && !(*entry & EL2_PTE_ATTR(EL2_MAIR_NORMAL));
}

void el2map_device(struct pa_range registers)
{
    map_identity(registers, EL2_PTE_DEVICE);
    dsb_ish();
    isb();
}
