/* SPDX-License-Identifier: MIT */
/*
 * program_enter(state): see program.h. The state's address is in TPIDRRO_EL0 meanwhile, and
 * TPIDR_EL0 holds a register while an exception is taken.
 */
#include "program.h"

    .arch armv8-a+fp+simd

    .macro  move_x op, base
    \op     x0, x1, [\base, #0]
    \op     x2, x3, [\base, #16]
    \op     x4, x5, [\base, #32]
    \op     x6, x7, [\base, #48]
    \op     x8, x9, [\base, #64]
    \op     x10, x11, [\base, #80]
    \op     x12, x13, [\base, #96]
    \op     x14, x15, [\base, #112]
    \op     x16, x17, [\base, #128]
    \op     x18, x19, [\base, #144]
    \op     x20, x21, [\base, #160]
    \op     x22, x23, [\base, #176]
    \op     x24, x25, [\base, #192]
    \op     x26, x27, [\base, #208]
    .endm

    .macro  move_v op, base
    .irp    n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    move_pair \op, \n, %(\n + 1), \base
    .endr
    .endm

    .altmacro
    .macro  move_pair op, a, b, base
    \op     q\a, q\b, [\base, #PROGRAM_V + 16 * \a]
    .endm

    .text
    .globl  program_enter
program_enter:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    mov     x29, x0
    mov     x9, sp
    str     x9, [x29, #PROGRAM_KERNEL]
    msr     tpidrro_el0, x29
    adrp    x9, program_vectors
    add     x9, x9, :lo12:program_vectors
    msr     vbar_el1, x9
    isb
    ldr     x9, [x29, #PROGRAM_PC]
    msr     elr_el1, x9
    ldr     x9, [x29, #PROGRAM_PSTATE]
    msr     spsr_el1, x9
    ldr     x9, [x29, #PROGRAM_SP_EL0]
    msr     sp_el0, x9
    ldr     x9, [x29, #PROGRAM_SP_EL1]
    mov     sp, x9
    move_v  ldp, x29
    msr     fpcr, xzr
    msr     fpsr, xzr
    ldr     x9, [x29, #PROGRAM_CPACR]   /* the kernel's and the program's change places */
    mrs     x10, cpacr_el1
    msr     cpacr_el1, x9
    str     x10, [x29, #PROGRAM_CPACR]
    ldr     x9, [x29, #PROGRAM_SCTLR]
    mrs     x10, sctlr_el1
    str     x10, [x29, #PROGRAM_SCTLR]
    msr     sctlr_el1, x9
    isb
    move_x  ldp, x29
    ldr     x28, [x29, #224]
    ldr     x30, [x29, #240]
    ldr     x29, [x29, #232]
    eret

    .macro  program_slot vector
    .balign 128
    msr     tpidr_el0, x29
    mrs     x29, tpidrro_el0
    str     x28, [x29, #224]
    mov     x28, #\vector
    b       program_leave
    .endm

    .balign 2048
program_vectors:
    .irp    vector, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, \
                    0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    program_slot \vector
    .endr

    .balign 128
program_leave:
    move_x  stp, x29
    str     x28, [x29, #PROGRAM_VECTOR]
    ldr     x9, [x29, #PROGRAM_SCTLR]
    msr     sctlr_el1, x9
    mrs     x9, cpacr_el1
    orr     x9, x9, #(3 << 20)
    msr     cpacr_el1, x9
    isb
    move_v  stp, x29
    ldr     x9, [x29, #PROGRAM_CPACR]
    msr     cpacr_el1, x9
    str     x30, [x29, #240]
    mrs     x9, tpidr_el0
    str     x9, [x29, #232]
    mrs     x9, sp_el0
    str     x9, [x29, #PROGRAM_SP_EL0]
    mov     x9, sp
    str     x9, [x29, #PROGRAM_SP_EL1]
    mrs     x9, elr_el1
    str     x9, [x29, #PROGRAM_PC]
    mrs     x9, spsr_el1
    str     x9, [x29, #PROGRAM_PSTATE]
    mrs     x9, esr_el1
    str     x9, [x29, #PROGRAM_ESR]
    mrs     x9, far_el1
    str     x9, [x29, #PROGRAM_FAR]
    ldr     x9, [x29, #PROGRAM_KERNEL]
    mov     sp, x9
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret
