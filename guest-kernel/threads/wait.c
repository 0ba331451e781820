/* SPDX-License-Identifier: MIT */
/*
 * Wait queues.
 */
#include "threads/wait.h"

void wait_queue_sleep(struct wait_queue *queue)
{
    struct thread *thread = sched_current();

    thread->state = THREAD_WAITING;
    queue_push(&queue->threads, thread);
    sched_switch();
}

void wait_queue_wake_locked(struct wait_queue *queue)
{
    struct thread *thread;

    while ((thread = queue_pop(&queue->threads)) != NULL)
        sched_ready(thread);
}

void wait_queue_wake(struct wait_queue *queue)
{
    uint64_t flags = sched_lock();

    wait_queue_wake_locked(queue);
    sched_unlock(flags);
}
