/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/cache.h on the host: zeroing is memset, and what was flushed is counted. A
 * test that has a model of caches (fakes/caches.h) puts its own functions in the place of these.
 */
#ifndef ARCH_CACHE_H
#define ARCH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arch/cpu.h"

/** What the machine of a test has. */
__attribute__((unused)) static bool fake_cache_fwb;
__attribute__((unused)) static bool fake_cache_dic;

/** Bytes that were flushed, and those of them from instruction caches too. */
__attribute__((unused)) static size_t fake_cache_flushed;
__attribute__((unused)) static size_t fake_cache_code;

/** Told of each operation first: true: it is done already. NULL: nobody. */
__attribute__((unused)) static bool (*fake_cache_model)(const void *start, size_t bytes, bool zero);

static inline bool cache_has_fwb(void)
{
    return fake_cache_fwb;
}

static inline bool cache_code_is_coherent(void)
{
    return fake_cache_dic;
}

static inline void cache_zero(void *start, size_t bytes)
{
    if (!fake_cache_model || !fake_cache_model(start, bytes, true))
        memset(start, 0, bytes);
}

static inline void cache_flush(const void *start, size_t bytes)
{
    if (fake_cache_model)
        (void)fake_cache_model(start, bytes, false);
    fake_cache_flushed += bytes;
}

static inline void cache_flush_code(const void *start, size_t bytes)
{
    cache_flush(start, bytes);
    fake_cache_code += bytes;
}

#endif
