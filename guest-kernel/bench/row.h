/* SPDX-License-Identifier: MIT */
/*
 * One measurement: an operation done in one way, as a loop of it.
 */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/smp.h"

/** What a loop needs around it. */
enum bench_kind {
    BENCH_PLAIN, /* nothing */
    BENCH_NOISY, /* it writes to the console: not too often */
    BENCH_UART,  /* the same, and a UART */
    BENCH_SGI,   /* the vectors that handle SGI_BENCH */
    BENCH_TIMER, /* the vectors that handle the timer */
    BENCH_LATE,  /* the same; the loop returns how many ticks it was late, all in all */
    BENCH_TICKS, /* nothing; the loop returns how many ticks it measured itself */
};

struct bench_row {
    const char *operation;
    const char *way; /* NULL: "trap" if it left the guest, else "hardware" */
    enum bench_kind kind;
    int64_t (*loop)(uint32_t count); /* does the operation @count times; the last one's status */
    int64_t status;                  /* what that has to be */
};

/** An operation of two CPUs. */
struct bench_pair_row {
    struct bench_row row;
    void (*partner)(void); /* what the other one does until bench_pair_stops() */
};

/* The SGI that the interrupt rows send. */
#define SGI_BENCH 2

/* How far ahead the timer is set where lateness is measured. */
#define BENCH_AHEAD_TICKS 1000

/** The operations as any kernel does them. */
extern const struct bench_row bench_native_rows[];
extern const size_t bench_nr_native_rows;

/** The same and others as calls; by sensitive/measured.c, because only that folder may call. */
extern const struct bench_row bench_call_rows[];
extern const size_t bench_nr_call_rows;

/** An SGI from one CPU to another and one back, each awaited asleep. */
extern const struct bench_pair_row bench_native_pair;
extern const struct bench_pair_row bench_call_pair;

/** Events from one CPU to another; by sensitive/measured_events.c. */
extern const struct bench_pair_row bench_event_pairs[];
extern const size_t bench_nr_event_pairs;

/** bench_events_init() - make what bench_event_pairs use; once */
bool bench_events_init(void);

/**
 * bench_call_switch - from a vCPU to another VM's on the same physical CPU
 *
 * The other VM does the loop, too. Each yield is two switches, there and back.
 */
extern const struct bench_row bench_call_switch;

/** Memory calls, whose loops measure a part of themselves. */
extern const struct bench_row bench_memory_rows[];
extern const size_t bench_nr_memory_rows;

/** A page offered to another VM, accepted and revoked; that VM does bench_borrow() meanwhile. */
extern const struct bench_row bench_share_row;
_Noreturn void bench_borrow(void);

/** An interrupt masked and unmasked in the mailbox. */
extern const struct bench_row bench_mask_row;

/** bench_run_calls() - measure each call of the table; sensitive/measured_calls.c */
void bench_run_calls(void);

/** bench_native_init() - look up what the loops of bench_native_rows use */
void bench_native_init(void);

/** bench_pair_stops() - whether the partner shall end */
bool bench_pair_stops(void);

/** bench_other_cpu() - the other one of two CPUs */
static inline uint32_t bench_other_cpu(void)
{
    return 1 - smp_cpu()->index;
}

/**
 * bench_take_interrupt() - let one interrupt in, and go on when it has been handled
 * @cpu_interface: of a GICv2; the vectors use it
 *
 * Between here and there only bench/vectors.S runs, which changes x9 (to 1) and x10 and saves
 * nothing: the guest's own part of an interrupt row is a handful of instructions.
 */
static inline void bench_take_interrupt(uint64_t cpu_interface)
{
    register uint64_t x11 __asm__("x11") = cpu_interface;

    __asm__ volatile("mov x9, #0\n\t"
                     "msr daifclr, #2\n"
                     "1: cbz x9, 1b\n\t"
                     "msr daifset, #2"
                     :
                     : "r"(x11)
                     : "x9", "x10", "memory");
}

/**
 * bench_interrupt_came() - let interrupts in for a moment; whether there was one
 * @cpu_interface: as of bench_take_interrupt()
 */
static inline bool bench_interrupt_came(uint64_t cpu_interface)
{
    register uint64_t x11 __asm__("x11") = cpu_interface;
    register uint64_t x9 __asm__("x9") = 0;

    __asm__ volatile("msr daifclr, #2\n\t"
                     "isb\n\t"
                     "msr daifset, #2"
                     : "+r"(x9)
                     : "r"(x11)
                     : "x10", "memory");
    return x9 != 0;
}

#endif
