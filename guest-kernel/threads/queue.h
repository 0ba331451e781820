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

struct cpu;
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
    const struct cpu *home;  /* the one that may run it; NULL: any */
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

/** queue_find() - the first thread that a CPU may run; NULL: there is none. *before becomes the one
 * before it, or NULL */
static inline struct thread *queue_find(const struct thread_queue *queue, const struct cpu *cpu,
                                        struct thread **before)
{
    struct thread *thread = queue->first;

    *before = NULL;
    while (thread && thread->home && thread->home != cpu) {
        *before = thread;
        thread = thread->next;
    }
    return thread;
}

/** queue_take() - take it out */
static inline struct thread *queue_take(struct thread_queue *queue, const struct cpu *cpu)
{
    struct thread *before, *thread = queue_find(queue, cpu, &before);

    if (!thread)
        return NULL;
    if (before)
        before->next = thread->next;
    else
        queue->first = thread->next;
    if (queue->last == thread)
        queue->last = before;
    return thread;
}

#endif
