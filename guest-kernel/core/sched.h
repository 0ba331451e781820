/* SPDX-License-Identifier: MIT */
/*
 * Who runs next. All of it is called with the thread lock held, but sched_idle().
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <stdint.h>

#include "core/thread.h"

void thread_queue_push(struct thread_queue *queue, struct thread *thread);
struct thread *thread_queue_pop(struct thread_queue *queue);

/** sched_ready() - put a thread at the end of the run queue, and wake an idle CPU for it */
void sched_ready(struct thread *thread);

/** sched_sleep() - put the calling thread among the sleepers; sched_switch() must follow */
void sched_sleep(uint64_t wake_ticks);

/** sched_switch() - go on with the next thread; returns when it is the caller's turn again */
void sched_switch(void);

/** sched_yield() - let the other ready threads go first, if there are any */
void sched_yield(void);

/** sched_start() - leave the boot stack for this CPU's first thread */
_Noreturn void sched_start(void);

/** sched_idle() - what a CPU does with nothing to do */
_Noreturn void sched_idle(void);

/** sched_timer() - the timer's interrupt handler */
void sched_timer(uint32_t intid, void *argument);

#endif
