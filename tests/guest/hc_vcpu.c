/* SPDX-License-Identifier: MIT */
/*
 * Group vcpu: CPUs taken off and started by calls.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/page.h"
#include "sleeper.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS 5000
#define ROUNDS   10

KTF_SUITE(hc_vcpu, .suite_setup = support_need_hypervisor);

static const struct conduit by_hvc = {"HVC", false};

static uint64_t state_of(uint32_t cpu)
{
    struct stile_result result = stile_vcpu_query(stile_vcpu_id(cpu));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

/* Returns the thread once its CPU is off. */
static struct thread *take_off(struct sleeper *sleeper)
{
    struct thread *thread = sleeper_start(sleeper, &by_hvc, STILE_FID(STILE_NR_vcpu_off));

    EXPECT_TRUE(support_wait(state_of(sleeper->cpu) == STILE_VCPU_OFF, LIMIT_MS));
    return thread;
}

static struct stile_result start(uint32_t cpu, uint64_t entry, uint64_t context)
{
    return stile_vcpu_on(stile_vcpu_id(cpu), stile_ipa(entry), context);
}

static int64_t put_on(struct sleeper *sleeper)
{
    return start(sleeper->cpu, virt_to_phys(power_resume), virt_to_phys(&sleeper->context)).status;
}

KTF_TEST(hc_vcpu, off_and_on_again)
{
    static struct sleeper sleeper;

    if (smp_nr_online() < 2)
        SKIP("there is one CPU");
    for (int i = 0; i < ROUNDS; i++) {
        struct thread *thread = take_off(&sleeper);
        ASSERT_NOT_NULL(thread);
        EXPECT_EQ(put_on(&sleeper), STILE_SUCCESS);
        EXPECT_EQ(put_on(&sleeper), STILE_BUSY);
        thread_join(thread);
        EXPECT_EQ(sleeper.result, POWER_RESUMED);
        EXPECT_NE(state_of(sleeper.cpu), STILE_VCPU_OFF);
    }
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

KTF_TEST(hc_vcpu, on_refuses_what_it_must)
{
    uint64_t entry = virt_to_phys(power_resume);
    static const uint32_t none[] = {NR_CPUS, 0x100, UINT32_MAX};

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        expect_bad(start(none[i], entry, 0), 1);
    expect_bad(start(machine.nr_cpus, entry, 0), 1);
    for (uint64_t offset = 1; offset < 4; offset++)
        expect_bad(start(0, entry + offset, 0), 2);
    expect_bad(start(0, support_beyond_memory(), 0), 2);
    expect_bad(start(0, 0, 0), 2);
    expect_bad(start(0, UINT64_MAX - 3, 0), 2);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        EXPECT_EQ(start(cpu, entry, 0).status, STILE_BUSY);
}

/* A start that is refused changes nothing. */
KTF_TEST(hc_vcpu, stays_off_if_the_start_is_refused)
{
    static struct sleeper sleeper;

    if (smp_nr_online() < 2)
        SKIP("there is one CPU");
    struct thread *thread = take_off(&sleeper);
    ASSERT_NOT_NULL(thread);
    expect_bad(start(sleeper.cpu, virt_to_phys(power_resume) + 2, 0), 2);
    EXPECT_EQ(state_of(sleeper.cpu), STILE_VCPU_OFF);
    EXPECT_EQ(put_on(&sleeper), STILE_SUCCESS);
    thread_join(thread);
    EXPECT_EQ(sleeper.result, POWER_RESUMED);
}

/* Two CPUs that start the same third one. */
struct racer {
    struct sleeper *sleeper;
    bool *go;
    int64_t status;
};

static void race(void *argument)
{
    struct racer *racer = argument;

    while (!__atomic_load_n(racer->go, __ATOMIC_ACQUIRE))
        thread_yield();
    racer->status = put_on(racer->sleeper);
}

KTF_TEST(hc_vcpu, of_two_starts_one_succeeds)
{
    static struct sleeper sleeper;

    if (smp_nr_online() < 3)
        SKIP("this needs three CPUs");
    for (int i = 0; i < ROUNDS; i++) {
        bool go = false;
        struct racer other = {.sleeper = &sleeper, .go = &go};
        struct thread *thread = take_off(&sleeper);
        struct thread *rival = thread_create("rival", race, &other, NULL);
        ASSERT_NOT_NULL(thread);
        ASSERT_NOT_NULL(rival);
        __atomic_store_n(&go, true, __ATOMIC_RELEASE);
        int64_t mine = put_on(&sleeper);
        thread_join(rival);
        thread_join(thread);
        EXPECT_EQ(mine + other.status, STILE_BUSY);
        EXPECT_TRUE(mine == STILE_SUCCESS || other.status == STILE_SUCCESS);
        EXPECT_EQ(sleeper.result, POWER_RESUMED);
    }
}

KTF_TEST(hc_vcpu, the_caller_is_running)
{
    uint64_t flags = irq_save();

    EXPECT_EQ(state_of(smp_cpu()->index), STILE_VCPU_RUNNING);
    irq_restore(flags);
    expect_bad(stile_vcpu_query(stile_vcpu_id(machine.nr_cpus)), 1);
    expect_bad(stile_vcpu_query(stile_vcpu_id(UINT32_MAX)), 1);
}

/* The caller may change its CPU while it waits. */
static bool any_is_blocked(void)
{
    bool is_blocked = false;

    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        is_blocked |= state_of(cpu) == STILE_VCPU_BLOCKED;
    return is_blocked;
}

KTF_TEST(hc_vcpu, an_idle_one_is_blocked)
{
    if (smp_nr_online() < 2)
        SKIP("there is one CPU");
    EXPECT_TRUE(support_wait(any_is_blocked(), LIMIT_MS));
}

/* --- giving the physical CPU to one's like --- */

static uint64_t yield_end;

/* Yields to every other CPU in turn: running, blocked, off or waiting, here or elsewhere. */
static void yield_around(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; cpu_ticks() < yield_end; i++) {
        uint64_t flags = irq_save();
        uint32_t self = smp_cpu()->index;
        uint32_t other = (self + 1 + i % (smp_nr_online() - 1)) % smp_nr_online();
        EXPECT_EQ(stile_vcpu_yield_to(stile_vcpu_id(other)).status, STILE_SUCCESS);
        irq_restore(flags);
    }
}

KTF_TEST(hc_vcpu, yield_to_each_other)
{
    struct thread *threads[NR_CPUS];
    uint32_t count = smp_nr_online();

    if (count < 2)
        SKIP("there is one CPU");
    yield_end = cpu_ticks() + time_ms_to_ticks(100);
    for (uint32_t i = 0; i < count; i++) {
        threads[i] = thread_create("yields", yield_around, NULL, NULL);
        ASSERT_NOT_NULL(threads[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        thread_join(threads[i]);
}

KTF_TEST(hc_vcpu, yield_to_one_that_is_off)
{
    static struct sleeper sleeper;

    if (smp_nr_online() < 2)
        SKIP("there is one CPU");
    struct thread *thread = take_off(&sleeper);
    ASSERT_NOT_NULL(thread);
    for (int i = 0; i < ROUNDS; i++)
        EXPECT_EQ(stile_vcpu_yield_to(stile_vcpu_id(sleeper.cpu)).status, STILE_SUCCESS);
    EXPECT_EQ(put_on(&sleeper), STILE_SUCCESS);
    thread_join(thread);
}

KTF_TEST(hc_vcpu, yield_to_refuses_what_it_must)
{
    uint64_t flags = irq_save();

    expect_bad(stile_vcpu_yield_to(stile_vcpu_id(smp_cpu()->index)), 1);
    irq_restore(flags);
    expect_bad(stile_vcpu_yield_to(stile_vcpu_id(machine.nr_cpus)), 1);
    expect_bad(stile_vcpu_yield_to(stile_vcpu_id(UINT32_MAX)), 1);
}
