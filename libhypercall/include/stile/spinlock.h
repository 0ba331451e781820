/* SPDX-License-Identifier: MIT */
/*
 * A lock between the vCPUs of one VM that knows it is in a VM. Who waits spins for a bounded while;
 * it stops at once when the holder is not running (stile_vcpu_page.preempted), and then sleeps
 * until an unlock kicks it.
 *
 * Ordering: to take the lock is an acquire, to give it up a release, as of any lock. A waiter says
 * that it sleeps and then looks at the holder once more; who unlocks clears the holder and then
 * looks who sleeps, each with a full barrier between, so no kick is lost.
 *
 * Fairness: a lock that is free goes to whoever comes first, which wastes no time on a vCPU that
 * sleeps. Sleepers are kicked in turn; one that has slept and came too late is handed the lock when
 * its turn comes again. So who waits gets it: tests/lib/model/spinlock.pml checks this, and that no
 * kick is lost. The model has every access to the lock's words, in the order they have here.
 *
 * The lock is not recursive. If interrupt handlers of a vCPU take it, mask interrupts around it;
 * then, while an interrupt is pending, a sleep ends at once and waiting costs calls. vCPUs 0 to 63.
 */
#ifndef STILE_SPINLOCK_H
#define STILE_SPINLOCK_H

#include "stile/cpu.h"
#include "stile/shared.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All zeroes is a free lock. */
struct stile_spinlock {
    uint32_t holder;   /**< 0, or the holder's number plus 1 */
    uint32_t reserved; /**< 0 */
    uint64_t sleepers; /**< bit n: vCPU n sleeps, or is about to */
    uint64_t losers;   /**< who has slept and not got it yet */
};

/** stile_spinlock_wait() - what stile_spinlock_lock() does when the lock is not free */
void stile_spinlock_wait(struct stile_spinlock *lock, uint32_t self,
                         const struct stile_vcpu_page *pages);

/** stile_spinlock_pass() - what stile_spinlock_unlock() does when somebody waits */
void stile_spinlock_pass(struct stile_spinlock *lock, uint32_t self);

/** stile_spinlock_wake() - what it does when somebody has gone to sleep meanwhile */
void stile_spinlock_wake(struct stile_spinlock *lock, uint32_t self);

/** stile_spinlock_drop() - what it does when nobody waits */
static inline void stile_spinlock_drop(struct stile_spinlock *lock, uint32_t self)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
    stile_cpu_barrier();
    if (__atomic_load_n(&lock->sleepers, __ATOMIC_RELAXED) != 0)
        stile_spinlock_wake(lock, self);
}

/** stile_spinlock_try() - take a lock if it is free; whether it was. No call. */
static inline bool stile_spinlock_try(struct stile_spinlock *lock, uint32_t self)
{
    uint32_t nobody = 0;

    return __atomic_compare_exchange_n(&lock->holder, &nobody, self + 1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/**
 * stile_spinlock_lock() - take a lock
 * @lock: not held by the caller
 * @self: the calling vCPU's number
 * @pages: the pages of all vCPUs of the VM, mapped (STILE_INFO_VCPU_PAGE of vCPU 0)
 *
 * No call unless it sleeps.
 */
static inline void stile_spinlock_lock(struct stile_spinlock *lock, uint32_t self,
                                       const struct stile_vcpu_page *pages)
{
    if (!stile_spinlock_try(lock, self))
        stile_spinlock_wait(lock, self, pages);
}

/**
 * stile_spinlock_unlock() - give a lock up
 * @lock: held by the caller
 * @self: as it was for stile_spinlock_lock()
 *
 * No call unless somebody sleeps: then one, vcpu_kick.
 */
static inline void stile_spinlock_unlock(struct stile_spinlock *lock, uint32_t self)
{
    if ((__atomic_load_n(&lock->sleepers, __ATOMIC_RELAXED) |
         __atomic_load_n(&lock->losers, __ATOMIC_RELAXED)) != 0)
        stile_spinlock_pass(lock, self);
    else
        stile_spinlock_drop(lock, self);
}

#ifdef __cplusplus
}
#endif

#endif
