/* SPDX-License-Identifier: MIT */
/*
 * From power-on to C: the arm64 Linux boot protocol on the first CPU, PSCI CPU_ON on the others.
 *
 * Both arrive at EL2 with the MMU off at the image's physical address. They turn the MMU on with
 * boot tables, which map the image at its link address and, one to one, the gigabytes that hold the
 * image, the device tree and the early UART. Nothing is writable and executable from the first
 * moment on. el2map_init() makes the final tables, and el2_switch_tables() goes over to them.
 */
#include "asm_offsets.h"
#include "mm/layout.h"

#define CURRENT_EL2 (2 << 2)

/* The early UART, by DDI 0183, 3.3; calls of Arm's semihosting specification. */
#define PL011_FR          0x18
#define PL011_FR_TXFF_BIT 5
#define SYS_WRITE0        0x04
#define SYS_EXIT_EXTENDED 0x20

/* Arm ARM D5.3: descriptors of the boot tables; those of the image's pages as in mm/el2_pte.h. */
#define DESC_TABLE  3
#define DESC_NORMAL (1 | 1 << 2 /* MAIR index 1 */ | 1 << 6 | 3 << 8 /* inner shareable */ | 1 << 10 /* AF */)
#define DESC_PAGE   (1 << 1)
#define DESC_RO     (1 << 7)
#define DESC_XN     (1 << 54)
#define DESC_TEXT   (DESC_NORMAL | DESC_PAGE | DESC_RO)
#define DESC_RODATA (DESC_NORMAL | DESC_PAGE | DESC_RO | DESC_XN)
#define DESC_DATA   (DESC_NORMAL | DESC_PAGE | DESC_XN)
#define DESC_BLOCK  (DESC_NORMAL | DESC_XN)
#define DESC_DEVICE (1 | 1 << 10 | DESC_XN) /* MAIR index 0, AF */
#define BLOCK_1G_SHIFT 30
#define BLOCK_2M_SHIFT 21
#define NR_ENTRIES     512
#define TABLE_BYTES    4096

/* D13.2.97 MAIR_EL2: 0 = Device-nGnRE, 1 = Normal write-back, 2 = Normal not cacheable. */
#define MAIR_VALUE 0x44FF04
/* D13.2.131 TCR_EL2: 39 bits of VA, 4 KiB, walks inner shareable and write-back; PS is added. */
#define TCR_VALUE (1 << 31 | 1 << 23 | 3 << 12 | 1 << 10 | 1 << 8 | (64 - HV_VA_BITS))
#define TCR_PS_SHIFT 16
/* D13.2.118 SCTLR_EL2: RES1 bits, then WXN, I, SA, C, M. */
#define SCTLR_RES1  0x30C50830
#define SCTLR_VALUE (SCTLR_RES1 | 1 << 19 | 1 << 12 | 1 << 3 | 1 << 2 | 1)
/* D13.2.34 CTR_EL0: log2 of the smallest data cache line in words. */
#define CTR_DMINLINE_SHIFT 16
/* D13.2.47 HCR_EL2: EL1 is AArch64. */
#define HCR_RW      (1 << 31)

    .section .text.header, "ax"
    .global image_header
image_header:                           /* Documentation/arm64/booting: the 64-byte header */
    b       boot_primary
    .long   0
    .quad   0                           /* text_offset */
    .quad   __image_size                /* image_size */
    .quad   0xA                         /* little-endian, 4 KiB pages, anywhere in memory */
    .quad   0
    .quad   0
    .quad   0
    .ascii  "ARM\x64"
    .long   0

    .text
/* The first CPU: x0 is the device tree's physical address. */
boot_primary:
    mrs     x1, CurrentEL
    cmp     x1, #CURRENT_EL2
    b.ne    not_el2
    tst     x0, #7                      /* a tree is aligned, and where the boot tables reach */
    csel    x19, xzr, x0, ne
    lsr     x1, x0, #HV_IDENTITY_SHIFT
    cmp     x1, #0
    csel    x19, xzr, x19, ne
    adrp    x20, __image_start

    mov     x0, #HV_IDENTITY_END
    cmp     x20, x0
    b.hs    image_too_high

    /* A line that is dirty yet must not be written back over what is written with the MMU off ... */
    adrp    x0, __bss_start
    adrp    x1, __bss_end
    bl      invalidate
    adrp    x0, __bss_start
    adrp    x1, __bss_end
0:  stp     xzr, xzr, [x0], #128        /* it is whole pages */
    .irp    offset, -112, -96, -80, -64, -48, -32, -16
    stp     xzr, xzr, [x0, #\offset]
    .endr
    cmp     x0, x1
    b.lo    0b
    bl      make_boot_tables
    /* ... nor may one that was read meanwhile hide it. */
    adrp    x0, __bss_start
    adrp    x1, __bss_end
    bl      invalidate

    bl      enable_mmu
    ldr     x0, =boot_stack_top
    mov     sp, x0
    ldr     x0, =pcpus
    msr     tpidr_el2, x0
    ldr     x1, =boot_stack_top
    str     x1, [x0, #PCPU_PANIC_STACK_TOP]
    mov     x29, xzr
    mov     x0, x19
    mov     x1, x20
    ldr     x2, =start
    blr     x2
    b       halt

/*
 * Not where a hypervisor can live: said on the early UART, if one was configured, and by
 * semihosting, whose status is that of a panic. What comes of HLT where nobody listens is caught.
 */
not_el2:
    adr     x1, not_el2_text
    bl      say_early
    adrp    x3, vectors
    add     x3, x3, #:lo12:vectors
    msr     vbar_el1, x3
    isb
    mov     x0, #SYS_WRITE0
    adr     x1, not_el2_text
    hlt     #0xF000
    mov     x0, #SYS_EXIT_EXTENDED
    adr     x1, not_el2_status
    hlt     #0xF000
    b       halt

    .balign 8
not_el2_status:
    .quad   0x20026, 255                /* ADP_Stopped_ApplicationExit; POWER_STATUS_PANIC */
not_el2_text:
    .asciz  "[hv] panic: not started at EL2: the machine needs the virtualisation extensions on\r\n"
    .balign 4

/* start_on_stack(stack_top, function) */
    .global start_on_stack
start_on_stack:
    mov     sp, x0
    mov     x29, xzr
    blr     x1
    b       halt

/* Another CPU: x0 is its struct pcpu. */
    .global boot_secondary
boot_secondary:
    mov     x19, x0
    bl      enable_mmu
    ldr     x0, =el2map_root
    ldr     x0, [x0]
    ldr     x1, =el2_switch_tables
    blr     x1
    msr     tpidr_el2, x19
    ldr     x0, [x19, #PCPU_STACK_TOP]
    mov     sp, x0
    mov     x29, xzr
    bl      start_secondary
halt:
    wfe
    b       halt

/* Turns the MMU on with the boot tables, and returns to the image's linked address. */
enable_mmu:
    mov     x0, #HCR_RW                 /* E2H and TGE are unknown out of reset; no VM yet */
    msr     hcr_el2, x0
    isb
    adrp    x0, boot_l1
    msr     ttbr0_el2, x0
    ldr     x0, =MAIR_VALUE
    msr     mair_el2, x0
    ldr     x0, =TCR_VALUE
    mrs     x1, id_aa64mmfr0_el1        /* PARange, at most 48 bits without LPA */
    and     x1, x1, #7
    orr     x0, x0, x1, lsl #TCR_PS_SHIFT
    msr     tcr_el2, x0
    ldr     x0, =vectors
    msr     vbar_el2, x0
    tlbi    alle2
    dsb     nsh
    isb
    ldr     x0, =SCTLR_VALUE
    msr     sctlr_el2, x0
    isb
    adrp    x0, __image_start
    ldr     x1, =__image_start
    sub     x0, x30, x0
    add     x30, x0, x1
    ret

/*
 * el2_switch_tables(ttbr0): use the final tables. They map in pages and blocks of other sizes what
 * the boot tables map one to one, and no TLB may hold both (Arm ARM D5.10.1, break before make). So
 * by way of a table that has the image alone, whose pages are the same in all three.
 */
    .global el2_switch_tables
el2_switch_tables:
    mrs     x1, ttbr0_el2
    add     x1, x1, #TABLE_BYTES        /* from boot_l1 to boot_bridge */
    msr     ttbr0_el2, x1
    isb
    tlbi    alle2
    dsb     nsh
    isb
    msr     ttbr0_el2, x0
    isb
    tlbi    alle2
    dsb     nsh
    isb
    ret

/* invalidate(start, end): drops the data cache lines of a range, to the point of coherency. */
invalidate:
    mrs     x2, ctr_el0
    ubfx    x2, x2, #CTR_DMINLINE_SHIFT, #4
    mov     x3, #4
    lsl     x3, x3, x2
    dmb     sy
0:  dc      ivac, x0
    add     x0, x0, x3
    cmp     x0, x1
    b.lo    0b
    dsb     sy
    ret

/* Entries for the pages from x1 to \end, at x0 and on. */
    .macro  map_pages end, descriptor
    ldr     x5, =\descriptor
    adrp    x2, \end
0:  orr     x6, x1, x5
    str     x6, [x0], #8
    add     x1, x1, #4096
    cmp     x1, x2
    b.lo    0b
    .endm

/* Fills the boot tables, which are zero. x19: device tree, x20: image. */
make_boot_tables:
    adrp    x0, boot_l3                 /* the image's pages */
    mov     x1, x20
    map_pages __text_end, DESC_TEXT
    map_pages __rodata_end, DESC_RODATA
    map_pages __image_end, DESC_DATA

    adrp    x4, boot_l3
    orr     x4, x4, #DESC_TABLE
    adrp    x0, boot_l2                 /* where it is linked */
    str     x4, [x0]
    adrp    x0, boot_identity           /* its gigabyte */
    and     x1, x20, #~((1 << BLOCK_1G_SHIFT) - 1)
    ldr     x5, =DESC_BLOCK
    orr     x6, x1, x5
    mov     x2, #NR_ENTRIES / 2
0:  add     x7, x6, #1 << BLOCK_2M_SHIFT
    stp     x6, x7, [x0], #16
    add     x6, x7, #1 << BLOCK_2M_SHIFT
    subs    x2, x2, #1
    b.ne    0b
    adrp    x0, boot_identity
    ubfx    x1, x20, #BLOCK_2M_SHIFT, #9
    str     x4, [x0, x1, lsl #3]

    adrp    x0, boot_l1
    ldr     x3, =CONFIG_EARLY_UART
    cbz     x3, 1f
    lsr     x3, x3, #BLOCK_1G_SHIFT     /* the early UART's, unless it is one below */
    ldr     x2, =DESC_DEVICE
    orr     x4, x2, x3, lsl #BLOCK_1G_SHIFT
    str     x4, [x0, x3, lsl #3]
1:  cbz     x19, 2f
    lsr     x3, x19, #BLOCK_1G_SHIFT    /* the device tree's */
    orr     x4, x5, x3, lsl #BLOCK_1G_SHIFT
    str     x4, [x0, x3, lsl #3]
2:  lsr     x3, x20, #BLOCK_1G_SHIFT    /* the image's */
    adrp    x4, boot_identity
    orr     x4, x4, #DESC_TABLE
    str     x4, [x0, x3, lsl #3]
    adrp    x4, boot_l2
    orr     x4, x4, #DESC_TABLE
    str     x4, [x0, #(HV_IMAGE_VA >> BLOCK_1G_SHIFT) * 8]
    adrp    x0, boot_bridge
    str     x4, [x0, #(HV_IMAGE_VA >> BLOCK_1G_SHIFT) * 8]
    ret

/* No tables of 39 bits can map the image one to one: says so, if there is somewhere to say it. */
image_too_high:
    adr     x1, too_high
    bl      say_early
    b       halt

/* Prints the text at x1 by the early UART, if there is one. */
say_early:
    ldr     x2, =CONFIG_EARLY_UART
    cbz     x2, 2f
0:  ldrb    w3, [x1], #1
    cbz     w3, 2f
1:  ldr     w4, [x2, #PL011_FR]
    tbnz    w4, #PL011_FR_TXFF_BIT, 1b
    str     w3, [x2]
    b       0b
2:  ret

too_high:
    .asciz  "[hv] panic: the image is loaded above 256 GiB\r\n"
    .balign 4

    .pool

    .bss
    .balign 4096
    .global boot_l1
boot_l1:
    .skip   TABLE_BYTES
boot_bridge:                            /* right after boot_l1: see el2_switch_tables */
    .skip   TABLE_BYTES
boot_l2:
    .skip   TABLE_BYTES
boot_identity:
    .skip   TABLE_BYTES
boot_l3:
    .skip   TABLE_BYTES
boot_stack:
    .skip   HV_STACK_BYTES
boot_stack_top:
