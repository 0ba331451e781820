/* SPDX-License-Identifier: MIT */
/*
 * Vectors for measuring: interrupts are acknowledged, ended and forgotten. For each GIC and each
 * source of interrupts there is a table; it differs from the kernel's own in one slot. They change
 * x9 and x10, as interrupt.h expects; x11 is the CPU interface of a GICv2.
 */

#define ICC_IAR1_EL1  S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define GICC_IAR      0x0C
#define GICC_EOIR     0x10

/* The slot of an IRQ taken from EL1 on its own stack (Arm ARM D1.10.2). */
#define SLOT_IRQ 0x280

    .macro quiet_timer source
    .ifc \source, timer
    msr cntv_ctl_el0, xzr
    isb
    .endif
    .endm

    .macro handle_v2 source
    ldr w10, [x11, #GICC_IAR]
    quiet_timer \source
    str w10, [x11, #GICC_EOIR]
    mov x9, #1
    eret
    .endm

    .macro handle_v3 source
    mrs x10, ICC_IAR1_EL1
    quiet_timer \source
    msr ICC_EOIR1_EL1, x10
    mov x9, #1
    eret
    .endm

    .macro table name, handler, source
    .balign 2048
    .globl \name
\name :
    .irp slot, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, \
               0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    .balign 128
    .if \slot == SLOT_IRQ
    \handler \source
    .else
    b vectors + \slot
    .endif
    .endr
    .endm

    .text
    table bench_vectors_v2_sgi, handle_v2, sgi
    table bench_vectors_v2_timer, handle_v2, timer
    table bench_vectors_v3_sgi, handle_v3, sgi
    table bench_vectors_v3_timer, handle_v3, timer
