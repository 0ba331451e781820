/* SPDX-License-Identifier: MIT */
/*
 * The kernel of a VM that another one makes: an arm64 Image of a few instructions, which runs where
 * it is and does as it is ordered (maker_rig.h).
 */
    .set PSCI_SYSTEM_OFF, 0x84000008
    .set PSCI_SYSTEM_RESET, 0x84000009

    .section .rodata
    .balign 8
    .globl made_image
made_image:
    b       begin
    .long   0
    .quad   0               /* text offset */
    .quad   0x1000          /* image size */
    .quad   0xA             /* little-endian, 4 KiB, anywhere */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

/* struct made_words */
words:
    .quad   0, 0, 0, 0

begin:
    adr     x19, words
    str     x0, [x19, #16]          /* dtb */
    mrs     x1, mpidr_el1
    str     x1, [x19, #24]
1:  ldr     x1, [x19, #8]
    add     x1, x1, #1
    str     x1, [x19, #8]           /* beat */
    ldr     x1, [x19]               /* order */
    cbz     x1, 1b
    str     xzr, [x19]
    cmp     x1, #1
    b.eq    2f
    ldr     w0, =PSCI_SYSTEM_RESET
    hvc     #0
2:  ldr     w0, =PSCI_SYSTEM_OFF
    hvc     #0
    b       .

    .ltorg
    .globl made_image_end
made_image_end:
