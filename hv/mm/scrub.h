/* SPDX-License-Identifier: MIT */
/*
 * The content of pages that change hands: zeroed on the way in and, with CONFIG_POISON, filled
 * with a pattern on the way out. Who owns them is mm/page.c's.
 */
#ifndef MM_SCRUB_H
#define MM_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

/** Zeroes pages of the pool. @stale: they were freed before. */
void scrub_pool(void *start, size_t bytes, bool stale);

/** Zeroes guest memory: a page, or a block of 2 MiB. @stale: some of it was freed before. */
void scrub_guest(pa_t base, unsigned order, bool stale);

/** Marks freed pages, if so configured: a write to them is found when they are used again. */
void scrub_poison_pool(void *start, size_t bytes);
void scrub_poison_guest(pa_t base, unsigned order);

#endif
