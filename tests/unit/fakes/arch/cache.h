/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/cache.h on the host: zeroing is memset, and what was cleaned is counted.
 */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <stddef.h>
#include <string.h>

#include "arch/cpu.h"

__attribute__((unused)) static size_t fake_cache_cleaned; /* bytes */

static inline void cache_zero(void *start, size_t bytes)
{
    memset(start, 0, bytes);
}

static inline void cache_clean_poc(const void *start, size_t bytes)
{
    (void)start;
    fake_cache_cleaned += bytes;
}

static inline void cache_invalidate_instructions(void)
{
}

#endif
