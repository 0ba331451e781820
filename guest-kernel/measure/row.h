/* SPDX-License-Identifier: MIT */
/*
 * One measurement: an operation done in one way, as a loop of it.
 */
#ifndef MEASURE_ROW_H
#define MEASURE_ROW_H

#include <stdint.h>

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
    int64_t status;                  /* what that status has to be */
};

/** An operation of two CPUs. */
struct bench_pair_row {
    struct bench_row row;
    void (*partner)(void); /* what the other CPU does until pair_stops() */
};

/* The SGI that the interrupt rows send. */
#define SGI_BENCH 2

/* How far ahead the timer is set where lateness is measured. */
#define BENCH_AHEAD_TICKS 1000

#endif
