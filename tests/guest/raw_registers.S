/* SPDX-License-Identifier: MIT */
/*
 * An instruction with every general register set, and every one looked at afterwards: a hypercall,
 * and MRS of an identification register to each of the registers.
 */
    .macro load_all base
    ldp x0, x1, [\base, #0]
    ldp x2, x3, [\base, #16]
    ldp x4, x5, [\base, #32]
    ldp x6, x7, [\base, #48]
    ldp x8, x9, [\base, #64]
    ldp x10, x11, [\base, #80]
    ldp x12, x13, [\base, #96]
    ldp x14, x15, [\base, #112]
    ldp x16, x17, [\base, #128]
    ldp x18, x19, [\base, #144]
    ldp x20, x21, [\base, #160]
    ldp x22, x23, [\base, #176]
    ldp x24, x25, [\base, #192]
    ldp x26, x27, [\base, #208]
    ldp x28, x29, [\base, #224]
    ldr x30, [\base, #240]
    .endm

    .macro store_all_but_x30 base
    stp x0, x1, [\base, #0]
    stp x2, x3, [\base, #16]
    stp x4, x5, [\base, #32]
    stp x6, x7, [\base, #48]
    stp x8, x9, [\base, #64]
    stp x10, x11, [\base, #80]
    stp x12, x13, [\base, #96]
    stp x14, x15, [\base, #112]
    stp x16, x17, [\base, #128]
    stp x18, x19, [\base, #144]
    stp x20, x21, [\base, #160]
    stp x22, x23, [\base, #176]
    stp x24, x25, [\base, #192]
    stp x26, x27, [\base, #208]
    stp x28, x29, [\base, #224]
    .endm

    /* A function; x0: struct raw_registers, 31 of 8 bytes. */
    .macro raw name, instruction:vararg
\name:
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x0, [sp, #96]
    mov x30, x0
    load_all x30
    \instruction
    str x30, [sp, #104]
    ldr x30, [sp, #96]
    store_all_but_x30 x30
    ldr x0, [sp, #104]
    str x0, [x30, #240]
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #112
    ret
    .endm

    .altmacro
    .macro raw_mrs_to number
    raw raw_mrs_\number, mrs x\number, id_aa64mmfr0_el1
    .endm

    .text
    .globl raw_hvc
    raw raw_hvc, hvc #0
    .set n, 0
    .rept 31
    raw_mrs_to %n
    .set n, n + 1
    .endr
    raw raw_mrs_31, mrs xzr, id_aa64mmfr0_el1

    .macro address_of number
    .quad raw_mrs_\number
    .endm

    .section .rodata
    .balign 8
    .globl raw_mrs
raw_mrs:
    .set n, 0
    .rept 32
    address_of %n
    .set n, n + 1
    .endr
