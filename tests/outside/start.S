/* SPDX-License-Identifier: MIT */
/* The header of an arm64 Image, and the way to C: entered at EL1, MMU off, the device tree in x0. */
    .section .head, "ax"
    b       start
    .word   0
    .quad   0                       /* text_offset: at a multiple of 2 MiB */
    .quad   image_bytes             /* image_size: with .bss and the stack */
    .quad   0xA                     /* flags: little-endian, 4 KiB pages, anywhere */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

start:
    adrp    x1, stack_top
    add     sp, x1, :lo12:stack_top
    adrp    x1, bss_start
    add     x1, x1, :lo12:bss_start
    adrp    x2, bss_end
    add     x2, x2, :lo12:bss_end
1:  cmp     x1, x2
    b.hs    kernel
    str     xzr, [x1], #8
    b       1b
