/* SPDX-License-Identifier: MIT */
/* Says "A" before there is a stack: what a kernel has as its first instructions when nothing else works. */
#include <stile/smccc.h>
#include <stile/version.h>

    .section .head, "ax"
    b       start
    .word   0
    .quad   0, 0x1000, 0xA, 0, 0, 0
    .ascii  "ARM\x64"
    .word   0

start:                              /* x1 to x6 are 0 */
    ldr     w0, =STILE_FID(0x00)    /* core_version */
    mov     x1, #STILE_VERSION_MINOR
    hvc     #0
    ldr     w0, =STILE_FID(0x10)    /* console_write: two characters */
    mov     x1, #2
    mov     x2, #0x0A41             /* 'A', and a new line */
    hvc     #0
    ldr     w0, =0x84000008         /* PSCI's SYSTEM_OFF */
    hvc     #0
    b       .
