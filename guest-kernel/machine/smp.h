/* SPDX-License-Identifier: MIT */
/*
 * CPUs: what each keeps for itself, which ones run, and what one tells another. How the others are
 * started is in entry/secondary.c.
 */
#ifndef MACHINE_SMP_H
#define MACHINE_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/context.h"
#include "arch/cpu.h"
#include "machine/machine.h"

/* The inter-processor interrupts that the kernel uses; tests may use the others. */
#define SGI_RESCHEDULE 0
#define SGI_STOP       1

struct thread;

struct cpu {
    uint64_t emergency_stack; /* its top; for a thread that has used up its own stack */
    struct thread *current;
    struct thread *idle;
    uint32_t index;
    bool online;
    bool reschedule; /* sched_preempt() shall look for another thread */
    bool idling;     /* under the scheduler's lock: sleeps until told of a ready thread */
};

_Static_assert(offsetof(struct cpu, emergency_stack) == CPU_EMERGENCY_STACK, "vectors.S");

extern struct cpu cpus[NR_CPUS];

/** The CPU that executes this. Interrupts must be masked: a thread may move to another CPU. */
static inline struct cpu *smp_cpu(void)
{
    return (struct cpu *)read_sysreg(tpidr_el1);
}

/** smp_init_cpu() - make the calling CPU cpus[@index] */
void smp_init_cpu(uint32_t index);

/** smp_set_online() - count a CPU among those that run, and wake whoever waits for that by WFE */
void smp_set_online(struct cpu *cpu);

/** smp_stop_others() - stop every CPU but the calling one, for ever. Any context */
void smp_stop_others(void);

/** smp_nr_online() - how many CPUs run */
uint32_t smp_nr_online(void);

#endif
