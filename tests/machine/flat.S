/* SPDX-License-Identifier: MIT */
/*
 * A guest as a loader of firmware has it: no header, linked for one address, which expects its
 * device tree at another. It looks at what its tree promises, says what it found, powers off.
 */
#define UART      0x9000000
#define TREE_HERE 0x40000000
#define TREE      0xEDFE0DD0            /* its magic, as a little-endian word */
#define VIRT      0x74726976
#define PSCI_OFF  0x84000008

    .text
    .global _start
_start:
    ldr     x1, =_start                 /* where it was linked */
    adr     x2, _start
    cmp     x1, x2
    b.ne    wrong
    ldr     x1, =TREE_HERE
    cmp     x0, x1
    b.ne    wrong
    ldr     x1, =expected
1:  ldp     w2, w3, [x1], #8
    cbz     w3, right
    ldr     w2, [x2]
    cmp     w2, w3
    b.eq    1b
wrong:
    adr     x1, wrong_text
    b       print
right:
    adr     x1, right_text
print:
    mov     x2, #UART
1:  ldrb    w3, [x1], #1
    cbz     w3, 2f
    str     w3, [x2]
    b       1b
2:  ldr     w0, =PSCI_OFF
    hvc     #0

    .balign 8
expected:                               /* an address, and the word there */
    .word   TREE_HERE, TREE
    .word   0x0a000000, VIRT            /* the first virtio,mmio slot: magic, version */
    .word   0x0a000004, 2
    .word   0x0a003e00, VIRT            /* the last */
    .word   0x00000000, 0xFFFFFFFF      /* flash: both banks, and the very end */
    .word   0x04000000, 0xFFFFFFFF
    .word   0x07fffffc, 0xFFFFFFFF
    .word   0x09010fe0, 0x31            /* the PL031: PeriphID0, RTCCR */
    .word   0x0901000c, 1
    .word   0, 0

wrong_text: .asciz "flat: wrong\n"
right_text: .asciz "flat: all is as it should be\n"
