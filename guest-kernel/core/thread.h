/* SPDX-License-Identifier: MIT */
/*
 * Threads: preemptive, in turn, on any CPU. One run queue, one lock, for everything here.
 */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/context.h"

#define NR_THREADS      64
#define THREAD_NAME_MAX 16
#define THREAD_SLICE_MS 10

struct process;

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
    struct process *process; /* NULL for the kernel's own */
    enum thread_state state;
    uint32_t id;
    char name[THREAD_NAME_MAX];
};

struct thread_queue {
    struct thread *first;
    struct thread *last;
};

/** Threads that wait for the same event. Zero is an empty one. */
struct wait_queue {
    struct thread_queue threads;
};

/** thread_init() - go on, on the boot CPU, as the thread "main" */
_Noreturn void thread_init(void (*main)(void *));

/** thread_create_idle() - the idle thread of a CPU that is about to start */
struct thread *thread_create_idle(void);

/**
 * thread_create() - start a thread
 * @name: for ps
 * @function: what it does; the thread ends when it returns
 * @process: whose address space it runs in, or NULL
 *
 * Returns the thread, which somebody has to join, or NULL without memory or a free slot.
 */
struct thread *thread_create(const char *name, void (*function)(void *), void *argument,
                             struct process *process);

/** thread_join() - wait for a thread's end, and free it */
void thread_join(struct thread *thread);

/** thread_exit() - end the calling thread */
_Noreturn void thread_exit(void);

/** thread_yield() - let the other threads run first */
void thread_yield(void);

/** thread_sleep_until() - wait until CNTVCT_EL0 reaches @ticks */
void thread_sleep_until(uint64_t ticks);

/** thread_sleep_ms() - wait for some milliseconds */
void thread_sleep_ms(uint64_t ms);

/** thread_preempt() - run another thread if it is time; at the end of an interrupt */
void thread_preempt(void);

/** thread_current() - the calling thread */
struct thread *thread_current(void);

/** thread_at() - the thread of a slot, 0 to NR_THREADS - 1, of any state; for ps */
const struct thread *thread_at(uint32_t slot);

/** thread_run_ticks() - how long a thread has run */
uint64_t thread_run_ticks(const struct thread *thread);

/** thread_lock() - take the lock of all thread and wait queues; returns what thread_unlock() takes
 */
uint64_t thread_lock(void);
void thread_unlock(uint64_t flags);

/** wait_queue_sleep() - wait in a queue; called with the lock, which others have meanwhile */
void wait_queue_sleep(struct wait_queue *queue);

/** wait_queue_wake() - let all threads of a queue go on. Any context */
void wait_queue_wake(struct wait_queue *queue);

/** wait_queue_wake_locked() - the same with the lock held */
void wait_queue_wake_locked(struct wait_queue *queue);

/** Blocks the thread until @condition is true, as seen with the lock held; see wait_queue_wake() */
#define wait_event(queue, condition)                                                               \
    do {                                                                                           \
        uint64_t flags_ = thread_lock();                                                           \
        while (!(condition))                                                                       \
            wait_queue_sleep(queue);                                                               \
        thread_unlock(flags_);                                                                     \
    } while (0)

#endif
