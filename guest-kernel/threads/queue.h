/* SPDX-License-Identifier: MIT */
/*
 * What a thread is, and queues of threads. The scheduler keeps the threads that are ready in one,
 * and each wait queue keeps those that wait. All of this is under the scheduler's lock.
 */
#ifndef THREADS_QUEUE_H
#define THREADS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "arch/context.h"

#define THREAD_NAME_MAX 16

struct space;

enum thread_state {
    THREAD_FREE,    /* the slot is unused */
    THREAD_READY,   /* in the run queue */
    THREAD_RUNNING, /* on a CPU */
    THREAD_WAITING, /* in a wait queue, or among the sleepers */
    THREAD_DEAD,    /* ended; thread_join() frees it */
};

struct thread {
    struct context context; /* while not running */
    struct thread *next;    /* in the one queue it is in */
    uint64_t wake_ticks;    /* among the sleepers: until when */
    uint64_t started_ticks; /* since when it runs this time */
    uint64_t run_ticks;     /* how long it ran before */
    uint64_t nr_switches;   /* how often it was given a CPU */
    uint64_t stack_top;
    struct context *landing; /* of exception_try(): where a fault leads */
    struct space *space;     /* a process's; NULL for the kernel's own threads */
    enum thread_state state;
    uint32_t id;
    char name[THREAD_NAME_MAX];
};

/** First in, first out. Zero is an empty one. */
struct thread_queue {
    struct thread *first;
    struct thread *last;
};

static inline void queue_push(struct thread_queue *queue, struct thread *thread)
{
    thread->next = NULL;
    if (queue->first)
        queue->last->next = thread;
    else
        queue->first = thread;
    queue->last = thread;
}

/** queue_pop() - take out the first thread; NULL if the queue is empty */
static inline struct thread *queue_pop(struct thread_queue *queue)
{
    struct thread *thread = queue->first;

    if (thread)
        queue->first = thread->next;
    return thread;
}

#endif
