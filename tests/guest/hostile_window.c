/* SPDX-License-Identifier: MIT */
/*
 * See hostile_window.h.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "hostile_window.h"
#include "mm/page.h"
#include "mm/space.h"

#define SCRATCH_ASID 0xFE /* no process has it */

bool hostile_window_try_root(uint64_t root, void (*function)(void *argument), uint64_t argument,
                             struct fault *fault)
{
    struct space space = {root, SCRATCH_ASID};
    uint64_t flags = irq_save();

    space_use(&space);
    bool faulted = exception_try(function, (void *)argument, fault);
    space_use(NULL);
    space_forget(&space);
    irq_restore(flags);
    return faulted;
}

bool hostile_window_try(uint64_t pa, uint64_t nr_pages, enum map_kind kind,
                        void (*function)(void *argument), uint64_t argument, struct fault *fault)
{
    uint64_t root = page_alloc_zeroed();
    bool faulted = false;

    if (map_range(root, HOSTILE_VA, pa, nr_pages * PAGE_SIZE, kind))
        faulted = hostile_window_try_root(root, function, argument, fault);
    for (uint64_t i = 0; i < nr_pages; i++)
        (void)map_unmap_page(root, HOSTILE_VA + i * PAGE_SIZE);
    map_free_user(root);
    return faulted;
}

void hostile_load(void *address)
{
    (void)io_read32((uintptr_t)address);
}

void hostile_store(void *address)
{
    io_write32((uintptr_t)address, UINT32_MAX);
}

void hostile_jump(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

bool hostile_is_emulated(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    return traits && traits->is_stile;
}
