/* SPDX-License-Identifier: MIT */
/*
 * A lock whose waiters sleep. For threads, not for interrupt handlers.
 */
#ifndef THREADS_MUTEX_H
#define THREADS_MUTEX_H

#include <stdbool.h>

#include "threads/wait.h"

/** Zero is an unlocked one. */
struct mutex {
    bool held; /* under the scheduler's lock */
    struct wait_queue waiters;
};

static inline void mutex_lock(struct mutex *mutex)
{
    uint64_t flags = sched_lock();

    while (mutex->held)
        wait_queue_sleep(&mutex->waiters);
    mutex->held = true;
    sched_unlock(flags);
}

static inline void mutex_unlock(struct mutex *mutex)
{
    uint64_t flags = sched_lock();

    mutex->held = false;
    wait_queue_wake_locked(&mutex->waiters);
    sched_unlock(flags);
}

#endif
