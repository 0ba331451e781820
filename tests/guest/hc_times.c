/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU's page says of its time: when it ran, when it was kept from it, when it did not want
 * to. With "contended" on the command line all vCPUs share one physical CPU, and with "icount" the
 * host cannot stretch time.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

#define SLEEP_MS   50
#define WARM_UP_MS 30
#define WINDOW_MS  200

static const volatile struct stile_vcpu_page *pages[NR_CPUS];

/* The pages follow one another, in the order of the vCPUs. */
static void map_pages(void)
{
    support_need_hypervisor();
    if (!sensitive_is_paravirtual() || pages[0])
        return;
    uint64_t flags = irq_save();
    uint64_t first = stile_core_info(STILE_INFO_VCPU_PAGE).value[0] - smp_cpu()->index * PAGE_SIZE;
    for (uint32_t i = 0; i < machine.nr_cpus; i++)
        pages[i] = kernel_map_shared(first + i * PAGE_SIZE, PAGE_SIZE);
    irq_restore(flags);
}

KTF_SUITE(hc_times, .suite_setup = map_pages);

KTF_TEST(hc_times, each_page_is_of_its_vcpu)
{
    for (uint32_t i = 0; i < smp_nr_online(); i++) {
        EXPECT_EQ(pages[i]->vcpu_id, i);
        EXPECT_GT(pages[i]->start_ticks, 0);
        EXPECT_LE(pages[i]->start_ticks, cpu_ticks());
        EXPECT_GE(pages[i]->nr_switches, 1);
    }
}

KTF_TEST(hc_times, no_more_is_told_than_there_was)
{
    uint64_t flags = irq_save();
    const volatile struct stile_vcpu_page *own = pages[smp_cpu()->index];

    for (int i = 0; i < 1000; i++) {
        uint64_t told = own->stolen_ticks + own->blocked_ticks;
        EXPECT_LE(told, cpu_ticks() - own->start_ticks);
        EXPECT_EQ(own->preempted, 0); /* it runs, to read this */
    }
    irq_restore(flags);
}

KTF_TEST(hc_times, sleep_is_blocked_time)
{
    if (smp_nr_online() > 1 || !machine_option("icount"))
        SKIP("this needs one CPU and a clock that no host stretches");
    uint64_t blocked = pages[0]->blocked_ticks;
    uint64_t start = cpu_ticks();
    thread_sleep_ms(SLEEP_MS);
    uint64_t slept = cpu_ticks() - start;
    blocked = pages[0]->blocked_ticks - blocked;
    EXPECT_LE(blocked, slept);
    EXPECT_GE(blocked, slept * 9 / 10);
}

/* --- overcommitted --- */

static struct {
    uint64_t end;
    uint64_t told[2], ticks[2];         /* of all vCPUs, at the window's ends */
    uint32_t nr_own, nr_others, nr_not; /* preempted flags seen: one's own, others' set and not */
} seen;

static void take_snapshot(int which)
{
    uint64_t flags = irq_save();

    seen.ticks[which] = cpu_ticks();
    seen.told[which] = 0;
    for (uint32_t i = 0; i < smp_nr_online(); i++)
        seen.told[which] += pages[i]->stolen_ticks + pages[i]->blocked_ticks;
    irq_restore(flags);
}

static void look_at_others(void)
{
    uint64_t flags = irq_save();
    uint32_t self = smp_cpu()->index;

    for (uint32_t i = 0; i < smp_nr_online(); i++) {
        if (i == self)
            seen.nr_own += pages[i]->preempted;
        else if (pages[i]->preempted)
            seen.nr_others++;
        else
            seen.nr_not++;
    }
    irq_restore(flags);
}

static void be_busy(void *argument)
{
    (void)argument;
    while (cpu_ticks() < seen.end)
        ;
}

static void be_busy_and_look(void *argument)
{
    uint64_t start = cpu_ticks() + time_ms_to_ticks(WARM_UP_MS);

    (void)argument;
    while (cpu_ticks() < start)
        ;
    take_snapshot(0);
    while (cpu_ticks() < start + time_ms_to_ticks(WINDOW_MS))
        look_at_others();
    take_snapshot(1);
}

/*
 * One physical CPU: all vCPUs together ran as long as there was time, and who runs sees the others
 * preempted. What each waits at a window's end is not told yet; a slice is a small part of it.
 */
KTF_TEST(hc_times, together_vcpus_run_as_long_as_there_is_time)
{
    struct thread *threads[NR_CPUS];
    uint32_t count = smp_nr_online();

    if (!machine_option("contended") || count < 2)
        SKIP("this needs vCPUs that share a physical CPU");
    seen.nr_own = seen.nr_others = seen.nr_not = 0;
    seen.end = cpu_ticks() + time_ms_to_ticks(2 * WARM_UP_MS + WINDOW_MS);
    for (uint32_t i = 0; i < count; i++) {
        threads[i] = thread_create("busy", i == 0 ? be_busy_and_look : be_busy, NULL, NULL);
        ASSERT_NOT_NULL(threads[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        thread_join(threads[i]);
    uint64_t window = seen.ticks[1] - seen.ticks[0];
    uint64_t ran = count * window - (seen.told[1] - seen.told[0]);
    EXPECT_GE(ran, window * 8 / 10);
    EXPECT_LE(ran, window * 12 / 10);
    EXPECT_EQ(seen.nr_own, 0);
    EXPECT_GT(seen.nr_others, seen.nr_not);
}
