/* SPDX-License-Identifier: MIT */
/*
 * The life of a thread: making, ending and joining it. Which thread runs next is sched.c's.
 */
#include "threads/thread.h"

#include <string.h>

#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "threads/sched.h"
#include "threads/wait.h"

static struct thread threads[NR_THREADS];
static struct wait_queue joiners;

const struct thread *thread_at(uint32_t slot)
{
    return &threads[slot];
}

uint64_t thread_run_ticks(const struct thread *thread)
{
    uint64_t flags = sched_lock();
    uint64_t ticks = thread->run_ticks;

    if (thread->state == THREAD_RUNNING)
        ticks += cpu_ticks() - thread->started_ticks;
    sched_unlock(flags);
    return ticks;
}

/* A slot is claimed under the lock; then it is the claimer's alone until it is FREE again. */
static struct thread *claim_slot(void)
{
    static uint32_t next_id;
    uint64_t flags = sched_lock();
    struct thread *thread = NULL;

    for (uint32_t i = 0; i < NR_THREADS && !thread; i++) {
        if (threads[i].state == THREAD_FREE) {
            thread = &threads[i];
            memset(thread, 0, sizeof(*thread));
            thread->state = THREAD_WAITING;
            thread->id = next_id++;
        }
    }
    sched_unlock(flags);
    return thread;
}

static void free_slot(struct thread *thread)
{
    uint64_t flags = sched_lock();

    thread->state = THREAD_FREE;
    sched_unlock(flags);
}

/* The first code of a thread. The lock is held: the thread before it took the lock to switch. */
static _Noreturn void begin(void (*function)(void *), void *argument)
{
    sched_unlock(0); /* DAIF clear: interrupts on */
    function(argument);
    thread_exit();
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
    thread->context.x19_x30[0] = (uint64_t)begin;
    thread->context.x19_x30[1] = (uint64_t)function;
    thread->context.x19_x30[2] = (uint64_t)argument;
    thread->context.x19_x30[11] = (uint64_t)context_thread_start;
    thread->context.sp = thread->stack_top;
    return thread;
}

struct thread *thread_create(const char *name, void (*function)(void *), void *argument,
                             struct space *space)
{
    struct thread *thread = make(name, function, argument);

    if (thread) {
        thread->space = space;
        uint64_t flags = sched_lock();
        sched_ready(thread);
        sched_unlock(flags);
    }
    return thread;
}

void thread_exit(void)
{
    (void)sched_lock();
    sched_current()->state = THREAD_DEAD;
    wait_queue_wake_locked(&joiners);
    sched_switch();
    panic("a dead thread runs");
}

/*
 * A thread that ends keeps the lock until its CPU has switched to another stack. So a thread that
 * is seen to be DEAD, with the lock held, has left its own.
 */
void thread_join(struct thread *thread)
{
    wait_event(&joiners, thread->state == THREAD_DEAD);
    kernel_map_free_stack((uint32_t)(thread - threads));
    free_slot(thread);
}

void thread_yield(void)
{
    uint64_t flags = sched_lock();

    sched_yield();
    sched_unlock(flags);
}

void thread_sleep_until(uint64_t ticks)
{
    uint64_t flags = sched_lock();

    sched_sleep(ticks);
    sched_switch();
    sched_unlock(flags);
}

void thread_sleep_ms(uint64_t ms)
{
    thread_sleep_until(cpu_ticks() + time_ms_to_ticks(ms));
}

uint32_t thread_stay(bool stays)
{
    uint64_t flags = irq_save();
    const struct cpu *cpu = smp_cpu();

    cpu->current->home = stays ? cpu : NULL;
    irq_restore(flags);
    return cpu->index;
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
