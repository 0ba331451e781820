/* SPDX-License-Identifier: MIT */
/*
 * Sets of physical addresses, as the ranges they are made of: in ascending order, and apart. What
 * overlaps or touches is one range, so that no address is ever counted or handed out twice.
 */
#ifndef DEV_RANGES_H
#define DEV_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/** A range of physical addresses. bytes is 0 if there is no such thing. */
struct pa_range {
    pa_t base;
    uint64_t bytes;
};

/** As many as a page holds, besides their number. */
#define RANGES_MAX (PAGE_SIZE / sizeof(struct pa_range) - 1)

struct ranges {
    uint32_t nr;
    struct pa_range at[RANGES_MAX];
};

_Static_assert(sizeof(struct ranges) <= PAGE_SIZE, "a set is at most a page");

/**
 * ranges_add() - add the addresses of a range to a set
 * @range: may be empty, overlap what is there, and reach to the end of all addresses
 *
 * Takes a few instructions if @range is above all that is there. Returns false if the set would
 * have more than RANGES_MAX ranges, which leaves it as it was.
 */
bool ranges_add(struct ranges *set, struct pa_range range);

/** ranges_end() - the first address behind a range, at most the last there is */
uint64_t ranges_end(const struct pa_range *range);

#endif
