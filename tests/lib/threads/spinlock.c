/* SPDX-License-Identifier: MIT */
/*
 * The lock among threads that are vCPUs, under ThreadSanitizer: one holder at a time, no kick lost,
 * and each gets it in the end, whatever the holder's page says.
 */
#include <pthread.h>
#include <sched.h>

#include "ktf.h"
#include "stile/fake.h"
#include "stile/spinlock.h"
#include "stile/stubs.h"

#define NR_VCPUS 4
#define ROUNDS   5000

static struct stile_spinlock lock;
static const struct stile_vcpu_page *pages;
static uint32_t vm;
static uint64_t counter; /* under the lock */
static bool preempts;

static void start(void)
{
    struct stile_fake_config config = {.nr_vcpus = NR_VCPUS};

    stile_fake_reset();
    vm = stile_fake_start(&config);
    stile_fake_use_threads(true);
    pages = stile_fake_vcpu_pages(vm);
    lock = (struct stile_spinlock){0, 0, 0, 0};
    counter = 0;
    (void)stile_core_version(STILE_VERSION_CURRENT);
}

KTF_SUITE(spinlock_threads, .setup = start);

/* While the holder is said to be preempted, the others go to sleep at once. */
static void be_preempted(uint32_t self)
{
    stile_fake_preempt(vm, self, true);
    for (int i = 0; i < 10; i++)
        (void)stile_vcpu_yield();
    stile_fake_preempt(vm, self, false);
}

static void *vcpu(void *index)
{
    uint32_t self = (uint32_t)(uintptr_t)index;

    stile_fake_become(vm, self);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        stile_spinlock_lock(&lock, self, pages);
        counter++;
        if (preempts && i % 16 == 0)
            be_preempted(self);
        stile_spinlock_unlock(&lock, self);
    }
    return NULL;
}

static void contend(void *(*loop)(void *index), uint32_t nr_vcpus)
{
    pthread_t threads[NR_VCPUS];

    for (uintptr_t i = 0; i < nr_vcpus; i++)
        ASSERT_EQ(pthread_create(&threads[i], NULL, loop, (void *)i), 0);
    for (uint32_t i = 0; i < nr_vcpus; i++)
        (void)pthread_join(threads[i], NULL);
    EXPECT_EQ(counter, (uint64_t)nr_vcpus * ROUNDS);
    EXPECT_EQ(lock.holder, 0);
    EXPECT_EQ(lock.sleepers, 0);
    EXPECT_EQ(lock.losers, 0);
}

KTF_TEST(spinlock_threads, one_holds_it_at_a_time)
{
    preempts = false;
    contend(vcpu, NR_VCPUS);
}

KTF_TEST(spinlock_threads, waiters_of_a_preempted_holder_sleep_and_are_kicked)
{
    preempts = true;
    contend(vcpu, NR_VCPUS);
    EXPECT_GT(stile_fake_calls_of(STILE_NR_vcpu_poll), 0);
    EXPECT_GT(stile_fake_calls_of(STILE_NR_vcpu_kick), 0);
}

static void *vcpu_that_sleeps_at_once(void *index)
{
    uint32_t self = (uint32_t)(uintptr_t)index;

    stile_fake_become(vm, self);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        stile_spinlock_lock(&lock, self, pages);
        counter++;
        (void)sched_yield();
        stile_spinlock_unlock(&lock, self);
        if (i % 3 == self % 3)
            (void)sched_yield();
    }
    return NULL;
}

/* With few vCPUs that all sleep, an unlock often finds that another has taken the last sleeper. */
KTF_TEST(spinlock_threads, waiters_that_never_spin_are_all_kicked)
{
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        stile_fake_preempt(vm, i, true);
    contend(vcpu_that_sleeps_at_once, NR_VCPUS - 1);
}
