/* SPDX-License-Identifier: MIT */
/*
 * Figures that are no loop of one operation: what a kernel at work leaves the guest for, and what
 * an interrupt to several CPUs costs its sender. The kernel runs as ever meanwhile.
 */
#include "bench/several.h"

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "measure/measure.h"
#include "measure/pmu.h"
#include "sensitive/native.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"
#include "threads/thread.h"

#define ROUNDS 100

/* One round of a kernel's work: a timer tick slept for, an IPI, and so many of the others. */
#define TICK_US   200
#define NR_MASKS  10
#define NR_CLOCKS 10

/* An SPI that no device of the machine drives. */
#define SPI_BENCH 82

#define NR_TARGETS 4

static void ignore(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
}

static void work(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        thread_sleep_until(cpu_ticks() + time_us_to_ticks(TICK_US));
        sensitive->send_ipi(smp_cpu()->index, SGI_BENCH);
        for (int n = 0; n < NR_MASKS; n++) {
            gic->disable(SPI_BENCH);
            gic->enable(SPI_BENCH);
        }
        for (int n = 0; n < NR_CLOCKS; n++)
            (void)cpu_ticks();
    }
}

static uint64_t exits_of(void (*function)(void), const struct sensitive_ops *ops)
{
    const struct sensitive_ops *before_ops = sensitive;
    uint64_t before = 0;
    uint64_t after = 0;

    (void)sensitive_counter(STILE_COUNTER_EXITS, &before);
    sensitive = ops;
    function();
    sensitive = before_ops;
    (void)sensitive_counter(STILE_COUNTER_EXITS, &after);
    return after - before - 1; /* of counting */
}

/* By traps where there is a GIC, else as this kernel does it. */
void several_run_steady(void)
{
    bool by_traps = gic_distributor() != 0;
    uint64_t flags = read_sysreg(daif);

    irq_register(SGI_BENCH, ignore, NULL);
    irq_register(SPI_BENCH, ignore, NULL);
    irq_restore(0);
    uint64_t exits = exits_of(work, by_traps ? &sensitive_native : sensitive);
    irq_restore(flags);
    measure_print("steady_exits", by_traps ? "trap" : "call", exits, 0, exits);
}

/* --- several CPUs --- */

static void send_nothing(void)
{
}

static void send_one(void)
{
    sensitive->send_ipi((smp_cpu()->index + 1) % NR_TARGETS, SGI_BENCH);
}

static void send_all(void)
{
    sensitive->send_ipi_set((1u << NR_TARGETS) - 1, SGI_BENCH);
}

/* The middle one of a list, which it sorts. */
static uint64_t median(uint64_t list[ROUNDS])
{
    for (int i = 1; i < ROUNDS; i++) {
        uint64_t value = list[i];
        int place = i;
        for (; place > 0 && list[place - 1] > value; place--)
            list[place] = list[place - 1];
        list[place] = value;
    }
    return list[ROUNDS / 2];
}

/*
 * The sender's instructions, with those of the hypervisor on the sender's CPU. The targets sleep,
 * unless something else has just woken one.
 */
static uint64_t cost_of(void (*send)(void))
{
    static uint64_t took[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        irq_restore(0);
        (void)irq_save();
        sensitive->timer_arm(cpu_ticks() + time_us_to_ticks(TICK_US));
        sensitive->idle(); /* the others fall asleep meanwhile */
        pmu_start(PMU_EL1_AND_EL2);
        uint64_t before = read_sysreg(pmccntr_el0);
        send();
        isb();
        took[i] = read_sysreg(pmccntr_el0) - before;
    }
    return median(took);
}

static void print_cost(const char *operation, uint64_t total)
{
    measure_print(operation, "call", total, total, 1);
}

void several_run_ipis(void)
{
    if (smp_nr_online() != NR_TARGETS || !pmu_present()) {
        printk("bench: IPIs want %d CPUs and a PMU\n", NR_TARGETS);
        return;
    }
    uint64_t flags = read_sysreg(daif);
    irq_register(SGI_BENCH, ignore, NULL);
    uint64_t empty = cost_of(send_nothing);
    uint64_t one = cost_of(send_one) - empty;
    uint64_t all = cost_of(send_all) - empty;
    print_cost("ipi_one", one);
    print_cost("ipi_all_4", all);
    print_cost("ipi_all_4_percent", all * 100 / one);
    irq_restore(flags);
}
