/* SPDX-License-Identifier: MIT */
/*
 * plain_abi_call(function, context): x11 to x15 and x18 are as before when it returns.
 */
    .text
    .global plain_abi_call
plain_abi_call:
    stp     x29, x30, [sp, #-64]!
    mov     x29, sp
    stp     x11, x12, [sp, #16]
    stp     x13, x14, [sp, #32]
    stp     x15, x18, [sp, #48]
    mov     x2, x0
    mov     x0, x1
    blr     x2
    ldp     x15, x18, [sp, #48]
    ldp     x13, x14, [sp, #32]
    ldp     x11, x12, [sp, #16]
    ldp     x29, x30, [sp], #64
    ret
