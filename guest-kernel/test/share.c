/* SPDX-License-Identifier: MIT */
/*
 * How much of its physical CPU a CPU gets, measured by what it gets done.
 */
#include <stdlib.h>

#include "arch/cpu.h"
#include "lib/printk.h"
#include "test/test.h"
#include "threads/thread.h"

/* So long the others have to start whatever they do. */
#define SETTLE_MS 100

/* One round is two instructions, and two nanoseconds of time that was really ours. */
#define ROUNDS       UINT64_C(200000000)
#define NS_PER_ROUND 2
#define NS_PER_SEC   UINT64_C(1000000000)

#define CTL_IMASK 2 /* CNTV_CTL_EL0 */

/* A share may be off by a twentieth of itself. */
#define TOLERANCE 20

static void count_down(uint64_t rounds)
{
    __asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(rounds) : : "cc");
}

/* The share that this CPU gets while it counts, in thousandths. */
static uint64_t measure(void)
{
    uint64_t flags = irq_save();
    uint64_t ctl = read_sysreg(cntv_ctl_el0);
    /* Looked at while it is due, it would have the emulator switch between its CPUs unevenly. */
    write_sysreg(cntv_ctl_el0, ctl | CTL_IMASK);
    uint64_t before = cpu_ticks();
    count_down(ROUNDS);
    uint64_t ticks = cpu_ticks() - before;
    write_sysreg(cntv_ctl_el0, ctl);
    irq_restore(flags);
    return ROUNDS * NS_PER_ROUND * 1000 / (ticks * (NS_PER_SEC / read_sysreg(cntfrq_el0)));
}

void share_run(const char *expected)
{
    char *end;
    uint64_t right = strtoul(expected, &end, 10);

    thread_sleep_ms(SETTLE_MS);
    do {
        uint64_t share = measure();
        uint64_t off = share > right ? share - right : right - share;

        printk("share: %lu thousandths of the CPU, %lu are right: %s\n", share, right,
               off * TOLERANCE <= right ? "good" : "BAD");
    } while (*end == ':');
}
