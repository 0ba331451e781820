/* SPDX-License-Identifier: MIT */
/*
 * The other CPU of an operation of two: it sleeps, answers each SGI by one, and sleeps again.
 *
 * The caller's CPU has interrupts masked meanwhile and schedules nothing, so the partner's thread
 * is run by the other one.
 */
#include "measure/pair.h"

#include "arch/cpu.h"
#include "machine/sensitive_ops.h"
#include "measure/counter.h"
#include "threads/thread.h"

static struct {
    void (*function)(void);
    uint64_t vectors; /* the partner's */
    struct thread *thread;
    bool runs;
    bool stops;
} partner;

bool pair_stops(void)
{
    return __atomic_load_n(&partner.stops, __ATOMIC_RELAXED);
}

static void use_vectors(uint64_t vectors)
{
    write_sysreg(vbar_el1, vectors);
    isb();
}

static void run(void *argument)
{
    (void)argument;
    uint64_t flags = irq_save();
    uint64_t vectors = read_sysreg(vbar_el1);

    sensitive->timer_disarm();
    use_vectors(partner.vectors);
    counter_start();
    __atomic_store_n(&partner.runs, true, __ATOMIC_RELEASE);
    cpu_send_event();
    partner.function();
    use_vectors(vectors);
    irq_restore(flags);
}

bool pair_start(const struct bench_pair_row *pair, uint64_t vectors)
{
    partner.function = pair->partner;
    partner.vectors = vectors;
    partner.runs = false;
    partner.stops = false;
    partner.thread = thread_create("partner", run, NULL, NULL);
    if (!partner.thread)
        return false;
    while (!__atomic_load_n(&partner.runs, __ATOMIC_ACQUIRE))
        cpu_wait_for_event();
    return true;
}

void pair_stop(void)
{
    __atomic_store_n(&partner.stops, true, __ATOMIC_RELAXED);
    sensitive->send_ipi(pair_other_cpu(), SGI_BENCH);
    thread_join(partner.thread);
    sensitive->timer_disarm(); /* thread_join() armed it, perhaps on the other CPU */
}
