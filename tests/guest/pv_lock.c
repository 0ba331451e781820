/* SPDX-License-Identifier: MIT */
/*
 * The lock of libhypercall among the VM's vCPUs: one holder at a time, and everybody gets it, with
 * as many physical CPUs as there are.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "stile/spinlock.h"
#include "support.h"
#include "threads/thread.h"

#define ROUNDS      2000
#define LONG_ROUNDS 20 /* while the lock is held: longer than anybody spins */
#define LONG_SPINS  20000

static struct stile_spinlock lock;
static const struct stile_vcpu_page *pages;
static uint64_t counter; /* under the lock */
static uint32_t nr_holding;
static uint32_t nr_collisions;

static void start(void)
{
    support_need_hypervisor();
    if (!sensitive_is_paravirtual() || pages)
        return;
    uint64_t flags = irq_save();
    uint64_t own = stile_core_info(STILE_INFO_VCPU_PAGE).value[0];
    uint64_t index = stile_core_info(STILE_INFO_VCPU_ID).value[0];
    irq_restore(flags);
    pages = kernel_map_shared(own - index * PAGE_SIZE, smp_nr_online() * PAGE_SIZE);
}

KTF_SUITE(pv_lock, .suite_setup = start);

/* With interrupts masked, so that the holder stays the CPU it says it is. */
static void hold(uint32_t spins)
{
    uint64_t flags = irq_save();
    uint32_t self = smp_cpu()->index;

    stile_spinlock_lock(&lock, self, pages);
    if (__atomic_fetch_add(&nr_holding, 1, __ATOMIC_RELAXED) != 0)
        nr_collisions++;
    counter++;
    for (uint32_t i = 0; i < spins; i++)
        __asm__ volatile("" : : : "memory");
    (void)__atomic_fetch_sub(&nr_holding, 1, __ATOMIC_RELAXED);
    stile_spinlock_unlock(&lock, self);
    irq_restore(flags);
}

static void hold_often(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++)
        hold(0);
    for (uint32_t i = 0; i < LONG_ROUNDS; i++)
        hold(LONG_SPINS);
}

KTF_TEST(pv_lock, one_holds_it_at_a_time_and_all_get_it)
{
    struct thread *threads[NR_CPUS];
    uint32_t nr = smp_nr_online();

    counter = 0;
    nr_collisions = 0;
    for (uint32_t i = 0; i < nr; i++) {
        threads[i] = thread_create("holds", hold_often, NULL, NULL);
        ASSERT_NOT_NULL(threads[i]);
    }
    for (uint32_t i = 0; i < nr; i++)
        thread_join(threads[i]);
    EXPECT_EQ(counter, (uint64_t)nr * (ROUNDS + LONG_ROUNDS));
    EXPECT_EQ(nr_collisions, 0);
    EXPECT_EQ(lock.holder, 0);
    EXPECT_EQ(lock.sleepers | lock.losers, 0);
}

KTF_TEST(pv_lock, without_contention_there_is_no_exit)
{
    uint64_t before = 0, after = 0;
    uint64_t flags = irq_save();
    uint32_t self = smp_cpu()->index;

    (void)sensitive_counter(STILE_COUNTER_HYPERCALLS, &before);
    stile_spinlock_lock(&lock, self, pages);
    stile_spinlock_unlock(&lock, self);
    (void)sensitive_counter(STILE_COUNTER_HYPERCALLS, &after);
    irq_restore(flags);
    EXPECT_EQ(after - before, 1); /* the question itself */
}
