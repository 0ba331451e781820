/* SPDX-License-Identifier: MIT */
/*
 * The clock of the VM page while it is being changed: with "steward" on the command line this VM
 * sets the wall clock over and over, and all its CPUs read.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "stile/clock.h"
#include "support.h"
#include "threads/thread.h"

#define CHANGES 3000

/* The two times that are set are so far apart that no reader takes one for the other. */
#define EARLY_NS UINT64_C(1795132800000000000)
#define LATE_NS  UINT64_C(1895132800000000000)
#define HOUR_NS  UINT64_C(3600000000000)

static const struct stile_vm_page *vm_page;
static uint64_t latest; /* that any CPU has read */
static bool stops;

static void start(void)
{
    support_need_hypervisor();
    if (!machine_option("steward"))
        SKIP("this VM is not privileged");
    if (!vm_page)
        vm_page = kernel_map_shared(stile_core_info(STILE_INFO_VM_PAGE).value[0], PAGE_SIZE);
}

KTF_SUITE(hc_clock, .suite_setup = start);

static bool is_soon_after(uint64_t wall_ns, uint64_t set_ns)
{
    return wall_ns >= set_ns && wall_ns - set_ns < HOUR_NS;
}

/* What any CPU has read before is no later. */
static void read_once(void)
{
    uint64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
    uint64_t wall;
    uint64_t ns = stile_clock_read(&vm_page->clock, &wall);

    EXPECT_GE(ns, seen);
    EXPECT_TRUE(is_soon_after(wall, EARLY_NS) || is_soon_after(wall, LATE_NS));
    while (seen < ns && !__atomic_compare_exchange_n(&latest, &seen, ns, false, __ATOMIC_RELEASE,
                                                     __ATOMIC_RELAXED))
        ;
}

static void read_always(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&stops, __ATOMIC_RELAXED))
        read_once();
}

KTF_TEST(hc_clock, time_never_goes_back_while_the_wall_clock_is_set)
{
    struct thread *readers[NR_CPUS];
    uint32_t nr = smp_nr_online() - 1;
    uint64_t base_ns = vm_page->clock.base_ns;

    ASSERT_EQ(stile_control_set_wall_clock(EARLY_NS).status, STILE_SUCCESS);
    __atomic_store_n(&stops, false, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < nr; i++) {
        readers[i] = thread_create("reads", read_always, NULL, NULL);
        ASSERT_NOT_NULL(readers[i]);
    }
    for (uint32_t i = 0; i < CHANGES; i++) {
        EXPECT_EQ(stile_control_set_wall_clock(i % 2 == 0 ? LATE_NS : EARLY_NS).status,
                  STILE_SUCCESS);
        read_once();
    }
    __atomic_store_n(&stops, true, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < nr; i++)
        thread_join(readers[i]);
    EXPECT_GT(vm_page->clock.base_ns, base_ns);
}

KTF_TEST(hc_clock, it_goes_as_fast_as_the_counter)
{
    uint64_t ticks = stile_cpu_ticks(), ns = stile_clock_ns(&vm_page->clock);

    (void)support_wait(false, 20);
    uint64_t counted = stile_clock_of_counter(stile_cpu_ticks() - ticks);
    uint64_t told = stile_clock_ns(&vm_page->clock) - ns;
    EXPECT_GE(told + 1000000, counted);
    EXPECT_LE(told, counted + 1000000);
}
