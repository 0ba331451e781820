/* SPDX-License-Identifier: MIT */
/*
 * The map of virtual addresses: 39 bits for the kernel (TTBR1) and for a process (TTBR0), so
 * translation starts at level 1. Usable from assembly and the linker script.
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  0x1000
#define BLOCK_SIZE 0x200000

#define VA_BITS 39

/* The kernel's half. */
#define LINEAR_VA 0xFFFFFF8000000000 /* all RAM, at this plus its physical address */
#define KERNEL_VA 0xFFFFFFC000000000 /* the image, where it is linked */
#define DEVICE_VA 0xFFFFFFD000000000 /* device registers, in the order they are mapped */
#define STACK_VA  0xFFFFFFE000000000 /* stacks, each above an unmapped gap of its own size */

/* The linear map has room for this much of the physical address space. */
#define LINEAR_BYTES 0x4000000000

/*
 * A stack fills the upper half of an aligned slot of twice its size: one bit of SP tells the
 * exception vectors whether it has left the stack.
 */
#define STACK_SHIFT      13
#define STACK_BYTES      0x2000
#define STACK_SLOT_BYTES 0x4000

/* A process's half. */
#define USER_VA        0x400000   /* programs are linked here */
#define USER_STACK_TOP 0x40000000 /* the stack grows down from here */
#define USER_VA_END    0x40000000

#endif
