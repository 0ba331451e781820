/* SPDX-License-Identifier: MIT */
/*
 * Ends of the hypervisor that a suite cannot survive: each is a run of its own, named on the
 * machine's command line, and the runner reads what it leaves behind.
 */
#include "faults.h"

#include <string.h>

#include "lib/check.h"
#include "mm/layout.h"

extern char __text_start[];

/* A store where EL2 may not write. */
static __attribute__((noinline)) void write_to_text(void)
{
    *(volatile char *)__text_start = 0;
}

static __attribute__((noinline)) void break_a_rule(void)
{
    volatile int sum = 2;

    CHECK(sum + sum == 5);
}

/* Runs into the guard page below the stack. */
static __attribute__((noinline)) int overflow_the_stack(int depth)
{
    volatile char frame[512];

    frame[0] = (char)depth;
    if (depth == 0)
        return frame[0];
    return overflow_the_stack(depth - 1) + frame[0];
}

static void leave_by_overflow(void)
{
    (void)overflow_the_stack(HV_STACK_BYTES);
}

void faults_cause(const char *name)
{
    static const struct {
        const char *name;
        void (*cause)(void);
    } faults[] = {
        {"fault=write", write_to_text},
        {"fault=check", break_a_rule},
        {"fault=stack", leave_by_overflow},
    };

    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (strcmp(name, faults[i].name) == 0)
            faults[i].cause();
}
