/* SPDX-License-Identifier: MIT */
/*
 * The header of an arm64 Image, and the way to Rust: entered at EL1, MMU off.
 *
 * Rust's prebuilt core moves memory by unaligned and by SIMD instructions, and its atomics are
 * exclusives. None of these work on the Device memory that all is while the MMU is off, and SIMD traps
 * until it is let. So both are turned on first. The tables are data, addresses are the VM's own, and
 * nothing was written before: there is no cache to maintain.
 */
    .section .head, "ax"
    .globl  start
    b       start
    .word   0
    .quad   0                       /* text_offset: at a multiple of 2 MiB */
    .quad   image_bytes             /* image_size: with .bss and the stack */
    .quad   0xA                     /* flags: little-endian, 4 KiB pages, anywhere */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

start:
    mov     x0, #0xFF               /* MAIR_EL1: attribute 0 is Normal, write-back */
    msr     mair_el1, x0
    /* TCR_EL1: IPS 40 bits, EPD1, granule 4 KiB, inner shareable, write-back, T0SZ 25: 39 bits */
    ldr     x0, =0x200803519
    msr     tcr_el1, x0
    adrp    x0, level1
    msr     ttbr0_el1, x0
    tlbi    vmalle1
    dsb     nsh
    isb
    mov     x0, #(3 << 20)          /* CPACR_EL1.FPEN: FP and SIMD do not trap */
    msr     cpacr_el1, x0
    ldr     x0, =0x30D0198D         /* SCTLR_EL1: M, C, I, SA and what is RES1 */
    msr     sctlr_el1, x0
    isb

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

/*
 * Blocks of Normal memory, inner shareable, accessed, for EL1 alone: 2 MiB at 0x0B000000, where the
 * shared pages are, and nothing near it, for there are devices; 1 GiB at 0x40000000, the VM's memory.
 */
    .section .data.tables, "aw"
    .balign 4096
level1:
    .quad   level2 + 3
    .quad   0x40000000 + 0x701
    .skip   4096 - 2 * 8
level2:
    .skip   (0x0B000000 >> 21) * 8
    .quad   0x0B000000 + 0x701
    .balign 4096
    .text
