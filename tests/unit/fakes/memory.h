/* SPDX-License-Identifier: MIT */
/*
 * A machine's memory for tests of mm/: real memory of the host at the address of QEMU virt's RAM,
 * so that physical addresses are pointers. Windows map one to one. Included by one file of a test,
 * together with the real page allocator.
 */
#ifndef FAKES_MEMORY_H
#define FAKES_MEMORY_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dev/machine.h"
#include "mm/window.h"

#include "fakes/random.h"
#include "fakes/smmu.h"

#include "dev/ranges.c"
#include "mm/carve.c"
#include "mm/handover.c"
#include "mm/page.c"
#include "mm/poison.c"
#include "mm/zone.c"

/* Below what the sanitizers take for themselves. */
#define FAKE_RAM_BASE  UINT64_C(0x40000000)
#define FAKE_RAM_BYTES UINT64_C(0x10000000)

struct machine machine;

#ifndef FAKES_REAL_WINDOWS /* a test that includes mm/window.c defines this */
static unsigned fake_windows_open;

void *window_map(pa_t page, enum window_memory memory)
{
    (void)memory;
    fake_windows_open++;
    return page_va(page);
}

void window_unmap(void)
{
    fake_windows_open--;
}

void *window_map_block(pa_t block, enum window_memory memory)
{
    (void)memory;
    fake_windows_open++;
    return page_va(block);
}

void window_unmap_block(void)
{
    fake_windows_open--;
}

#endif

/** A machine of 256 MiB: the image at 2 MiB, the device tree and the bundle in the middle. */
static inline void fake_machine(void)
{
    static bool is_mapped;

    if (!is_mapped && mmap((void *)FAKE_RAM_BASE, FAKE_RAM_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1,
                           0) != (void *)FAKE_RAM_BASE)
        panic("the host has no room at %p", (void *)FAKE_RAM_BASE);
    is_mapped = true;
    machine = (struct machine){
        .nr_cpus = 2,
        .memory = {1, {{pa_make(FAKE_RAM_BASE), FAKE_RAM_BYTES}}},
        .reserved = {1, {{pa_make(FAKE_RAM_BASE + 0x6000800), 0x1000}}},
        .image = {pa_make(FAKE_RAM_BASE + 0x200000), 0x60000},
        .dtb = {pa_make(FAKE_RAM_BASE + 0x8000000), 0x100000},
        .bundle = {pa_make(FAKE_RAM_BASE + 0x8200000), 0x12345},
    };
}

/** The same, with both zones of pages empty of users. */
static inline void fake_memory(void)
{
    fake_machine();
    lock = (struct spinlock){0};
    page_init();
}

/** How many pages of a VM's budget are free. */
static inline size_t fake_free_of(uint32_t vm_id)
{
    struct page_budget budget = page_budget(vm_id);

    return budget.nr_pages - budget.nr_used;
}

/** Leaves @nr pages in a VM's budget. Returns the others, for fake_give_back(). */
static inline void *fake_hoard(uint32_t vm_id, size_t nr)
{
    void *first = NULL;

    while (fake_free_of(vm_id) > nr) {
        void **page = page_alloc(vm_id, PAGE_ORDER_4K);

        *page = first;
        first = page;
    }
    return first;
}

/** Puts one page back into its budget. Returns the rest of those that were taken. */
static inline void *fake_give_one(void *first)
{
    void *next = *(void **)first;

    page_free(first, PAGE_ORDER_4K);
    return next;
}

/** Puts all of them back. */
static inline void fake_give_back(void *first)
{
    while (first)
        first = fake_give_one(first);
}

#endif
