/* SPDX-License-Identifier: MIT */
/*
 * A ticket lock: fair, and quiet while it waits.
 *
 * EL2 runs with interrupts masked, so taking a lock needs no masking of its own. The order in
 * which locks nest is in docs/architecture.md.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"

/** Drawing a ticket adds this to @both. */
#define SPINLOCK_TICKET 0x100u

struct spinlock {
    union {
        struct {
            uint8_t serving; /* the ticket that holds the lock */
            uint8_t next;    /* the ticket the next to come will draw: the upper half of @both */
        };
        uint16_t both;
    };
};
_Static_assert(CONFIG_NR_PCPUS < SPINLOCK_TICKET, "each waits with a ticket of its own");

/** spin_wait() - wait until a ticket is served: spin_lock() when the lock is held */
void spin_wait(const struct spinlock *lock, uint8_t ticket);

static inline void spin_lock(struct spinlock *lock)
{
    uint32_t both = __atomic_fetch_add(&lock->both, SPINLOCK_TICKET, __ATOMIC_ACQUIRE);
    uint32_t ticket = both / SPINLOCK_TICKET;

    if (__builtin_expect(both % SPINLOCK_TICKET != ticket, 0))
        spin_wait(lock, (uint8_t)ticket);
}

/** spin_trylock() - take the lock if nobody holds it; returns whether it was taken */
static inline bool spin_trylock(struct spinlock *lock)
{
    uint16_t both = __atomic_load_n(&lock->both, __ATOMIC_RELAXED);
    uint16_t drawn = (uint16_t)(both + SPINLOCK_TICKET);

    return both % SPINLOCK_TICKET == both / SPINLOCK_TICKET &&
           __atomic_compare_exchange_n(&lock->both, &both, drawn, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static inline void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->serving, (uint8_t)(lock->serving + 1), __ATOMIC_RELEASE);
}

#endif
