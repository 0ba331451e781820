/* SPDX-License-Identifier: MIT */
/*
 * Which of the machine's memory is free when the hypervisor boots: what nobody has taken yet.
 * Used once, to lay out the zones of mm/page.c.
 */
#ifndef MM_CARVE_H
#define MM_CARVE_H

#include <stdint.h>

#include "dev/machine.h"
#include "dev/ranges.h"

/** What is taken, in whole pages: the rest of a page that is partly taken is of no use. */
struct carve {
    struct ranges taken;
};

/** Begins with what the machine's description takes: reserved memory, image, tree, bundle. */
void carve_init(struct carve *carve);

/** Takes a range too. Panics if that makes more ranges than there is room for. */
void carve_take(struct carve *carve, struct pa_range range);

/** The first free range of whole pages inside @within; bytes is 0 if there is none. */
struct pa_range carve_next(const struct carve *carve, struct pa_range within);

/**
 * The first free range of @bytes inside @within, aligned to @alignment, a power of two; bytes is 0
 * if there is none.
 */
struct pa_range carve_find(const struct carve *carve, struct pa_range within, uint64_t bytes,
                           uint64_t alignment);

/** The same in the image's GiB, which is what the boot tables map. Panics if there is none. */
struct pa_range carve_find_near_image(const struct carve *carve, uint64_t bytes,
                                      uint64_t alignment);

#endif
