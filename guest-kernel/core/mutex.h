/* SPDX-License-Identifier: MIT */
/*
 * A lock whose waiters sleep. For threads, not for interrupt handlers.
 */
#ifndef CORE_MUTEX_H
#define CORE_MUTEX_H

#include <stdbool.h>

#include "core/thread.h"

/** Zero is an unlocked one. */
struct mutex {
    bool held; /* under the thread lock */
    struct wait_queue waiters;
};

static inline void mutex_lock(struct mutex *mutex)
{
    uint64_t flags = thread_lock();

    while (mutex->held)
        wait_queue_sleep(&mutex->waiters);
    mutex->held = true;
    thread_unlock(flags);
}

static inline void mutex_unlock(struct mutex *mutex)
{
    uint64_t flags = thread_lock();

    mutex->held = false;
    wait_queue_wake_locked(&mutex->waiters);
    thread_unlock(flags);
}

#endif
