/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's lock, but that the machine knows who holds any: where a CPU holds none, another
 * may do something in the midst of what it does.
 */
#ifndef FUZZ_LIB_SPINLOCK_H
#define FUZZ_LIB_SPINLOCK_H

#define spin_lock   spinlock_take
#define spin_unlock spinlock_give
#include "../../../hv/lib/spinlock.h"
#undef spin_lock
#undef spin_unlock

/** The executing CPU has one lock more. */
void machine_locked(void);

/** It has one less. */
void machine_unlocked(void);

static inline void spin_lock(struct spinlock *lock)
{
    spinlock_take(lock);
    machine_locked();
}

static inline void spin_unlock(struct spinlock *lock)
{
    spinlock_give(lock);
    machine_unlocked();
}

#endif
