/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a lock. The holder may be a virtual CPU that waits for the very physical CPU on which
 * the waiter runs: after a while, the waiter gives the physical CPU away.
 */
#include "lib/spinlock.h"

#include "machine/sensitive_ops.h"

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
