/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one lock for all threads, which thread a CPU runs next, and when a CPU's timer
 * interrupts. What the rest of the kernel does with threads is in thread.h and wait.h.
 */
#ifndef THREADS_SCHED_H
#define THREADS_SCHED_H

#include <stdint.h>

#include "threads/queue.h"

#define SCHED_SLICE_MS 10

/**
 * sched_lock() - take the lock of every thread's state and of every queue of threads
 *
 * Masks interrupts. Returns what sched_unlock() takes.
 */
uint64_t sched_lock(void);
void sched_unlock(uint64_t flags);

/** sched_current() - the calling thread. Any context */
struct thread *sched_current(void);

/* With the lock: */

/** sched_ready() - put a thread at the end of the run queue, and wake an idle CPU for it */
void sched_ready(struct thread *thread);

/** sched_sleep() - put the calling thread among the sleepers; sched_switch() must follow */
void sched_sleep(uint64_t wake_ticks);

/** sched_switch() - go on with the next thread; returns when it is the caller's turn again */
void sched_switch(void);

/** sched_yield() - let the other ready threads go first, if there are any */
void sched_yield(void);

/* Without: */

/** sched_preempt() - run another thread if it is time; at the end of an interrupt */
void sched_preempt(void);

/** sched_init_cpu() - have the calling CPU's timer interrupt for the scheduler */
void sched_init_cpu(void);

/** sched_start() - leave the boot stack for the idle thread of the calling CPU */
_Noreturn void sched_start(void);

/** sched_idle() - what an idle thread does: sleep until there is a thread to run, for ever */
_Noreturn void sched_idle(void);

#endif
