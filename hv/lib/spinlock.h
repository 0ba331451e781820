/* SPDX-License-Identifier: MIT */
/*
 * A ticket lock: fair, and quiet while it waits.
 *
 * EL2 runs with interrupts masked, so taking a lock needs no masking of its own. The order in
 * which locks nest is in docs/architecture.md.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdint.h>

#include "arch/cpu.h"

struct spinlock {
    uint32_t next;    /* the ticket the next to come will draw */
    uint32_t serving; /* the ticket that holds the lock */
};

static inline void spin_lock(struct spinlock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_wait_for_event();
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    cpu_send_event();
}

#endif
