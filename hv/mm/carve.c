/* SPDX-License-Identifier: MIT */
/*
 * Free memory as the gaps between what is taken.
 */
#include "mm/carve.h"

#include "lib/check.h"

void carve_take(struct carve *carve, struct pa_range range)
{
    uint64_t start = align_down(range.base.pa, PAGE_SIZE);
    uint64_t end = ranges_end(&range);

    if (end <= align_down(UINT64_MAX, PAGE_SIZE))
        end = align_up(end, PAGE_SIZE);
    if (range.bytes > 0 &&
        !ranges_add(&carve->taken, (struct pa_range){pa_make(start), end - start}))
        panic("memory: more than %lu ranges are reserved", RANGES_MAX);
}

void carve_init(struct carve *carve)
{
    carve->taken.nr = 0;
    for (uint32_t i = 0; i < machine.reserved.nr; i++)
        carve_take(carve, machine.reserved.at[i]);
    carve_take(carve, machine.image);
    carve_take(carve, machine.dtb);
    carve_take(carve, machine.bundle);
}

struct pa_range carve_next(const struct carve *carve, struct pa_range within)
{
    const struct ranges *taken = &carve->taken;
    uint64_t start = align_up(within.base.pa, PAGE_SIZE);
    uint64_t end = align_down(ranges_end(&within), PAGE_SIZE);

    for (uint32_t i = 0; i < taken->nr && start < end; i++) {
        uint64_t taken_start = taken->at[i].base.pa;

        if (taken_start > start) {
            end = taken_start < end ? taken_start : end;
            break;
        }
        if (ranges_end(&taken->at[i]) > start)
            start = ranges_end(&taken->at[i]);
    }
    return start < end ? (struct pa_range){pa_make(start), end - start}
                       : (struct pa_range){pa_make(end), 0};
}

struct pa_range carve_find(const struct carve *carve, struct pa_range within, uint64_t bytes,
                           uint64_t alignment)
{
    uint64_t end = ranges_end(&within);

    for (;;) {
        struct pa_range gap = carve_next(carve, within);
        uint64_t gap_end = gap.base.pa + gap.bytes;
        uint64_t start = align_up(gap.base.pa, alignment);

        if (gap.bytes == 0)
            return gap;
        if (start < gap_end && gap_end - start >= bytes)
            return (struct pa_range){pa_make(start), bytes};
        within = (struct pa_range){pa_make(gap_end), end - gap_end};
    }
}

struct pa_range carve_find_near_image(const struct carve *carve, uint64_t bytes, uint64_t alignment)
{
    uint64_t start = align_down(machine.image.base.pa, BLOCK_1G);
    uint64_t end = start + BLOCK_1G;

    for (uint32_t i = 0; i < machine.memory.nr; i++) {
        uint64_t from = machine.memory.at[i].base.pa;
        uint64_t to = ranges_end(&machine.memory.at[i]);
        struct pa_range found;

        from = from > start ? from : start;
        to = to < end ? to : end;
        if (from >= to)
            continue;
        found = carve_find(carve, (struct pa_range){pa_make(from), to - from}, bytes, alignment);
        if (found.bytes > 0)
            return found;
    }
    panic("no %lu KiB of free memory near the image for the hypervisor", bytes >> 10);
}
