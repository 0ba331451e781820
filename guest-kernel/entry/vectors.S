/* SPDX-License-Identifier: MIT */
/*
 * The exception vectors (Arm ARM D1.10.2) and the way back. Every exception saves the same frame
 * on the kernel's stack; entry/trap.c decides what the exception means.
 */
#include "arch/context.h"
#include "arch/layout.h"

/* Saves the frame, all but elr, spsr and sp_el0; SP has been lowered already. */
    .macro save_general
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    .endm

/* An exception from EL0: the kernel's stack is empty and whole. */
    .macro vector_el0 handler
    .balign 128
    sub sp, sp, #FRAME_BYTES
    str x30, [sp, #240]
    bl vector_save
    bl \handler
    b vector_return
    .endm

/* An exception from EL1: first see that the stack has room. x0 is kept in SP meanwhile. */
    .macro vector_el1 handler
    .balign 128
    sub sp, sp, #FRAME_BYTES
    add sp, sp, x0
    sub x0, sp, x0
    tbz x0, #STACK_SHIFT, vector_overflow
    sub x0, sp, x0
    sub sp, sp, x0
    str x30, [sp, #240]
    bl vector_save
    bl \handler
    b vector_return
    .endm

    .macro vector_unused
    .balign 128
    sub sp, sp, #FRAME_BYTES
    str x30, [sp, #240]
    bl vector_save
    bl trap_unexpected
    .endm

    .text
    .balign 2048
    .globl vectors
vectors:
    vector_unused /* from EL1 with SP_EL0: never used */
    vector_unused
    vector_unused
    vector_unused
    vector_el1 trap_el1_sync
    vector_el1 trap_irq
    vector_el1 trap_unexpected
    vector_el1 trap_unexpected
    vector_el0 trap_el0_sync
    vector_el0 trap_irq
    vector_el0 trap_unexpected
    vector_el0 trap_unexpected
    vector_unused /* from AArch32: there is no such process */
    vector_unused
    vector_unused
    vector_unused

/* Saves the rest of the frame; returns it in x0. */
vector_save:
    save_general
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x0, x1, [sp, #FRAME_ELR]
    mrs x0, sp_el0
    str x0, [sp, #FRAME_ELR + 16]
    /* Where the exception happened is the next step of a backtrace. */
    mov x0, sp
    ret

vector_return:
    ldr x0, [sp, #FRAME_ELR + 16]
    msr sp_el0, x0
    ldp x0, x1, [sp, #FRAME_ELR]
    msr elr_el1, x0
    msr spsr_el1, x1
    ldp x0, x1, [sp, #0]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldr x30, [sp, #240]
    add sp, sp, #FRAME_BYTES
    eret

/* The stack is used up: go on, to the panic, on this CPU's emergency stack. */
vector_overflow:
    msr tpidrro_el0, x0
    sub x0, sp, x0
    mrs x1, tpidr_el1
    ldr x1, [x1, #CPU_EMERGENCY_STACK]
    mov sp, x1
    sub sp, sp, #FRAME_BYTES
    str x30, [sp, #240]
    bl vector_save
    mrs x1, tpidrro_el0
    b trap_stack_overflow
