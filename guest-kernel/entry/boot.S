/* SPDX-License-Identifier: MIT */
/*
 * From the first instruction to C: the arm64 Linux boot protocol (Documentation/arm64/booting.rst
 * of Linux), a drop from EL2 if the firmware left us there, coarse boot tables, the MMU. Runs
 * wherever the image was loaded until the MMU is on; from then on at the linked address. Also
 * where secondary CPUs start.
 */
#include "arch/context.h"
#include "arch/layout.h"

/* Translation table entries (Arm ARM D5.3) and the memory types of MAIR_EL1 below. */
#define DESC_TABLE   3
#define DESC_BLOCK   1
#define DESC_NORMAL  (0 << 2)
#define DESC_INNER   (3 << 8)
#define DESC_AF      (1 << 10)
#define BLOCK_KERNEL (DESC_BLOCK | DESC_NORMAL | DESC_INNER | DESC_AF)

/* Attribute 0: normal, write-back; attribute 1: device, nGnRE. */
#define MAIR_VALUE 0x04FF

/*
 * TCR_EL1: 39 bits in both halves, 4 KiB granule (TG1 says so with 2), walks are inner shareable
 * and write-back. IPS is filled in from ID_AA64MMFR0_EL1.
 */
#define TCR_HALF  ((64 - VA_BITS) | (1 << 8) | (1 << 10) | (3 << 12))
#define TCR_VALUE (TCR_HALF | (TCR_HALF << 16) | (2 << 30))

/*
 * SCTLR_EL1: the bits that are RES1 in Armv8.0, MMU and caches on, SP alignment checked, and EL0
 * may use WFI, WFE, DC ZVA and read CTR_EL0.
 */
#define SCTLR_RES1  ((1 << 29) | (1 << 28) | (1 << 23) | (1 << 22) | (1 << 20) | (1 << 11))
#define SCTLR_ON    ((1 << 0) | (1 << 2) | (1 << 12) | (1 << 3) | (1 << 4))
#define SCTLR_EL0   ((1 << 14) | (1 << 15) | (1 << 16) | (1 << 18))
#define SCTLR_VALUE (SCTLR_RES1 | SCTLR_ON | SCTLR_EL0)

/* HCR_EL2.RW, and what a VM's EL1 must be let do; EL1h with interrupts masked. */
#define HCR_RW      (1 << 31)
#define CNTHCTL_EL1 3
#define CPTR_RES1   0x33FF
#define SPSR_EL1H   0x3C5

    .section .boot, "ax"
    .globl boot_header
boot_header:
    mrs x22, cntvct_el0 /* first of all: when we were started */
    b boot_primary
    .quad 0                             /* text_offset */
    .quad __image_bytes                 /* image_size */
    .quad 0xA                           /* little-endian, 4 KiB pages, any 2 MiB boundary */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

/* Entered with the MMU off, x0 = physical address of the device tree, x22 = the time. */
boot_primary:
    mov x21, x0
    bl boot_drop_to_el1
    mov x24, x0
    adrp x23, __image_start

    /* Lines that a cache may hold of the tables are stale, before and after the MMU-off writes. */
    bl boot_discard_tables
    adrp x0, boot_tables
    adrp x1, boot_tables_end
1:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 1b

    /* The 1 GiB blocks with the image and the device tree, one to one. */
    adrp x0, boot_identity
    mov x4, #BLOCK_KERNEL
    lsr x1, x23, #30
    orr x2, x4, x1, lsl #30
    str x2, [x0, x1, lsl #3]
    lsr x1, x21, #30
    orr x2, x4, x1, lsl #30
    str x2, [x0, x1, lsl #3]

    /* The image where it is linked, by 2 MiB blocks. */
    adrp x0, boot_kernel_l1
    adrp x1, boot_kernel_l2
    orr x2, x1, #DESC_TABLE
    str x2, [x0, #(((KERNEL_VA >> 30) & 511) * 8)]
    adrp x3, __image_end
    sub x3, x3, #1
    orr x2, x4, x23
2:  str x2, [x1], #8
    add x2, x2, #BLOCK_SIZE
    cmp x2, x3
    b.ls 2b
    bl boot_discard_tables

    adrp x0, boot_identity
    adrp x1, boot_kernel_l1
    ldr x2, =primary_high
    b boot_mmu_on

    .text
primary_high:
    ldr x0, =boot_stack_top
    mov sp, x0
    ldr x0, =vectors
    msr vbar_el1, x0
    ldr x0, =__bss_start
    ldr x1, =__bss_end
1:  cmp x0, x1
    b.hs 2f
    stp xzr, xzr, [x0], #16
    b 1b
2:  mov x0, x21
    mov x1, x23
    mov x2, x22
    mov x3, x24
    mov x29, xzr
    mov x30, xzr
    b start_kernel

/* Secondary CPUs enter here by PSCI CPU_ON with x0 = physical address of struct cpu_boot. */
    .section .boot, "ax"
    .globl boot_secondary
boot_secondary:
    mov x20, x0
    bl boot_drop_to_el1
    adrp x0, boot_identity
    ldp x1, x21, [x20]
    ldr x22, [x20, #16]
    ldr x2, =secondary_high
    b boot_mmu_on

    .text
secondary_high:
    mov sp, x21
    ldr x0, =vectors
    msr vbar_el1, x0
    mov x0, x22
    mov x29, xzr
    mov x30, xzr
    b secondary_begin

/* Turns the MMU on with TTBR0 = x0, TTBR1 = x1 and goes on at the virtual address x2. */
    .section .boot, "ax"
boot_mmu_on:
    msr ttbr0_el1, x0
    msr ttbr1_el1, x1
    mov x3, #MAIR_VALUE
    msr mair_el1, x3
    ldr x3, =TCR_VALUE
    mrs x4, id_aa64mmfr0_el1
    and x4, x4, #7 /* PARange; wider than 48 bits is not for this kernel */
    mov x5, #5
    cmp x4, x5
    csel x4, x4, x5, ls
    orr x3, x3, x4, lsl #32
    msr tcr_el1, x3
    msr cpacr_el1, xzr /* FP/SIMD traps: nobody here uses it */
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb
    ldr x3, =SCTLR_VALUE
    msr sctlr_el1, x3
    isb
    br x2

/* Discards cache lines of the boot tables. Clobbers x0 to x3. */
boot_discard_tables:
    mrs x2, ctr_el0
    ubfx x2, x2, #16, #4
    mov x3, #4
    lsl x3, x3, x2
    adrp x0, boot_tables
    adrp x1, boot_tables_end
    dmb sy
1:  dc ivac, x0
    add x0, x0, x3
    cmp x0, x1
    b.lo 1b
    dsb sy
    ret

/*
 * If this is EL2, hands the machine to EL1 and goes on there: nothing below is a hypervisor's
 * business for a kernel that is not one. Returns the exception level found in x0. Clobbers x1.
 */
boot_drop_to_el1:
    mrs x0, currentel
    ubfx x0, x0, #2, #2
    cmp x0, #2
    b.ne 2f
    mov x1, #HCR_RW
    msr hcr_el2, x1
    mov x1, #CNTHCTL_EL1
    msr cnthctl_el2, x1
    msr cntvoff_el2, xzr
    mov x1, #CPTR_RES1
    msr cptr_el2, x1
    msr hstr_el2, xzr
    mrs x1, midr_el1
    msr vpidr_el2, x1
    mrs x1, mpidr_el1
    msr vmpidr_el2, x1
    mrs x1, pmcr_el0
    ubfx x1, x1, #11, #5
    msr mdcr_el2, x1 /* HPMN: all counters are EL1's */
    ldr x1, =(SCTLR_RES1)
    msr sctlr_el1, x1
    mrs x1, id_aa64pfr0_el1
    tst x1, #(0xF << 24)
    b.eq 1f
    mov x1, #0xF /* SRE, DFB, DIB, Enable (ICC_SRE_EL2) */
    msr S3_4_C12_C9_5, x1
    isb
    msr S3_4_C12_C11_0, xzr /* ICH_HCR_EL2 */
1:  mov x1, #SPSR_EL1H
    msr spsr_el2, x1
    msr elr_el2, x30
    eret
2:  ret
    .ltorg

    .section .boot_stack, "aw", %nobits
    .balign STACK_SLOT_BYTES
    .skip STACK_SLOT_BYTES
    .globl boot_stack_top
boot_stack_top:

    .section .boot_tables, "aw", %nobits
    .balign PAGE_SIZE
boot_tables:
    .globl boot_identity
boot_identity:
    .skip PAGE_SIZE
boot_kernel_l1:
    .skip PAGE_SIZE
boot_kernel_l2:
    .skip PAGE_SIZE
boot_tables_end:
