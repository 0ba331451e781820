/* SPDX-License-Identifier: MIT */
/*
 * One queue of ready threads for all CPUs, in turn; a list of sleepers; and when each CPU's timer
 * has to interrupt. A CPU that is idle while no thread sleeps has no timer armed.
 */
#include "threads/sched.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "dev/irq.h"
#include "lib/spinlock.h"
#include "lib/time.h"
#include "machine/sensitive_ops.h"
#include "machine/smp.h"
#include "mm/space.h"

static struct spinlock lock; /* of every thread's state and of every queue of threads */
static struct thread_queue ready;
static struct thread *sleepers; /* in the order in which they wake */

uint64_t sched_lock(void)
{
    return spin_lock_irqsave(&lock);
}

void sched_unlock(uint64_t flags)
{
    spin_unlock_irqrestore(&lock, flags);
}

struct thread *sched_current(void)
{
    uint64_t flags = irq_save(); /* or the CPU may be another one after it was read */
    struct thread *thread = smp_cpu()->current;

    irq_restore(flags);
    return thread;
}

/* An idle CPU sleeps without a timer: it has to be told of a thread that it could run. */
static void wake_idle_cpu(const struct thread *thread)
{
    for (uint32_t i = 0; i < NR_CPUS; i++) {
        if (cpus[i].idling && (!thread->home || thread->home == &cpus[i])) {
            cpus[i].idling = false;
            if (&cpus[i] != smp_cpu())
                sensitive->send_ipi(i, SGI_RESCHEDULE);
            return;
        }
    }
}

void sched_ready(struct thread *thread)
{
    thread->state = THREAD_READY;
    queue_push(&ready, thread);
    wake_idle_cpu(thread);
}

void sched_sleep(uint64_t wake_ticks)
{
    struct thread *thread = smp_cpu()->current;
    struct thread **link = &sleepers;

    thread->state = THREAD_WAITING;
    thread->wake_ticks = wake_ticks;
    while (*link && (*link)->wake_ticks <= wake_ticks)
        link = &(*link)->next;
    thread->next = *link;
    *link = thread;
}

static void wake_sleepers(uint64_t now)
{
    while (sleepers && sleepers->wake_ticks <= now) {
        struct thread *thread = sleepers;
        sleepers = thread->next;
        sched_ready(thread);
    }
}

/* The end of the thread's turn, or the next sleeper's time if that is sooner. */
static void program_timer(const struct cpu *cpu, uint64_t now)
{
    uint64_t deadline = UINT64_MAX;

    if (cpu->current != cpu->idle)
        deadline = now + time_ms_to_ticks(SCHED_SLICE_MS);
    if (sleepers && sleepers->wake_ticks < deadline)
        deadline = sleepers->wake_ticks;
    if (deadline != UINT64_MAX)
        sensitive->timer_arm(deadline);
    else
        sensitive->timer_disarm();
}

static struct thread *choose(const struct cpu *cpu)
{
    struct thread *thread = queue_take(&ready, cpu);

    return thread ? thread : cpu->idle;
}

static void account(struct thread *from, struct thread *to, uint64_t now)
{
    from->run_ticks += now - from->started_ticks;
    to->started_ticks = now;
    to->nr_switches++;
}

void sched_switch(void)
{
    struct cpu *cpu = smp_cpu();
    struct thread *from = cpu->current;
    struct thread *to = choose(cpu);
    uint64_t now = cpu_ticks();

    cpu->reschedule = false;
    cpu->current = to;
    cpu->idling = to == cpu->idle;
    account(from, to, now);
    if (from == cpu->idle)
        from->state = THREAD_READY; /* always, though in no queue */
    to->state = THREAD_RUNNING;
    program_timer(cpu, now);
    if (to == from)
        return;
    space_use(to->space);
    context_switch(&from->context, &to->context);
}

void sched_start(void)
{
    struct cpu *cpu = smp_cpu();
    struct context nowhere;

    (void)sched_lock();
    cpu->current = cpu->idle;
    cpu->idle->state = THREAD_RUNNING;
    cpu->idle->started_ticks = cpu_ticks();
    cpu->reschedule = true; /* idle looks for something better at once */
    context_switch(&nowhere, &cpu->idle->context);
    __builtin_unreachable();
}

/*
 * Interrupts are masked from the look at the queue to the sleep, so no wake-up is lost: an
 * interrupt that is pending ends the sleep, and is taken once interrupts are unmasked.
 */
void sched_idle(void)
{
    for (;;) {
        uint64_t flags = sched_lock();
        sched_switch();
        bool nothing = smp_cpu()->idling;
        spin_unlock(&lock);
        if (nothing)
            sensitive->idle();
        irq_restore(flags);
    }
}

/* No idle CPU is woken here: sched_ready() has woken one for each thread that became ready. */
void sched_yield(void)
{
    struct cpu *cpu = smp_cpu();
    struct thread *before;

    if (cpu->current != cpu->idle) {
        if (!queue_find(&ready, cpu, &before)) {
            cpu->reschedule = false;
            program_timer(cpu, cpu_ticks());
            return;
        }
        cpu->current->state = THREAD_READY;
        queue_push(&ready, cpu->current);
    }
    sched_switch();
}

void sched_preempt(void)
{
    if (!smp_cpu()->reschedule)
        return;
    uint64_t flags = sched_lock();
    sched_yield();
    sched_unlock(flags);
}

static void handle_timer(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    /* The line is level-triggered, so disarm. sched_preempt() follows and arms the timer anew. */
    sensitive->timer_disarm();
    spin_lock(&lock);
    wake_sleepers(cpu_ticks());
    smp_cpu()->reschedule = true;
    spin_unlock(&lock);
}

void sched_init_cpu(void)
{
    sensitive->timer_disarm();
    irq_register(machine.timer_intid, handle_timer, NULL);
}
