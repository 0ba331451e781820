/* SPDX-License-Identifier: MIT */
/*
 * Performance monitors (Arm ARM D7), where there are any: every vCPU counts what it executed
 * itself, exactly, whoever else runs on its physical CPU.
 *
 * With "icount" on its command line the machine's clock is the instructions of its one CPU, and the
 * cycles of a loop are known; with "moving", those of two CPUs in turn.
 */
#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "support.h"

#define PMCR_E  (UINT64_C(1) << 0)
#define PMCR_C  (UINT64_C(1) << 2)
#define PMCR_LC (UINT64_C(1) << 6)

#define CYCLES     (UINT64_C(1) << 31)
#define FILTER_NSH (UINT64_C(1) << 27)
#define FILTER_U   (UINT64_C(1) << 30)

#define INTID_PMU 23

/* Of loops: to know what measuring costs; and one that takes several time slices. */
#define SHORT 1000
#define LONG  20000000

static uint32_t nr_interrupts;

static void need_monitors(void)
{
    uint64_t version = read_sysreg(id_aa64dfr0_el1) >> 8 & 0xF;

    if (version == 0 || version == 0xF)
        SKIP("there are none");
}

static void stop(void)
{
    write_sysreg(pmcr_el0, PMCR_C | PMCR_LC);
    write_sysreg(pmcntenclr_el0, UINT32_MAX);
    write_sysreg(pmintenclr_el1, UINT32_MAX);
    write_sysreg(pmovsclr_el0, UINT32_MAX);
    write_sysreg(pmccfiltr_el0, 0);
    isb();
}

KTF_SUITE(pmu, .suite_setup = need_monitors, .teardown = stop);

KTF_TEST(pmu, out_of_reset_nothing_counts)
{
    EXPECT_EQ(read_sysreg(pmcr_el0) & PMCR_E, 0);
    EXPECT_EQ(read_sysreg(pmcntenset_el0), 0);
    EXPECT_EQ(read_sysreg(pmintenset_el1), 0);
    EXPECT_EQ(read_sysreg(pmovsset_el0), 0);
    EXPECT_EQ(read_sysreg(pmuserenr_el0), 0);
}

KTF_TEST(pmu, each_counter_keeps_what_is_written)
{
    uint64_t nr = read_sysreg(pmcr_el0) >> 11 & 0x1F;

    for (uint64_t n = 0; n < nr; n++) {
        write_sysreg(pmselr_el0, n);
        isb();
        write_sysreg(pmxevtyper_el0, FILTER_U | n);
        write_sysreg(pmxevcntr_el0, 0x12345670 + n);
    }
    for (uint64_t n = 0; n < nr; n++) {
        write_sysreg(pmselr_el0, n);
        isb();
        EXPECT_EQ(read_sysreg(pmxevcntr_el0), 0x12345670 + n);
        write_sysreg(pmxevtyper_el0, 0);
        write_sysreg(pmxevcntr_el0, 0);
    }
    if (nr > 1) {
        write_sysreg(pmevcntr1_el0, 77);
        write_sysreg(pmselr_el0, 1);
        isb();
        EXPECT_EQ(read_sysreg(pmxevcntr_el0), 77);
    }
}

static void start(uint64_t cycles)
{
    write_sysreg(pmccntr_el0, cycles);
    write_sysreg(pmcntenset_el0, CYCLES);
    write_sysreg(pmcr_el0, PMCR_E | PMCR_LC);
    isb();
}

/* What a loop of so many rounds counts, with all that belongs to measuring. */
static __attribute__((noinline)) uint64_t count(uint64_t rounds)
{
    static volatile uint64_t asked; /* no constant, whose size would be counted */
    uint64_t flags = irq_save();

    asked = rounds;
    uint64_t left = asked;
    start(0);
    __asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(left) : : "cc");
    uint64_t cycles = read_sysreg(pmccntr_el0);
    stop();
    irq_restore(flags);
    return cycles;
}

KTF_TEST(pmu, cycles_are_those_of_the_guest_alone)
{
    if (!machine_option("icount"))
        SKIP("by a clock that is no host's: icount on the command line");
    (void)count(SHORT); /* pages are touched */
    uint64_t base = count(SHORT);

    EXPECT_EQ(count(SHORT + 1), base + 2);
    EXPECT_EQ(count(LONG), base + 2 * (LONG - SHORT));
    write_sysreg(pmccfiltr_el0, FILTER_NSH);
    isb();
    EXPECT_EQ(count(LONG), base + 2 * (LONG - SHORT));
}

/*
 * On a machine of two CPUs the emulator's cycles go on while the other one has its turn, so there
 * are more than the guest's; but moving to the other CPU loses none.
 */
KTF_TEST(pmu, no_cycle_is_lost_on_the_way)
{
    if (!machine_option("moving"))
        SKIP("by a clock that is no host's: moving on the command line");
    (void)count(SHORT);
    uint64_t base = count(SHORT);

    for (int i = 0; i < 5; i++)
        EXPECT_GE(count(LONG), base + 2 * (LONG - SHORT));
}

static void overflowed(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    if (read_sysreg(pmovsset_el0) & CYCLES)
        nr_interrupts++;
    write_sysreg(pmovsclr_el0, CYCLES);
    isb();
}

/* Twice: the first one's end lets the second one come. */
KTF_TEST(pmu, an_overflow_interrupts)
{
    if (gic_distributor() == 0)
        SKIP("interrupts come by mailbox");
    nr_interrupts = 0;
    irq_register(INTID_PMU, overflowed, NULL);
    write_sysreg(pmintenset_el1, CYCLES);
    for (uint32_t i = 1; i <= 2; i++) {
        start(-UINT64_C(100000));
        uint64_t end = cpu_ticks() + time_ms_to_ticks(2000);
        while (*(volatile uint32_t *)&nr_interrupts < i && cpu_ticks() < end)
            ;
        EXPECT_EQ(nr_interrupts, i);
    }
    stop();
    irq_unregister(INTID_PMU);
}
