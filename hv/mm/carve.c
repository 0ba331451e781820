/* SPDX-License-Identifier: MIT */
/*
 * Free memory as the gaps between what is taken.
 */
#include "mm/carve.h"

#include "lib/check.h"

void carve_take(struct carve *carve, struct pa_range range)
{
    CHECK(carve->nr_taken < sizeof(carve->taken) / sizeof(carve->taken[0]));
    if (range.bytes > 0)
        carve->taken[carve->nr_taken++] = range;
}

void carve_init(struct carve *carve)
{
    carve->nr_taken = 0;
    for (uint32_t i = 0; i < machine.nr_reserved; i++)
        carve_take(carve, machine.reserved[i]);
    carve_take(carve, machine.image);
    carve_take(carve, machine.dtb);
    carve_take(carve, machine.bundle);
}

/* What is taken ends on whole pages: the rest of a page that is partly taken is of no use. */
static uint64_t taken_start(const struct pa_range *range)
{
    return align_down(range->base.pa, PAGE_SIZE);
}

static uint64_t taken_end(const struct pa_range *range)
{
    return align_up(range->base.pa + range->bytes, PAGE_SIZE);
}

/* The first address from @at on that is not taken. */
static uint64_t skip_taken(const struct carve *carve, uint64_t at)
{
    for (uint32_t i = 0; i < carve->nr_taken; i++) {
        const struct pa_range *range = &carve->taken[i];

        if (at >= taken_start(range) && at < taken_end(range)) {
            at = taken_end(range);
            i = UINT32_MAX; /* look at all of them again, from the new address */
        }
    }
    return at;
}

/* The first address after @at, itself free, that is taken; at most @end. */
static uint64_t next_taken(const struct carve *carve, uint64_t at, uint64_t end)
{
    for (uint32_t i = 0; i < carve->nr_taken; i++) {
        uint64_t start = taken_start(&carve->taken[i]);

        if (start > at && start < end)
            end = start;
    }
    return end;
}

struct pa_range carve_next(const struct carve *carve, struct pa_range within)
{
    uint64_t end = align_down(within.base.pa + within.bytes, PAGE_SIZE);
    uint64_t start = skip_taken(carve, align_up(within.base.pa, PAGE_SIZE));

    if (start >= end)
        return (struct pa_range){pa_make(end), 0};
    return (struct pa_range){pa_make(start), next_taken(carve, start, end) - start};
}

struct pa_range carve_find(const struct carve *carve, struct pa_range within, uint64_t bytes,
                           uint64_t alignment)
{
    uint64_t end = within.base.pa + within.bytes;

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

    for (uint32_t i = 0; i < machine.nr_memory; i++) {
        uint64_t from = machine.memory[i].base.pa;
        uint64_t to = from + machine.memory[i].bytes;
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
