/* SPDX-License-Identifier: MIT */
/*
 * Stands between QEMU and the hypervisor, as firmware does, and hands over a device tree of its own:
 * the runner puts a tree 4 KiB and the hypervisor's image 2 MiB behind this (tests/runner/tree.py).
 */
#define TREE_OFFSET  0x1000
#define IMAGE_OFFSET 0x200000
#define IMAGE_ROOM   0x200000 /* hv/boot/hv.lds: no image takes more */

    .text
    .global _start
_start:                                 /* Documentation/arm64/booting: the 64-byte header */
    b       hand_over
    .long   0
    .quad   0                           /* text_offset */
    .quad   IMAGE_OFFSET + IMAGE_ROOM   /* image_size */
    .quad   0xA                         /* little-endian, 4 KiB pages, anywhere in memory */
    .quad   0
    .quad   0
    .quad   0
    .ascii  "ARM\x64"
    .long   0

hand_over:
    adr     x0, _start + TREE_OFFSET
    add     x4, x0, #IMAGE_OFFSET - TREE_OFFSET
    mov     x1, #0
    mov     x2, #0
    mov     x3, #0
    br      x4
