/* SPDX-License-Identifier: MIT */
/*
 * Threads: preemptive, in turn, on any CPU. How one waits for an event is in wait.h.
 */
#ifndef THREADS_THREAD_H
#define THREADS_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "threads/queue.h"

#define NR_THREADS 64

/** thread_init() - go on, on the boot CPU, as the thread "main" */
_Noreturn void thread_init(void (*main)(void *));

/** thread_create_idle() - make the idle thread of a CPU that is about to start */
struct thread *thread_create_idle(void);

/**
 * thread_create() - start a thread
 * @name: for ps
 * @function: what it does; the thread ends when it returns
 * @space: the process's address space it runs in; NULL for the kernel's own threads
 *
 * Returns the thread, which somebody has to join, or NULL without memory or a free slot.
 */
struct thread *thread_create(const char *name, void (*function)(void *), void *argument,
                             struct space *space);

/** thread_join() - wait for a thread's end, and free it */
void thread_join(struct thread *thread);

/** thread_exit() - end the calling thread */
_Noreturn void thread_exit(void);

/** thread_stay() - have the calling thread stay on the CPU it is on, or no longer. Returns the
 * CPU's index */
uint32_t thread_stay(bool stays);

/** thread_yield() - let the other threads run first */
void thread_yield(void);

/** thread_sleep_until() - wait until CNTVCT_EL0 reaches @ticks */
void thread_sleep_until(uint64_t ticks);

/** thread_sleep_ms() - wait for some milliseconds */
void thread_sleep_ms(uint64_t ms);

/** thread_at() - the thread of a slot, 0 to NR_THREADS - 1, of any state; for ps */
const struct thread *thread_at(uint32_t slot);

/** thread_run_ticks() - how long a thread has run */
uint64_t thread_run_ticks(const struct thread *thread);

#endif
