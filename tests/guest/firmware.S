/* SPDX-License-Identifier: MIT */
/*
 * Calls of the firmware, and the way back of a CPU that was off.
 */
#include "firmware.h"

    .text
    .globl firmware_raw
firmware_raw: /* x0: struct firmware_registers; w1: by SMC */
    stp x29, x30, [sp, #-32]!
    str x0, [sp, #16]
    mov x9, x0
    mov w10, w1
    ldp x0, x1, [x9]
    ldp x2, x3, [x9, #16]
    cbz w10, 1f
    smc #0
    b 2f
1:  hvc #0
2:  ldr x9, [sp, #16]
    stp x0, x1, [x9]
    stp x2, x3, [x9, #16]
    ldp x29, x30, [sp], #32
    ret

    .macro save_sysreg name, offset
    mrs x9, \name
    str x9, [x0, #\offset]
    .endm

    .macro load_sysreg name, offset
    ldr x9, [x0, #\offset]
    msr \name, x9
    .endm

    .globl power_call
power_call: /* x0: struct power_context; w1: by SMC; x2 to x5: the call's x0 to x3 */
    stp x19, x20, [x0, #POWER_GENERAL]
    stp x21, x22, [x0, #POWER_GENERAL + 16]
    stp x23, x24, [x0, #POWER_GENERAL + 32]
    stp x25, x26, [x0, #POWER_GENERAL + 48]
    stp x27, x28, [x0, #POWER_GENERAL + 64]
    stp x29, x30, [x0, #POWER_GENERAL + 80]
    mov x9, sp
    str x9, [x0, #POWER_SP]
    str x0, [x0, #POWER_SELF]
    save_sysreg sctlr_el1, POWER_SCTLR
    save_sysreg tcr_el1, POWER_TCR
    save_sysreg mair_el1, POWER_MAIR
    save_sysreg ttbr0_el1, POWER_TTBR0
    save_sysreg ttbr1_el1, POWER_TTBR1
    save_sysreg vbar_el1, POWER_VBAR
    save_sysreg tpidr_el1, POWER_TPIDR
    save_sysreg cpacr_el1, POWER_CPACR
    save_sysreg cntkctl_el1, POWER_CNTKCTL
    save_sysreg cntv_cval_el0, POWER_CNTV_CVAL
    save_sysreg cntv_ctl_el0, POWER_CNTV_CTL
    save_sysreg sp_el0, POWER_SP_EL0
    save_sysreg tpidr_el0, POWER_TPIDR_EL0

    /* It is read with the MMU off. A cache line has 16 bytes at least. */
    add x10, x0, #POWER_BYTES
    mov x9, x0
1:  dc cvac, x9
    add x9, x9, #16
    cmp x9, x10
    b.lo 1b
    dsb sy

    mov w9, w1
    mov x0, x2
    mov x1, x3
    mov x2, x4
    mov x3, x5
    mov x4, xzr                         /* Stile's own calls want zero in the rest */
    mov x5, xzr
    mov x6, xzr
    cbz w9, 2f
    smc #0
    ret
2:  hvc #0
    ret

/* MMU off, x0 = physical address of struct power_context. boot_identity maps this code. */
    .globl power_resume
power_resume:
    adrp x9, boot_identity
    msr ttbr0_el1, x9
    load_sysreg ttbr1_el1, POWER_TTBR1
    load_sysreg tcr_el1, POWER_TCR
    load_sysreg mair_el1, POWER_MAIR
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb
    ldr x1, [x0, #POWER_SELF]
    ldr x2, =power_resumed
    load_sysreg sctlr_el1, POWER_SCTLR
    isb
    br x2

power_resumed: /* where it is linked; x1: struct power_context */
    mov x0, x1
    load_sysreg ttbr0_el1, POWER_TTBR0
    isb
    tlbi vmalle1
    dsb nsh
    isb
    load_sysreg vbar_el1, POWER_VBAR
    load_sysreg tpidr_el1, POWER_TPIDR
    load_sysreg cpacr_el1, POWER_CPACR
    load_sysreg cntkctl_el1, POWER_CNTKCTL
    load_sysreg cntv_cval_el0, POWER_CNTV_CVAL
    load_sysreg cntv_ctl_el0, POWER_CNTV_CTL
    load_sysreg sp_el0, POWER_SP_EL0
    load_sysreg tpidr_el0, POWER_TPIDR_EL0
    ldp x19, x20, [x0, #POWER_GENERAL]
    ldp x21, x22, [x0, #POWER_GENERAL + 16]
    ldp x23, x24, [x0, #POWER_GENERAL + 32]
    ldp x25, x26, [x0, #POWER_GENERAL + 48]
    ldp x27, x28, [x0, #POWER_GENERAL + 64]
    ldp x29, x30, [x0, #POWER_GENERAL + 80]
    ldr x9, [x0, #POWER_SP]
    mov sp, x9
    isb
    mov x0, #POWER_RESUMED
    ret
    .ltorg
