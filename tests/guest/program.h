/* SPDX-License-Identifier: MIT */
/*
 * Running a few instructions as a program of EL0 or as EL1, with all registers given, until there
 * is an exception; then all of them are known again.
 *
 * Interrupts are masked in the program if its PSTATE says so; one that is not is an exception like
 * others. The program may change every register but TPIDR_EL0, TPIDRRO_EL0 and VBAR_EL1.
 */
#ifndef GUEST_PROGRAM_H
#define GUEST_PROGRAM_H

/* Offsets into struct program_state, for program.S. */
#define PROGRAM_SP_EL0 248
#define PROGRAM_SP_EL1 256
#define PROGRAM_PC     264
#define PROGRAM_PSTATE 272
#define PROGRAM_ESR    280
#define PROGRAM_FAR    288
#define PROGRAM_VECTOR 296
#define PROGRAM_KERNEL 304
#define PROGRAM_SCTLR  312
#define PROGRAM_V      320
#define PROGRAM_CPACR  832

/* PSTATE to begin with: interrupts and, in AArch64, debug exceptions are masked. */
#define PROGRAM_EL0  0x3C0
#define PROGRAM_EL1  0x3C5
#define PROGRAM_A32  0x1D0
#define PROGRAM_T32  0x1F0
#define PROGRAM_BIG  0x200 /* of the last two: data is big-endian */
#define PROGRAM_STEP (UINT64_C(1) << 21)

/* The exceptions' vectors. */
#define PROGRAM_FROM_EL1 0x200
#define PROGRAM_FROM_EL0 0x400
#define PROGRAM_FROM_A32 0x600

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "arch/layout.h"

struct program_state {
    uint64_t x[31];
    uint64_t sp_el0;
    uint64_t sp_el1; /* of EL1 on its own stack */
    uint64_t pc;
    uint64_t pstate;
    uint64_t esr; /* of the exception, as the next two: results only */
    uint64_t far;
    uint64_t vector; /* offset in the table */
    uint64_t kernel; /* the kernel's SP meanwhile */
    uint64_t sctlr;  /* SCTLR_EL1 in the program; the kernel's come back, as of the last */
    __extension__ unsigned __int128 v[32];
    uint64_t cpacr; /* CPACR_EL1 in the program */
};

_Static_assert(offsetof(struct program_state, vector) == PROGRAM_VECTOR, "as program.S has it");
_Static_assert(offsetof(struct program_state, v) == PROGRAM_V, "as program.S has it");
_Static_assert(offsetof(struct program_state, cpacr) == PROGRAM_CPACR, "as program.S has it");

/** Where a program is mapped: its code, for EL0 and for EL1; its data; the device page. Gaps
 * between. */
#define PROGRAM_CODE        USER_VA
#define PROGRAM_KERNEL_CODE (USER_VA + 8 * PAGE_SIZE)
#define PROGRAM_DATA        (USER_VA + 2 * PAGE_SIZE)
#define PROGRAM_DEVICE      (USER_VA + 5 * PAGE_SIZE)

/**
 * program_setup() - have pages for programs: two of code, two of data and one of a device's
 * @device: its physical address; 0: none
 *
 * For a suite's or a test's setup; program_teardown() gives them back.
 */
void program_setup(uint64_t device);
void program_teardown(void);

/** program_data() - the data pages, 2 * PAGE_SIZE bytes, as the kernel sees them */
void *program_data(void);

/** program_code() - where a program begins that runs with @pstate */
static inline uint64_t program_code(uint64_t pstate)
{
    return (pstate & 0x1F) == (PROGRAM_EL1 & 0x1F) ? PROGRAM_KERNEL_CODE : PROGRAM_CODE;
}

/**
 * program_run() - run instructions from program_code() on
 * @code: @nr words, at most two pages
 * @state: with what; pc and the exception's registers are results only
 *
 * Masks interrupts.
 */
void program_run(const uint32_t *code, size_t nr, struct program_state *state);

/** What else a program finds; the kernel's own registers come back. */
struct program_world {
    uint64_t sctlr_el1;
    uint64_t cpacr_el1;
};

/** program_run_with() - the same in another world than the kernel's with FP/SIMD */
void program_run_with(const uint32_t *code, size_t nr, const struct program_world *world,
                      struct program_state *state);

#endif
#endif
