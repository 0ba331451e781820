/* SPDX-License-Identifier: MIT */
/*
 * mm/el2map.c and mm/window.c: what EL2's tables say, and what they do not.
 */
#include "arch/tlb.h"

#include "fakes/panic.h"

#define FAKES_REAL_WINDOWS
#include "fakes/memory.h"

#include "dev/pcpu.h"
#include "ktf.h"

#include "mm/el2map.c"
#include "mm/window.c"

struct pcpu pcpus[CONFIG_NR_PCPUS];

static uint64_t switched_to;

uint64_t boot_l1[PTE_NR_ENTRIES];

void el2_switch_tables(uint64_t ttbr0)
{
    switched_to = ttbr0;
}

static void setup(void)
{
    fake_memory();
    switched_to = 0;
    for (uint32_t i = 0; i < CONFIG_NR_PCPUS; i++)
        pcpus[i].index = i;
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&pcpus[1]);
    el2map_init();
}

KTF_SUITE(el2map, .setup = setup);

/* The descriptor that translates @va, or 0; its level. */
static uint64_t walk(uint64_t va, unsigned *level)
{
    uint64_t *table = page_va(pa_make(el2map_root));

    for (*level = FIRST_LEVEL;; ++*level) {
        uint64_t entry = *pte_at(table, *level, va);

        if (!pte_is_table(entry, *level))
            return entry & PTE_VALID ? entry : 0;
        table = pte_table(entry);
    }
}

/* Expects @va to be at @pa with the attributes @attrs. */
static void expect_mapped(uint64_t va, uint64_t pa, uint64_t attrs)
{
    unsigned level;
    uint64_t entry = walk(va, &level);
    uint64_t offset = va & (pte_span(level) - 1);

    EXPECT_EQ((entry & PTE_ADDRESS) + offset, pa);
    EXPECT_EQ(entry & ~(PTE_ADDRESS | PTE_VALID | PTE_TABLE), attrs);
}

static void expect_nothing(uint64_t va)
{
    unsigned level;

    EXPECT_EQ(walk(va, &level), 0);
}

KTF_TEST(el2map, attributes_are_as_the_architecture_has_them)
{
    EXPECT_EQ(EL2_PTE_TEXT, 0x7C4);
    EXPECT_EQ(EL2_PTE_RODATA, 0x00400000000007C4);
    EXPECT_EQ(EL2_PTE_DATA, 0x0040000000000744);
    EXPECT_EQ(EL2_PTE_UNCACHED, 0x0040000000000748);
    EXPECT_EQ(EL2_PTE_DEVICE, 0x0040000000000440);
}

KTF_TEST(el2map, the_image_is_where_it_is_linked)
{
    uint64_t va = HV_IMAGE_VA;
    uint64_t pa = machine.image.base.pa;

    EXPECT_EQ(switched_to, el2map_root);
    expect_mapped(va, pa, EL2_PTE_TEXT);
    expect_mapped(va + 0x1FFFF, pa + 0x1FFFF, EL2_PTE_TEXT);
    expect_mapped(va + 0x20000, pa + 0x20000, EL2_PTE_RODATA);
    expect_mapped(va + 0x30000, pa + 0x30000, EL2_PTE_DATA);
    expect_mapped(va + 0x5FFFF, pa + 0x5FFFF, EL2_PTE_DATA);
    expect_nothing(va + 0x60000);
    expect_nothing(va - 1);
    expect_nothing(pa);
}

KTF_TEST(el2map, pool_tree_and_bundle_are_one_to_one)
{
    struct pa_range pool = page_mapped_range();
    uint64_t bundle_end = align_up(machine.bundle.base.pa + machine.bundle.bytes, PAGE_SIZE);

    expect_mapped(pool.base.pa, pool.base.pa, EL2_PTE_DATA);
    expect_mapped(pool.base.pa + pool.bytes - 1, pool.base.pa + pool.bytes - 1, EL2_PTE_DATA);
    expect_nothing(pool.base.pa - 1);
    expect_nothing(pool.base.pa + pool.bytes);
    expect_mapped(machine.dtb.base.pa, machine.dtb.base.pa, EL2_PTE_RODATA);
    expect_mapped(bundle_end - 1, bundle_end - 1, EL2_PTE_RODATA);
    expect_nothing(bundle_end);
}

KTF_TEST(el2map, no_guest_memory_is_mapped)
{
    unsigned level;

    for (uint64_t pa = FAKE_RAM_BASE; pa < FAKE_RAM_BASE + FAKE_RAM_BYTES; pa += PAGE_SIZE) {
        struct extent *extent = extent_of(pa >> PAGE_SHIFT);

        if (extent && extent->zone == &guest_zone)
            ASSERT_EQ(walk(pa, &level), 0);
    }
}

static unsigned nr_leaves;

static void expect_no_writable_code(const uint64_t *table, unsigned level)
{
    for (unsigned i = 0; i < PTE_NR_ENTRIES; i++) {
        if (pte_is_table(table[i], level)) {
            expect_no_writable_code(pte_table(table[i]), level + 1);
        } else if (table[i] & PTE_VALID) {
            EXPECT_TRUE((table[i] & PTE_XN) || (table[i] & EL2_PTE_READ_ONLY));
            nr_leaves++;
        }
    }
}

static void map_device(uint64_t base, uint64_t bytes)
{
    el2map_device((struct pa_range){pa_make(base), bytes});
}

KTF_TEST(el2map, nothing_is_writable_and_executable)
{
    nr_leaves = 0;
    map_device(0x9000000, PAGE_SIZE);
    (void)window_map(pa_make(FAKE_RAM_BASE), WINDOW_CACHED);
    (void)window_map_block(pa_make(FAKE_RAM_BASE), WINDOW_UNCACHED);
    expect_no_writable_code(page_va(pa_make(el2map_root)), FIRST_LEVEL);
    EXPECT_GT(nr_leaves, 0x60u);
    window_unmap();
    window_unmap_block();
}

KTF_TEST(el2map, stacks_are_between_guard_pages)
{
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        uint64_t tops[] = {pcpus[i].stack_top, pcpus[i].panic_stack_top};

        for (unsigned j = 0; j < 2; j++) {
            expect_nothing(tops[j]);
            expect_nothing(tops[j] - HV_STACK_BYTES - 1);
            for (uint64_t va = tops[j] - HV_STACK_BYTES; va < tops[j]; va += PAGE_SIZE) {
                unsigned level;
                uint64_t entry = walk(va, &level);

                ASSERT_NE(entry, 0);
                EXPECT_EQ(page_owner(pa_make(entry & PTE_ADDRESS)), PAGE_OWNER_HV);
                EXPECT_EQ(level, 3);
            }
        }
    }
    EXPECT_NE(pcpus[0].stack_top, pcpus[1].stack_top);
    EXPECT_EQ(pcpus[2].stack_top, 0);
}

KTF_TEST(el2map, devices_are_one_to_one_and_may_be_mapped_again)
{
    map_device(0x8000000, 0x10000);
    map_device(0x8010010, 0x100);
    map_device(0x8000000, 0x1000);
    expect_mapped(0x8000004, 0x8000004, EL2_PTE_DEVICE);
    expect_mapped(0x8010FFF, 0x8010FFF, EL2_PTE_DEVICE);
    expect_nothing(0x8011000);
    EXPECT_PANIC(map_device(HV_IDENTITY_END, PAGE_SIZE));
    EXPECT_PANIC(map_device(page_mapped_range().base.pa, PAGE_SIZE)); /* that is no device */
}

KTF_TEST(el2map, windows_show_what_they_were_opened_on)
{
    pa_t page = pa_make(FAKE_RAM_BASE + 0x5000);
    pa_t block = pa_make(FAKE_RAM_BASE + 7 * BLOCK_2M);
    uint64_t page_window = (uint64_t)(uintptr_t)window_map(page, WINDOW_CACHED);
    uint64_t block_window = (uint64_t)(uintptr_t)window_map_block(block, WINDOW_UNCACHED);
    unsigned flushes = fake_tlb_flushes;

    expect_mapped(page_window, page.pa, EL2_PTE_DATA);
    expect_nothing(page_window + PAGE_SIZE);
    expect_mapped(block_window, block.pa, EL2_PTE_UNCACHED);
    expect_mapped(block_window + BLOCK_2M - 1, block.pa + BLOCK_2M - 1, EL2_PTE_UNCACHED);
    expect_nothing(block_window + BLOCK_2M);
    expect_nothing(block_window - 1);
    window_unmap();
    expect_nothing(page_window);
    window_unmap_block();
    expect_nothing(block_window);
    EXPECT_EQ(fake_tlb_flushes, flushes + 2);

    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&pcpus[0]);
    EXPECT_NE((uint64_t)(uintptr_t)window_map(page, WINDOW_UNCACHED), page_window);
    EXPECT_NE((uint64_t)(uintptr_t)window_map_block(block, WINDOW_CACHED), block_window);
    window_unmap();
    window_unmap_block();
}

/* --- before the final tables --- */

KTF_TEST(el2map, an_early_device_gets_a_gib_that_is_nobody_s)
{
    memset(boot_l1, 0, sizeof(boot_l1));
    boot_l1[1] = 0x40000000 | EL2_PTE_DATA | PTE_VALID; /* the image's */
    EXPECT_TRUE(el2map_early_device(pa_make(0x9000000)));
    EXPECT_EQ(boot_l1[0], EL2_PTE_DEVICE | PTE_VALID);
    EXPECT_TRUE(el2map_early_device(pa_make(0x9001000)));
    EXPECT_TRUE(el2map_early_device(pa_make(0xFE201000)));
    EXPECT_EQ(boot_l1[3], 0xC0000000 | EL2_PTE_DEVICE | PTE_VALID);
    EXPECT_FALSE(el2map_early_device(pa_make(0x7F000000)));
    EXPECT_EQ(boot_l1[1], 0x40000000 | EL2_PTE_DATA | PTE_VALID);
    EXPECT_FALSE(el2map_early_device(pa_make(HV_IDENTITY_END)));
}

KTF_TEST(el2map, the_console_s_uart_is_mapped_from_the_start)
{
    machine.uart = (struct pa_range){pa_make(0x9000000), 0x1000};
    el2map_init();
    expect_mapped(0x9000000, 0x9000000, EL2_PTE_DEVICE);
    el2map_device(machine.uart);
}
