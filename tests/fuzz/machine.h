/* SPDX-License-Identifier: MIT */
/*
 * The machine under the fuzzer: two physical CPUs, their system registers and timers, a GIC, memory
 * and a serial line, all of the host's making. What the hypervisor does on it is world.h's.
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_NR_CPUS 2

/** What may be changed from outside while the hypervisor does not run. */
struct fake_machine {
    uint32_t cpu; /* which CPU executes */
    uint32_t nr_locks[MACHINE_NR_CPUS];
    uint32_t countdown;    /* not 0: after so many times that a CPU lets go of its last lock, */
    void (*between)(void); /* this happens */
    bool is_between;       /* it does, and the CPU that let go waits until it has */
    uint64_t now;          /* CNTPCT_EL0 */
    jmp_buf sleep;         /* where a CPU goes that waits for an interrupt and has none */
    jmp_buf off;           /* where all go when the machine is powered off */
    jmp_buf abandon;       /* or when they wait for a CPU that cannot go on before they do */
    size_t serial_room;    /* characters that the serial line takes */
    bool serial_stuck;     /* and it sends none of them */
    char last_sent;        /* the last character, or one of the last string */
    char typed[64];        /* characters that somebody has typed */
    size_t nr_typed;
};

extern struct fake_machine fake;

/** Whether what the hypervisor and guests print is shown. */
extern bool machine_shows;

/** machine_reset() - power on, with a GIC of version 2 or 3; all memory is free */
void machine_reset(uint32_t gic_version);

/** machine_is_clean() - all memory was given back, so machine_reset() need not see to it */
void machine_is_clean(void);

/** machine_reset_cpus() - the part of machine_reset() that is in cpu.c, as are the functions below
 */
void machine_reset_cpus(uint32_t gic_version);

/** machine_has_interrupt() - whether the CPU has one to take */
bool machine_has_interrupt(uint32_t cpu);

/** machine_interrupt() - make an INTID pending on a CPU */
void machine_interrupt(uint32_t cpu, uint32_t intid);

/**
 * machine_handle_interrupts() - the guest on the CPU acknowledges and ends virtual interrupts
 * @lrs: which list registers, a bit for each
 */
void machine_handle_interrupts(uint32_t cpu, uint32_t lrs);

/** machine_vmcr() - the guest's CPU interface, which it may write as it likes */
uint32_t *machine_vmcr(uint32_t cpu);

#endif
