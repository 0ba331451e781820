/* SPDX-License-Identifier: MIT */
/*
 * Adding devices to a VM's map, and finding where there is none.
 */
#include "vm/mmio_map.h"

#include "lib/check.h"

void mmio_add(struct mmio_map *map, ipa_t base, uint64_t bytes, const struct mmio_ops *ops)
{
    CHECK(map->nr_regions < MMIO_NR_REGIONS);
    /* What makes an aligned access that begins in a region end in it. */
    CHECK(is_aligned(base.ipa | bytes, 8) && bytes <= UINT32_MAX);
    if (base.ipa + bytes > map->end)
        map->end = base.ipa + bytes;
    map->regions[map->nr_regions++] = (struct mmio_region){base.ipa, bytes, ops, ops->exit};
}

uint64_t mmio_gap(const struct mmio_map *map, ipa_t base, uint64_t bytes)
{
    if (base.ipa >= map->end)
        return bytes;
    for (uint32_t i = 0; i < map->nr_regions; i++) {
        const struct mmio_region *region = &map->regions[i];
        if (base.ipa < region->base + region->bytes && region->base < base.ipa + bytes)
            bytes = region->base > base.ipa ? region->base - base.ipa : 0;
    }
    return bytes;
}
