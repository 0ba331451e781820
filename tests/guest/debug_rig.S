/* SPDX-License-Identifier: MIT */
/*
 * See debug_rig.h.
 */
    .text
    .balign 2048
debug_rig_vectors:
    .irp slot, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, \
               0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    .balign 128
    .if \slot == 0x200                  /* synchronous, from EL1 on its own stack */
    b debug_rig_end
    .else
    b vectors + \slot
    .endif
    .endr

    .globl debug_rig_run
debug_rig_run:
    stp x29, x30, [sp, #-128]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    mrs x5, vbar_el1
    mrs x6, daif
    stp x2, x5, [sp, #96]
    str x6, [sp, #112]
    msr daifset, #15
    msr mdscr_el1, x4
    adr x5, debug_rig_vectors
    msr vbar_el1, x5
    msr elr_el1, x0
    msr spsr_el1, x1
    mov x0, x3
    isb
    eret

debug_rig_end:
    msr mdscr_el1, xzr
    ldp x2, x4, [sp, #96]
    mrs x0, esr_el1
    mrs x1, elr_el1
    stp x0, x1, [x2, #0]
    mrs x0, far_el1
    mrs x1, spsr_el1
    stp x0, x1, [x2, #16]
    msr vbar_el1, x4
    isb
    ldr x0, [sp, #112]
    msr daif, x0
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #128
    ret

/* Of these MRS and WFE may trap to a hypervisor. */
    .globl debug_rig_first, debug_rig_middle, debug_rig_store, debug_rig_last
debug_rig_first:
    nop
    mrs x9, id_aa64pfr0_el1
    mrs x9, ctr_el0
    sevl
    wfe
debug_rig_middle:
    mrs x9, contextidr_el1
debug_rig_store:
    str x9, [x0]
    nop
debug_rig_last:
    svc #0
