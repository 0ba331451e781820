/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a lock. Its holder may be a virtual CPU that waits for the physical one this runs
 * on: after a while, that one is given away.
 */
#include "core/spinlock.h"
#include "sensitive/sensitive.h"

#define WAITS_BEFORE_YIELD 16

void spin_wait(const struct spinlock *lock)
{
    for (uint32_t waits = 1; __atomic_load_n(&lock->held, __ATOMIC_RELAXED); waits++) {
        if (waits % WAITS_BEFORE_YIELD != 0)
            cpu_wait_for_event();
        else
            sensitive->yield();
    }
}
