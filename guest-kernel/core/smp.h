/* SPDX-License-Identifier: MIT */
/*
 * CPUs: what each keeps for itself, and starting and stopping them.
 */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "core/machine.h"

struct thread;

struct cpu {
    uint64_t emergency_stack; /* top; for who has used up the other */
    struct thread *current;
    struct thread *idle;
    uint32_t index;
    bool online;
    bool reschedule; /* thread_preempt() shall look for another thread */
    bool idling;     /* under the thread lock: sleeps until it is told of a ready thread */
};

_Static_assert(offsetof(struct cpu, emergency_stack) == CPU_EMERGENCY_STACK, "vectors.S");

extern struct cpu cpus[NR_CPUS];

/** The CPU this runs on. With interrupts masked, or it may be another one by the time of use. */
static inline struct cpu *smp_cpu(void)
{
    return (struct cpu *)read_sysreg(tpidr_el1);
}

/** smp_init_cpu() - make this CPU cpus[@index] */
void smp_init_cpu(uint32_t index);

/** smp_start_others() - start every CPU of the device tree, and wait until they run */
void smp_start_others(void);

/** smp_stop_others() - stop every CPU but this one, for ever */
void smp_stop_others(void);

/** smp_nr_online() - how many CPUs run */
uint32_t smp_nr_online(void);

#endif
