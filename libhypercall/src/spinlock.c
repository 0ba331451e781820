/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of the lock: waiting for it, and giving it to who waits.
 *
 * Only the holder takes bits of others out of losers, and hands the lock over; so it never is free
 * and somebody's at once. Who takes another's bit out of sleepers then kicks that one.
 */
#include "stile/cpu.h"
#include "stile/spinlock.h"
#include "stile/stubs.h"

/* Longer than a short critical section takes; shorter than a sleep and a kick cost. */
#define SPINS 256

/* Whether somebody has handed the lock to the caller. */
static bool is_mine(const struct stile_spinlock *lock, uint32_t self)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_SEQ_CST) == self + 1;
}

/* The first of @vcpus, which has at least one, after @self, going round. */
static uint32_t next_after(uint64_t vcpus, uint32_t self)
{
    uint64_t above = vcpus & UINT64_MAX << self << 1;

    return (uint32_t)__builtin_ctzll(above ? above : vcpus);
}

/* Waits as long as the holder runs; whether the caller now holds the lock. */
static bool spin(struct stile_spinlock *lock, uint32_t self, const struct stile_vcpu_page *pages)
{
    for (uint32_t i = 0; i < SPINS; i++) {
        /* An acquire: it may say that the lock was handed over. */
        uint32_t holder = __atomic_load_n(&lock->holder, __ATOMIC_ACQUIRE);

        if (holder == self + 1)
            return true;
        if (holder == 0) {
            if (stile_spinlock_try(lock, self))
                return true;
        } else if (__atomic_load_n(&pages[holder - 1].preempted, __ATOMIC_RELAXED) != 0) {
            return false;
        }
        stile_cpu_relax();
    }
    return false;
}

void stile_spinlock_wait(struct stile_spinlock *lock, uint32_t self,
                         const struct stile_vcpu_page *pages)
{
    uint64_t own = UINT64_C(1) << self;

    while (!spin(lock, self, pages)) {
        (void)__atomic_fetch_or(&lock->sleepers, own, __ATOMIC_SEQ_CST);
        if (stile_spinlock_try(lock, self) || is_mine(lock, self))
            break;
        (void)stile_vcpu_poll(0, 0, stile_ticks(STILE_TIME_NEVER));
        (void)__atomic_fetch_or(&lock->losers, own, __ATOMIC_SEQ_CST);
    }
    (void)__atomic_fetch_and(&lock->losers, ~own, __ATOMIC_RELAXED);
    (void)__atomic_fetch_and(&lock->sleepers, ~own, __ATOMIC_RELAXED);
}

/* Kicks @next if it sleeps, unless another unlock has. */
static void kick_sleeper(struct stile_spinlock *lock, uint32_t next)
{
    uint64_t bit = UINT64_C(1) << next;

    if (__atomic_fetch_and(&lock->sleepers, ~bit, __ATOMIC_SEQ_CST) & bit)
        (void)stile_vcpu_kick(stile_vcpu_id(next));
}

void stile_spinlock_pass(struct stile_spinlock *lock, uint32_t self)
{
    uint64_t losers = __atomic_load_n(&lock->losers, __ATOMIC_SEQ_CST);
    uint64_t waiters = losers | __atomic_load_n(&lock->sleepers, __ATOMIC_SEQ_CST);

    /* Since the caller looked, an unlock before this one may have taken the last sleeper's bit. */
    if (waiters == 0) {
        stile_spinlock_drop(lock, self);
        return;
    }
    uint32_t next = next_after(waiters, self);
    bool has_lost = (losers >> next & 1) != 0;

    if (has_lost)
        (void)__atomic_fetch_and(&lock->losers, ~(UINT64_C(1) << next), __ATOMIC_RELAXED);
    __atomic_store_n(&lock->holder, has_lost ? next + 1 : 0, __ATOMIC_SEQ_CST);
    kick_sleeper(lock, next);
}

void stile_spinlock_wake(struct stile_spinlock *lock, uint32_t self)
{
    uint64_t sleepers = __atomic_load_n(&lock->sleepers, __ATOMIC_SEQ_CST);

    if (sleepers != 0)
        kick_sleeper(lock, next_after(sleepers, self));
}
