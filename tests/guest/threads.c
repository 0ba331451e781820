/* SPDX-License-Identifier: MIT */
/*
 * Threads: starting, ending, taking turns with and without their consent, waiting for each other.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/mutex.h"
#include "threads/thread.h"

KTF_SUITE(threads);

static void add_one(void *argument)
{
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELAXED);
}

KTF_TEST(threads, a_thread_runs_once_and_is_joined)
{
    uint32_t count = 0;
    struct thread *thread = thread_create("one", add_one, &count, NULL);

    ASSERT_NOT_NULL(thread);
    thread_join(thread);
    EXPECT_EQ(count, 1);
}

KTF_TEST(threads, many_run_at_once)
{
    enum { NR = 20 };
    struct thread *threads[NR];
    uint32_t count = 0;

    for (int i = 0; i < NR; i++) {
        threads[i] = thread_create("many", add_one, &count, NULL);
        EXPECT_NOT_NULL(threads[i]);
    }
    for (int i = 0; i < NR; i++) {
        if (threads[i])
            thread_join(threads[i]);
    }
    EXPECT_EQ(count, NR);
}

KTF_TEST(threads, without_a_free_slot_creation_fails)
{
    struct thread *threads[NR_THREADS];
    uint32_t count = 0;
    uint32_t made = 0;

    while (made < NR_THREADS && (threads[made] = thread_create("x", add_one, &count, NULL)))
        made++;
    EXPECT_LT(made, NR_THREADS);
    EXPECT_GT(made, 0);
    for (uint32_t i = 0; i < made; i++)
        thread_join(threads[i]);
    EXPECT_EQ(count, made);
}

struct race {
    uint64_t laps[2];
    bool stop;
};

static void run_lap(struct race *race, int lane)
{
    while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED))
        __atomic_fetch_add(&race->laps[lane], 1, __ATOMIC_RELAXED);
}

static void first_lane(void *argument)
{
    run_lap(argument, 0);
}

static void second_lane(void *argument)
{
    run_lap(argument, 1);
}

static uint64_t laps(const struct race *race, int lane)
{
    return __atomic_load_n(&race->laps[lane], __ATOMIC_RELAXED);
}

/* Neither runner ever gives its CPU away; the one that watches runs between them. */
KTF_TEST(threads, the_timer_preempts)
{
    struct race race = {{0, 0}, false};
    struct thread *first = thread_create("first", first_lane, &race, NULL);
    struct thread *second = thread_create("second", second_lane, &race, NULL);

    ASSERT_NOT_NULL(first);
    ASSERT_NOT_NULL(second);
    EXPECT_TRUE(support_wait(laps(&race, 0) > 0 && laps(&race, 1) > 0, 5000));
    uint64_t before[2] = {laps(&race, 0), laps(&race, 1)};
    EXPECT_TRUE(support_wait(laps(&race, 0) > before[0] && laps(&race, 1) > before[1], 5000));
    __atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
    thread_join(first);
    thread_join(second);
}

/* A value in every register that a function must preserve survives any number of switches. */
static void keep_registers(void *argument)
{
    uint64_t wrong;

    __asm__ volatile("mov x19, %[seed]\n\t"
                     "add x20, x19, #1\n\t"
                     "add x21, x19, #2\n\t"
                     "add x22, x19, #3\n\t"
                     "mov x9, #0x400000\n"
                     "1: subs x9, x9, #1\n\t"
                     "b.ne 1b\n\t"
                     "sub x20, x20, #1\n\t"
                     "sub x21, x21, #2\n\t"
                     "sub x22, x22, #3\n\t"
                     "eor x20, x20, x19\n\t"
                     "eor x21, x21, x19\n\t"
                     "eor x22, x22, x19\n\t"
                     "eor x19, x19, %[seed]\n\t"
                     "orr x19, x19, x20\n\t"
                     "orr x21, x21, x22\n\t"
                     "orr %[wrong], x19, x21"
                     : [wrong] "=r"(wrong)
                     : [seed] "r"((uint64_t)argument)
                     : "x9", "x19", "x20", "x21", "x22", "cc");
    *(uint64_t *)argument = wrong;
}

KTF_TEST(threads, registers_survive_preemption)
{
    uint64_t wrong[3] = {1, 1, 1};
    struct thread *threads[3];

    for (int i = 0; i < 3; i++)
        threads[i] = thread_create("registers", keep_registers, &wrong[i], NULL);
    for (int i = 0; i < 3; i++) {
        ASSERT_NOT_NULL(threads[i]);
        thread_join(threads[i]);
        EXPECT_EQ(wrong[i], 0);
    }
}

struct shared {
    struct mutex mutex;
    uint64_t value;
};

static void add_slowly(void *argument)
{
    struct shared *shared = argument;

    for (int i = 0; i < 50; i++) {
        mutex_lock(&shared->mutex);
        uint64_t value = shared->value;
        thread_yield();
        shared->value = value + 1;
        mutex_unlock(&shared->mutex);
    }
}

KTF_TEST(threads, a_mutex_keeps_others_out)
{
    struct shared shared = {.value = 0};
    struct thread *threads[4];

    for (int i = 0; i < 4; i++)
        threads[i] = thread_create("adder", add_slowly, &shared, NULL);
    for (int i = 0; i < 4; i++) {
        ASSERT_NOT_NULL(threads[i]);
        thread_join(threads[i]);
    }
    EXPECT_EQ(shared.value, 200);
}

struct gate {
    struct wait_queue queue;
    bool open;
    uint32_t passed;
};

static void pass_gate(void *argument)
{
    struct gate *gate = argument;

    wait_event(&gate->queue, __atomic_load_n(&gate->open, __ATOMIC_RELAXED));
    __atomic_fetch_add(&gate->passed, 1, __ATOMIC_RELAXED);
}

KTF_TEST(threads, a_wake_up_releases_all_that_wait)
{
    struct gate gate = {.open = false};
    struct thread *threads[3];

    for (int i = 0; i < 3; i++)
        threads[i] = thread_create("waiter", pass_gate, &gate, NULL);
    thread_sleep_ms(5);
    EXPECT_EQ(gate.passed, 0);
    __atomic_store_n(&gate.open, true, __ATOMIC_RELAXED);
    wait_queue_wake(&gate.queue);
    for (int i = 0; i < 3; i++) {
        ASSERT_NOT_NULL(threads[i]);
        thread_join(threads[i]);
    }
    EXPECT_EQ(gate.passed, 3);
}

struct spread {
    uint32_t seen; /* bit n: CPU n has run one of the threads */
    uint32_t all;
    uint64_t end;
};

static uint32_t seen_by(const struct spread *spread)
{
    return __atomic_load_n(&spread->seen, __ATOMIC_RELAXED);
}

/* Busy until every CPU was seen, or it takes too long. */
static void note_cpu(void *argument)
{
    struct spread *spread = argument;

    while (seen_by(spread) != spread->all && cpu_ticks() < spread->end) {
        uint64_t flags = irq_save();
        __atomic_fetch_or(&spread->seen, 1u << smp_cpu()->index, __ATOMIC_RELAXED);
        irq_restore(flags);
        cpu_wait_for_event();
    }
}

KTF_TEST(threads, busy_threads_spread_over_all_cpus)
{
    enum { NR = 12 };
    struct thread *threads[NR];
    struct spread spread = {
        .all = (1u << smp_nr_online()) - 1,
        .end = cpu_ticks() + time_ms_to_ticks(10000),
    };

    if (smp_nr_online() == 1)
        SKIP("there is one CPU");
    for (int i = 0; i < NR; i++)
        threads[i] = thread_create("busy", note_cpu, &spread, NULL);
    for (int i = 0; i < NR; i++) {
        ASSERT_NOT_NULL(threads[i]);
        thread_join(threads[i]);
    }
    EXPECT_EQ(spread.seen, spread.all);
}
