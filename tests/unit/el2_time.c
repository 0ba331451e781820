/* SPDX-License-Identifier: MIT */
/*
 * The longest time at EL2: measured from an exit's begin, kept per CPU, with the exit behind it.
 */
#include <string.h>

#include "vm/el2_time.c"
#include "vm/trace.c"

#include "ktf.h"

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = 2;

static struct vm *const vm = (struct vm *)0x1000;
static struct vcpu vcpu = {.vm = (struct vm *)0x1000, .index = 1};

static void on_cpu(uint32_t index, uint64_t now)
{
    pcpus[index].index = index;
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&pcpus[index]);
    fake_sysreg_write("cntpct_el0", now);
}

static void setup(void)
{
    memset(times, 0, sizeof(times));
    memset(&vcpu.trace, 0, sizeof(vcpu.trace));
    on_cpu(0, 1000);
}

KTF_SUITE(el2_time, .setup = setup);

static void exit_by(uint64_t fid, uint64_t begin, uint64_t end)
{
    fake_sysreg_write("cntpct_el0", begin);
    el2_time_start();
    trace_hypercall(&vcpu.trace, fid, 0, 0, 0);
    fake_sysreg_write("cntpct_el0", end);
    el2_time_note_exit(&vcpu);
    el2_time_stop();
}

KTF_TEST(el2_time, nothing_is_measured_before_the_first_exit)
{
    struct el2_time longest;

    el2_time_stop();
    EXPECT_FALSE(el2_time_longest(&longest));
}

KTF_TEST(el2_time, the_longest_exit_stays_with_what_it_was)
{
    struct el2_time longest;

    exit_by(7, 1000, 1010);
    exit_by(8, 2000, 2050);
    exit_by(9, 3000, 3049);
    ASSERT_TRUE(el2_time_longest(&longest));
    EXPECT_EQ(longest.ticks, 50);
    EXPECT_EQ(longest.exit.what, TRACE_HYPERCALL | 8);
    EXPECT_EQ(longest.vm, vm);
    EXPECT_EQ(longest.vcpu_id, 1);
}

KTF_TEST(el2_time, the_work_after_an_exit_counts_from_its_begin)
{
    struct el2_time longest;

    exit_by(7, 1000, 1010);
    fake_sysreg_write("cntpct_el0", 1100);
    el2_time_stop();
    ASSERT_TRUE(el2_time_longest(&longest));
    EXPECT_EQ(longest.ticks, 100);
    EXPECT_EQ(longest.exit.what, TRACE_HYPERCALL | 7);
}

KTF_TEST(el2_time, each_cpu_keeps_its_own_and_the_longest_of_all_is_told)
{
    struct el2_time longest;

    exit_by(7, 1000, 1030);
    on_cpu(1, 5000);
    exit_by(8, 5000, 5040);
    on_cpu(0, 6000);
    exit_by(9, 6000, 6020);
    ASSERT_TRUE(el2_time_longest(&longest));
    EXPECT_EQ(longest.ticks, 40);
    EXPECT_EQ(longest.exit.what, TRACE_HYPERCALL | 8);
}
