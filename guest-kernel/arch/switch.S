/* SPDX-License-Identifier: MIT */
/*
 * Leaving one flow of control for another: between threads, back out of a fault, to EL0, and from
 * one set of kernel tables to another.
 */
#include "arch/context.h"

    .macro save_context base
    stp x19, x20, [\base, #0]
    stp x21, x22, [\base, #16]
    stp x23, x24, [\base, #32]
    stp x25, x26, [\base, #48]
    stp x27, x28, [\base, #64]
    stp x29, x30, [\base, #80]
    mov x9, sp
    str x9, [\base, #TRY_SP]
    .endm

    .macro load_context base
    ldp x19, x20, [\base, #0]
    ldp x21, x22, [\base, #16]
    ldp x23, x24, [\base, #32]
    ldp x25, x26, [\base, #48]
    ldp x27, x28, [\base, #64]
    ldp x29, x30, [\base, #80]
    ldr x9, [\base, #TRY_SP]
    mov sp, x9
    .endm

    .text
    .globl context_switch
context_switch:
    save_context x0
    load_context x1
    ret

    .globl context_thread_start
context_thread_start:
    mov x0, x20
    mov x1, x21
    mov x29, xzr
    mov x30, xzr
    br x19

    .globl context_try
context_try:
    save_context x0
    mov x19, x0
    mov x0, x2
    blr x1
    mov x1, #0
    mov x0, x19
    b 1f
    .globl context_land
context_land:
    mov x1, #1
1:  load_context x0
    mov x0, x1
    ret

    .globl context_enter_user
context_enter_user:
    msr daifset, #2
    msr elr_el1, x0
    msr sp_el0, x1
    msr spsr_el1, xzr /* EL0t, AArch64, interrupts on */
    mov sp, x2
    /* Nothing of the kernel's stays in registers. */
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, xzr
    .endr
    eret

/*
 * Replaces the kernel's tables by those at x0. Called at its physical address, in the identity
 * map: the old and the new tables map the same addresses by blocks of different sizes, which a
 * TLB must never hold together (Arm ARM D5.10.1).
 */
    .globl switch_kernel_tables
switch_kernel_tables:
    msr ttbr1_el1, x0
    isb
    tlbi vmalle1
    dsb nsh
    isb
    ret
