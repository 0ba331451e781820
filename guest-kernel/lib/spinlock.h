/* SPDX-License-Identifier: MIT */
/*
 * A lock that is quiet while it waits. Interrupts stay masked while one is held, so a holder is
 * never preempted by its own CPU. No spinlock nests in another, but for the page allocator's, which
 * may be taken with the kernel map's held.
 *
 * A spinlock is not fair, on purpose. In a VM with fewer physical CPUs than virtual ones a ticket
 * lock hands itself to a waiter that may not be running, and all the others wait for that waiter.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"

struct spinlock {
    bool held;
};

/** spin_wait() - wait until a lock looks free */
void spin_wait(const struct spinlock *lock);

/** Takes a lock; the caller has masked interrupts already. */
static inline void spin_lock(struct spinlock *lock)
{
    while (__atomic_exchange_n(&lock->held, true, __ATOMIC_ACQUIRE))
        spin_wait(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->held, false, __ATOMIC_RELEASE);
    cpu_send_event();
}

/** Masks interrupts and takes a lock; returns what spin_unlock_irqrestore() takes. */
static inline uint64_t spin_lock_irqsave(struct spinlock *lock)
{
    uint64_t flags = irq_save();

    spin_lock(lock);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, uint64_t flags)
{
    spin_unlock(lock);
    irq_restore(flags);
}

#endif
