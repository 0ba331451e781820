/* SPDX-License-Identifier: MIT */
/*
 * Threads: making, ending and joining them, and waiting. Who runs next is core/sched.c's.
 */
#include <stddef.h>
#include <string.h>

#include "arch/cpu.h"
#include "core/panic.h"
#include "core/sched.h"
#include "core/smp.h"
#include "core/thread.h"
#include "core/time.h"
#include "mm/kernel_map.h"

static struct thread threads[NR_THREADS];
static struct wait_queue joiners;

struct thread *thread_current(void)
{
    uint64_t flags = irq_save(); /* or the CPU may be another one after it was read */
    struct thread *thread = smp_cpu()->current;

    irq_restore(flags);
    return thread;
}

const struct thread *thread_at(uint32_t slot)
{
    return &threads[slot];
}

uint64_t thread_run_ticks(const struct thread *thread)
{
    uint64_t flags = thread_lock();
    uint64_t ticks = thread->run_ticks;

    if (thread->state == THREAD_RUNNING)
        ticks += cpu_ticks() - thread->started_ticks;
    thread_unlock(flags);
    return ticks;
}

/* Slots are claimed under the lock; a claimed one is nobody else's until it is FREE again. */
static struct thread *claim_slot(void)
{
    static uint32_t next_id;
    uint64_t flags = thread_lock();
    struct thread *thread = NULL;

    for (uint32_t i = 0; i < NR_THREADS && !thread; i++) {
        if (threads[i].state == THREAD_FREE) {
            thread = &threads[i];
            memset(thread, 0, sizeof(*thread));
            thread->state = THREAD_WAITING;
            thread->id = next_id++;
        }
    }
    thread_unlock(flags);
    return thread;
}

static void free_slot(struct thread *thread)
{
    uint64_t flags = thread_lock();

    thread->state = THREAD_FREE;
    thread_unlock(flags);
}

static struct thread *make(const char *name, void (*function)(void *), void *argument)
{
    struct thread *thread = claim_slot();
    if (!thread)
        return NULL;

    thread->stack_top = kernel_map_stack((uint32_t)(thread - threads));
    if (thread->stack_top == 0) {
        free_slot(thread);
        return NULL;
    }
    memcpy(thread->name, name, strnlen(name, THREAD_NAME_MAX - 1));
    thread->context.x19_x30[0] = (uint64_t)function;
    thread->context.x19_x30[1] = (uint64_t)argument;
    thread->context.x19_x30[11] = (uint64_t)context_thread_start;
    thread->context.sp = thread->stack_top;
    return thread;
}

struct thread *thread_create(const char *name, void (*function)(void *), void *argument,
                             struct process *process)
{
    struct thread *thread = make(name, function, argument);

    if (thread) {
        thread->process = process;
        uint64_t flags = thread_lock();
        sched_ready(thread);
        thread_unlock(flags);
    }
    return thread;
}

/* Where a new thread begins, with the lock that was taken to switch to it. */
_Noreturn void thread_begin(void (*function)(void *), void *argument);
void thread_begin(void (*function)(void *), void *argument)
{
    thread_unlock(0); /* DAIF clear: interrupts on */
    function(argument);
    thread_exit();
}

void thread_exit(void)
{
    (void)thread_lock();
    thread_current()->state = THREAD_DEAD;
    wait_queue_wake_locked(&joiners);
    sched_switch();
    panic("a dead thread runs");
}

/* Who sees a thread DEAD under the lock sees it after it has left its stack. */
void thread_join(struct thread *thread)
{
    wait_event(&joiners, thread->state == THREAD_DEAD);
    kernel_map_free_stack((uint32_t)(thread - threads));
    free_slot(thread);
}

void thread_yield(void)
{
    uint64_t flags = thread_lock();

    sched_yield();
    thread_unlock(flags);
}

void thread_sleep_until(uint64_t ticks)
{
    uint64_t flags = thread_lock();

    sched_sleep(ticks);
    sched_switch();
    thread_unlock(flags);
}

void thread_sleep_ms(uint64_t ms)
{
    thread_sleep_until(cpu_ticks() + time_ms_to_ticks(ms));
}

void wait_queue_sleep(struct wait_queue *queue)
{
    struct thread *thread = thread_current();

    thread->state = THREAD_WAITING;
    thread_queue_push(&queue->threads, thread);
    sched_switch();
}

void wait_queue_wake_locked(struct wait_queue *queue)
{
    struct thread *thread;

    while ((thread = thread_queue_pop(&queue->threads)) != NULL)
        sched_ready(thread);
}

void wait_queue_wake(struct wait_queue *queue)
{
    uint64_t flags = thread_lock();

    wait_queue_wake_locked(queue);
    thread_unlock(flags);
}

static void idle(void *argument)
{
    (void)argument;
    sched_idle();
}

struct thread *thread_create_idle(void)
{
    struct thread *thread = make("idle", idle, NULL);

    if (!thread)
        panic("no memory for an idle thread");
    return thread;
}

void thread_init(void (*main)(void *))
{
    smp_cpu()->idle = thread_create_idle();
    if (!thread_create("main", main, NULL, NULL))
        panic("no memory for the first thread");
    sched_start();
}
