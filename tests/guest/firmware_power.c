/* SPDX-License-Identifier: MIT */
/*
 * CPUs that sleep and that are off: CPU_SUSPEND, CPU_OFF and CPU_ON (DEN 0022).
 */
#include "arch/cpu.h"
#include "dev/gic.h"
#include "firmware.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/page.h"
#include "sleeper.h"
#include "stile/smccc.h"
#include "support.h"
#include "threads/thread.h"

#define POWER_DOWN 0x10000
#define SLEEP_MS   5
#define LIMIT_MS   5000

KTF_SUITE(firmware_power);

static const struct conduit conduits[] = FIRMWARE_CONDUITS;

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            SKIP("the firmware here has no such thing");                                           \
    } while (0)

static int32_t call(const struct conduit *conduit, uint64_t function, uint64_t x1, uint64_t x2,
                    uint64_t x3)
{
    return (int32_t)firmware_call(conduit, function, x1, x2, x3).x[0];
}

static uint64_t entry_pa(void)
{
    return virt_to_phys(power_resume);
}

/* --- CPU_SUSPEND --- */

KTF_TEST_EACH(firmware_power, standby_lasts_until_an_interrupt, struct conduit, conduits,
              firmware_describe)
{
    uint32_t nr_calls = 0;
    int32_t error = 0;

    NEED(firmware_can(param));
    uint64_t end = cpu_ticks() + time_ms_to_ticks(SLEEP_MS);
    while (cpu_ticks() < end && error == 0) {
        uint64_t flags = irq_save();
        sensitive->timer_arm(end);
        error = call(param, STILE_PSCI_CPU_SUSPEND_64, 0, 0, 0);
        nr_calls++;
        irq_restore(flags); /* or another CPU's interrupt would end every further one at once */
    }
    EXPECT_EQ(error, 0);
    /* Others may interrupt, too, but it is no busy loop. */
    EXPECT_LT(nr_calls, 100);
}

/* A firmware may enter standby instead, and then comes back with success. */
static void expect_resumed(int64_t result)
{
    if (firmware_is_stile())
        EXPECT_EQ(result, POWER_RESUMED);
    else
        EXPECT_TRUE(result == POWER_RESUMED || result == 0);
}

KTF_TEST_EACH(firmware_power, power_down_goes_on_at_its_entry, struct conduit, conduits,
              firmware_describe)
{
    static struct power_context context;

    NEED(firmware_can(param));
    uint64_t flags = irq_save();
    uint64_t end = cpu_ticks() + time_ms_to_ticks(SLEEP_MS);
    sensitive->timer_arm(end);
    do {
        expect_resumed(power_call(&context, param->is_smc, STILE_PSCI_CPU_SUSPEND_64, POWER_DOWN,
                                  entry_pa(), virt_to_phys(&context)));
    } while (cpu_ticks() < end);
    irq_restore(flags);
}

/* Nothing to wait for: it goes on at once, by its entry point or not. */
KTF_TEST_EACH(firmware_power, power_down_with_an_interrupt_pending, struct conduit, conduits,
              firmware_describe)
{
    static struct power_context context;

    NEED(firmware_can(param));
    uint64_t flags = irq_save();
    sensitive->send_ipi(smp_cpu()->index, 0);
    expect_resumed(power_call(&context, param->is_smc, STILE_PSCI_CPU_SUSPEND_64, POWER_DOWN,
                              entry_pa(), virt_to_phys(&context)));
    irq_restore(flags);
}

KTF_TEST_EACH(firmware_power, suspend_refuses_what_it_must, struct conduit, conduits,
              firmware_describe)
{
    static const uint32_t states[] = {1, 0xFFFF, 0x20000, 0x1000000, 0x1010000, 0x80000000};

    NEED(firmware_is_stile());
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        EXPECT_EQ(call(param, STILE_PSCI_CPU_SUSPEND_64, states[i], entry_pa(), 0),
                  STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_SUSPEND_64, POWER_DOWN, entry_pa() + 1, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_SUSPEND_64, POWER_DOWN, support_beyond_memory(), 0),
              STILE_PSCI_INVALID_ADDRESS);
}

/* --- CPU_OFF and CPU_ON --- */

static uint64_t mpidr_of(const struct sleeper *sleeper)
{
    return machine.mpidr[sleeper->cpu];
}

/* Returns the thread once its CPU is off. */
static struct thread *take_off(struct sleeper *sleeper, const struct conduit *conduit)
{
    struct thread *thread = sleeper_start(sleeper, conduit, STILE_PSCI_CPU_OFF);

    EXPECT_TRUE(support_wait(
        call(conduit, STILE_PSCI_AFFINITY_INFO_64, mpidr_of(sleeper), 0, 0) == 1, LIMIT_MS));
    return thread;
}

static int32_t put_on(const struct sleeper *sleeper)
{
    return call(sleeper->conduit, STILE_PSCI_CPU_ON_64, mpidr_of(sleeper), entry_pa(),
                virt_to_phys(&sleeper->context));
}

/* What a second start of the same CPU is told. QEMU's own PSCI may do it a second time. */
static bool is_refused(int32_t error)
{
    return error == STILE_PSCI_ALREADY_ON || error == STILE_PSCI_ON_PENDING;
}

KTF_TEST_EACH(firmware_power, a_cpu_goes_off_and_on_again, struct conduit, conduits,
              firmware_describe)
{
    static struct sleeper sleeper;

    NEED(firmware_can(param) && smp_nr_online() > 1);
    for (int i = 0; i < 10; i++) {
        struct thread *thread = take_off(&sleeper, param);
        ASSERT_NOT_NULL(thread);
        EXPECT_EQ(put_on(&sleeper), 0);
        if (firmware_is_stile())
            EXPECT_TRUE(is_refused(put_on(&sleeper)));
        thread_join(thread);
        EXPECT_EQ(sleeper.result, POWER_RESUMED);
        EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, mpidr_of(&sleeper), 0, 0), 0);
    }
}

KTF_TEST_EACH(firmware_power, a_cpu_stays_off_if_it_is_refused, struct conduit, conduits,
              firmware_describe)
{
    static struct sleeper sleeper;

    NEED(firmware_is_stile() && smp_nr_online() > 1);
    struct thread *thread = take_off(&sleeper, param);
    ASSERT_NOT_NULL(thread);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, mpidr_of(&sleeper), entry_pa() + 2, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_CPU_ON_64, mpidr_of(&sleeper), support_beyond_memory(), 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(param, STILE_PSCI_AFFINITY_INFO_64, mpidr_of(&sleeper), 0, 0), 1);
    EXPECT_EQ(put_on(&sleeper), 0);
    thread_join(thread);
    EXPECT_EQ(sleeper.result, POWER_RESUMED);
}

static void go_off_for_good(void *argument)
{
    (void)argument;
    (void)irq_save();
    (void)call(&conduits[0], STILE_PSCI_CPU_OFF, 0, 0, 0);
}

/*
 * "ends" on the command line: nothing is left that could go on, and the hypervisor says so. Each
 * thread takes the CPU it runs on with it.
 */
KTF_TEST(firmware_power, a_vm_without_a_cpu_has_powered_off)
{
    struct thread *last = NULL;

    if (!machine_option("ends"))
        SKIP("this machine is still needed");
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        last = thread_create("goes off", go_off_for_good, NULL, NULL);
        ASSERT_NOT_NULL(last);
    }
    thread_join(last);
    EXPECT_FAIL("a CPU is still on");
}

/* Two CPUs that start the same third one. */
struct racer {
    const struct sleeper *sleeper;
    bool *go;
    int32_t result;
};

static void race(void *argument)
{
    struct racer *racer = argument;

    while (!__atomic_load_n(racer->go, __ATOMIC_ACQUIRE))
        thread_yield();
    racer->result = put_on(racer->sleeper);
}

KTF_TEST_EACH(firmware_power, of_two_starts_one_succeeds, struct conduit, conduits,
              firmware_describe)
{
    static struct sleeper sleeper;

    NEED(firmware_is_stile() && smp_nr_online() > 2);
    for (int i = 0; i < 10; i++) {
        bool go = false;
        struct racer other = {.sleeper = &sleeper, .go = &go};
        struct thread *thread = take_off(&sleeper, param);
        struct thread *rival = thread_create("rival", race, &other, NULL);
        ASSERT_NOT_NULL(thread);
        ASSERT_NOT_NULL(rival);
        __atomic_store_n(&go, true, __ATOMIC_RELEASE);
        int32_t mine = put_on(&sleeper);
        thread_join(rival);
        thread_join(thread);
        int32_t loser = mine == 0 ? other.result : mine;
        EXPECT_EQ(mine == 0 ? 0 : other.result, 0);
        EXPECT_TRUE(is_refused(loser));
    }
}
