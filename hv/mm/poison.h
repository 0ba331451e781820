/* SPDX-License-Identifier: MIT */
/*
 * What freed memory holds with CONFIG_POISON: a pattern, so that a write to it is found when the
 * memory is used again. Without it these do nothing.
 */
#ifndef MM_POISON_H
#define MM_POISON_H

#include <stddef.h>

#include "lib/addr.h"

/** Fills freed pages of the pool with the pattern. */
void poison_pool(void *start, size_t bytes);

/** The same for 2^order pages of guest memory at @base, through this CPU's copy window. */
void poison_guest(pa_t base, unsigned order);

/** Panics if memory that was freed, mapped at @start, no longer holds the pattern. */
void poison_check(const void *start, size_t bytes);

#endif
