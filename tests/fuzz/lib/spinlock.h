/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's lock, but that the machine knows who holds any: where a CPU holds none, another
 * may do something in the midst of what it does.
 */
#ifndef FUZZ_LIB_SPINLOCK_H
#define FUZZ_LIB_SPINLOCK_H

#define spin_lock    spinlock_take
#define spin_trylock spinlock_try
#define spin_unlock  spinlock_give
#include "../../../hv/lib/spinlock.h"
#undef spin_lock
#undef spin_trylock
#undef spin_unlock

#include "../locks.h"

/** The executing CPU has given a lock back. */
void machine_unlocked(const struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
    spinlock_take(lock);
    locks_take(lock, true);
}

static inline bool spin_trylock(struct spinlock *lock)
{
    bool taken = spinlock_try(lock);

    if (taken)
        locks_take(lock, false);
    return taken;
}

static inline void spin_unlock(struct spinlock *lock)
{
    spinlock_give(lock);
    machine_unlocked(lock);
}

#endif
