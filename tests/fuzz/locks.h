/* SPDX-License-Identifier: MIT */
/*
 * The locks that each CPU of the machine holds; how many is in machine.h.
 */
#ifndef FUZZ_LOCKS_H
#define FUZZ_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct spinlock;

/**
 * locks_take() - the executing CPU has taken a lock
 * @waits: it would have waited for it, so that the order is of interest
 */
void locks_take(const struct spinlock *lock, bool waits);

/** locks_give() - it has given it back; returns how many it still holds */
uint32_t locks_give(const struct spinlock *lock);

#endif
