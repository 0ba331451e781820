/* SPDX-License-Identifier: MIT */
/*
 * How long EL2 holds a physical CPU with interrupts masked, measured if CONFIG_EL2_TIME says so:
 * from the first C function of an exit to the last one before the guest goes on, or the CPU sleeps.
 * The vectors' own few dozen instructions are not in it.
 */
#ifndef VM_EL2_TIME_H
#define VM_EL2_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/is_enabled.h"
#include "vm/trace.h"

struct vcpu;
struct vm;

/** The longest time, and the exit that caused it. */
struct el2_time {
    uint64_t ticks; /* of CNTPCT_EL0 */
    const struct vm *vm;
    uint32_t vcpu_id;
    struct trace_entry exit; /* what the flight recorder had of the exit */
};

/* The three below, where they are compiled in. */
void el2_time_start(void);
void el2_time_note_exit(const struct vcpu *vcpu);
void el2_time_stop(void);

/** el2_time_begin() - an exit begins, or an interrupt is taken at EL2: after sleep, or between
 * steps */
static inline void el2_time_begin(void)
{
    if (IS_ENABLED(CONFIG_EL2_TIME))
        el2_time_start();
}

/** el2_time_end() - the exit of @vcpu has been dealt with, but for the vCPU's work if it has some
 */
static inline void el2_time_end(const struct vcpu *vcpu)
{
    if (IS_ENABLED(CONFIG_EL2_TIME)) {
        el2_time_note_exit(vcpu);
        el2_time_stop();
    }
}

/**
 * el2_time_end_work() - so has the work that followed the exit; or this CPU is about to sleep, or
 * to take what interrupt there is
 */
static inline void el2_time_end_work(void)
{
    if (IS_ENABLED(CONFIG_EL2_TIME))
        el2_time_stop();
}

/** el2_time_longest() - the longest of all CPUs so far; false if nothing was measured */
bool el2_time_longest(struct el2_time *longest);

#endif
