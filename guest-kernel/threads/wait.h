/* SPDX-License-Identifier: MIT */
/*
 * Waiting for an event that another thread or an interrupt brings about.
 */
#ifndef THREADS_WAIT_H
#define THREADS_WAIT_H

#include "threads/queue.h"
#include "threads/sched.h"

/** Threads that wait for the same event. Zero is an empty one. */
struct wait_queue {
    struct thread_queue threads;
};

/**
 * wait_queue_sleep() - wait in a queue until somebody wakes it
 *
 * Called and returns with the scheduler's lock, which others may take meanwhile. Threads only.
 */
void wait_queue_sleep(struct wait_queue *queue);

/** wait_queue_wake() - let all threads of a queue go on. Any context */
void wait_queue_wake(struct wait_queue *queue);

/** wait_queue_wake_locked() - the same with the scheduler's lock held */
void wait_queue_wake_locked(struct wait_queue *queue);

/**
 * wait_event() - wait until @condition is true
 *
 * @condition is looked at with the scheduler's lock held: first, and whenever the queue was woken.
 */
#define wait_event(queue, condition)                                                               \
    do {                                                                                           \
        uint64_t flags_ = sched_lock();                                                            \
        while (!(condition))                                                                       \
            wait_queue_sleep(queue);                                                               \
        sched_unlock(flags_);                                                                      \
    } while (0)

#endif
