/* SPDX-License-Identifier: MIT */
/*
 * Adding to a set of ranges.
 */
#include "dev/ranges.h"

#include <string.h>

uint64_t ranges_end(const struct pa_range *range)
{
    uint64_t end = range->base.pa + range->bytes;

    return end < range->base.pa ? UINT64_MAX : end;
}

bool ranges_add(struct ranges *set, struct pa_range range)
{
    uint64_t start = range.base.pa;
    uint64_t end = ranges_end(&range);
    uint32_t behind = set->nr; /* the first range that is behind the new one and apart from it */
    uint32_t first;            /* from here to there they overlap or touch it */

    if (range.bytes == 0)
        return true;
    while (behind > 0 && set->at[behind - 1].base.pa > end)
        behind--;
    for (first = behind; first > 0 && ranges_end(&set->at[first - 1]) >= start; first--)
        ;
    if (first == behind && set->nr == RANGES_MAX)
        return false;
    if (first < behind) {
        uint64_t last_end = ranges_end(&set->at[behind - 1]);

        start = set->at[first].base.pa < start ? set->at[first].base.pa : start;
        end = last_end > end ? last_end : end;
    }
    memmove(&set->at[first + 1], &set->at[behind], (set->nr - behind) * sizeof(range));
    set->at[first] = (struct pa_range){pa_make(start), end - start};
    set->nr = set->nr - (behind - first) + 1;
    return true;
}
