/* SPDX-License-Identifier: MIT */
/*
 * Into EL2 and out of it: the exception vectors, and the one place where a guest is entered.
 *
 * While a guest runs, SP_EL2 points at its struct vcpu, whose first member is x0 to x30. The
 * hypervisor's C is compiled not to use x11 to x15 and x18 (-ffixed-*, see hv/build.mk) and keeps
 * x19 to x28 by the procedure call standard, so that most exits store and load only the other
 * registers. The rest is moved where somebody needs it in memory: to emulate an instruction, and
 * to run another vCPU.
 *
 * [el2_stack] holds the loaded vCPU's address, which is how C's return finds it again.
 */
#include "asm_offsets.h"

/* SPSR_EL2, from AArch64 (Arm ARM C5.2.19). */
#define SPSR_SS    (1 << 21)
#define SPSR_BTYPE (3 << 10)

/* What C may change; x7 and x8 are saved first, as each path needs a scratch register. */
    .macro  save_x0_x3
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    .endm

    .macro  save_x4_x6_x9_up
    stp     x4, x5, [sp, #32]
    str     x6, [sp, #48]
    stp     x9, x10, [sp, #72]
    stp     x16, x17, [sp, #128]
    stp     x29, x30, [sp, #232]
    .endm

/* ERET, past which nothing is to be speculated: the barriers are never executed. */
    .macro  eret_alone
    eret
    dsb     nsh
    isb
    .endm

/* Back to the guest, SP_EL2 = vcpu. */
    .macro  resume_but_x0_x1
    ldp     x29, x30, [sp, #232]
    ldp     x16, x17, [sp, #128]
    ldp     x9, x10, [sp, #72]
    ldp     x7, x8, [sp, #56]
    ldr     x6, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    .endm

    .macro  resume
    resume_but_x0_x1
    ldp     x0, x1, [sp, #0]
    eret_alone
    .endm

/* x11 to x15 and x18 to x28: what a fast exit leaves in the registers. Base: \base. */
    .macro  move_the_rest op, base
    \op     x11, x12, [\base, #88]
    \op     x13, x14, [\base, #104]
    \op     x18, x19, [\base, #144]
    \op     x20, x21, [\base, #160]
    \op     x22, x23, [\base, #176]
    \op     x24, x25, [\base, #192]
    \op     x26, x27, [\base, #208]
    .endm

    .macro  save_the_rest base
    move_the_rest stp, \base
    str     x15, [\base, #120]
    str     x28, [\base, #224]
    .endm

    .macro  restore_the_rest base
    move_the_rest ldp, \base
    ldr     x15, [\base, #120]
    ldr     x28, [\base, #224]
    .endm

/* From SP_EL2 = vcpu to x0 = vcpu and C's stack. */
    .macro  to_c_stack
    mov     x0, sp
    ldr     x29, [sp, #VCPU_EL2_STACK]
    mov     sp, x29
    .endm

/* An exit that is answered in a few instructions, and not noted. SP is the vCPU. */
    .macro  count_unseen scratch
    ldr     \scratch, [sp, #VCPU_UNSEEN]
    add     \scratch, \scratch, #1
    str     \scratch, [sp, #VCPU_UNSEEN]
    .endm

/* A vector slot: 32 instructions. */
    .macro  slot
    .balign 128
    .endm

/* An exception that EL2 itself raised, or that has no other handler. */
    .macro  fatal kind
    slot
    msr     sp_el0, x0
    mov     x0, #\kind
    b       el2_fault
    .endm

    .text
    .balign 2048
    .global vectors
vectors:
    /* Current EL with SP_EL0: never used. */
    fatal   0
    fatal   1
    fatal   2
    fatal   3
    /* Current EL with SP_EL2: a bug of the hypervisor's. */
    fatal   4
    fatal   5
    fatal   6
    fatal   7

    /* Lower EL, AArch64: synchronous. A hypercall is answered within this slot. */
    slot
    stp     x7, x8, [sp, #56]
    mrs     x7, esr_el2
    movz    w8, #0x5A00, lsl #16        /* EC = HVC64, IL = 1, immediate 0 */
    cmp     w7, w8
    b.ne    trap_entry
    tbz     w0, #30, hvc32_entry        /* 32-bit convention: a standard service */
hvc_entry:
    stp     xzr, xzr, [sp, #16]         /* x2 and x3, unless a handler says otherwise */
    save_x4_x6_x9_up
    mov     w7, w0
    to_c_stack
    bl      hypercall_dispatch          /* returns x0 and x1 */
    ldr     x8, [sp]
    ldr     w7, [x8, #VCPU_WORK]
    cbnz    w7, hvc_work
    mov     sp, x8
    resume_but_x0_x1
    eret_alone

    slot
    b       irq_entry
    slot
    b       irq_entry                   /* FIQ: none is configured; treated alike */
    slot
    b       serror_entry

    /* Lower EL, AArch32 (a guest's user programs): the same, but HVC does not exist there. */
    slot
    stp     x7, x8, [sp, #56]
    mrs     x7, esr_el2
    b       trap_entry
    slot
    b       irq_entry
    slot
    b       irq_entry
    slot
    b       serror_entry

/*
 * SMCCC_VERSION is answered here: it is the probe for workarounds on hot paths of stock kernels.
 * x7 and x8 are in memory.
 */
hvc32_entry:
    movz    w7, #0x8000, lsl #16        /* SMCCC_VERSION */
    cmp     w0, w7
    b.ne    hvc_entry
    ldr     x8, [sp, #VCPU_STANDARD_CALLS]
    add     x8, x8, #1
    str     x8, [sp, #VCPU_STANDARD_CALLS]
    count_unseen x8
    movz    w0, #0x2                    /* SMCCC_VERSION_1_2 */
    movk    w0, #0x1, lsl #16
    ldp     x7, x8, [sp, #56]
    eret

/*
 * MRS of an identification register (Op0 = 3, Op1 = 0, CRn = 0, CRm = 1 to 7) is answered here, too:
 * HCR_EL2.TID3 traps all of them or none, and a kernel that has no random numbers asks some 50,000
 * times at boot whether the CPU has. Everything else with EC 0x18 (Arm ARM D17.2.37) is emulated in
 * C. x7: ESR_EL2, of which IL and the class are bits 31:25. x7 and x8 are in memory.
 */
register_entry:
    lsr     w8, w7, #20
    cmp     w8, #0x623                  /* EC 0x18, IL, Op0 = 3 */
    b.ne    trap_save
    ubfx    w8, w7, #10, #7
    cbnz    w8, trap_save               /* Op1, CRn */
    tbz     w7, #0, trap_save           /* MSR */
    tbnz    w7, #4, trap_save           /* CRm from 8 on */
    ubfx    w8, w7, #1, #3
    cbz     w8, trap_save               /* CRm 0 */
    stp     x9, x10, [sp, #72]
    ubfx    w9, w7, #17, #3             /* Op2 */
    add     w8, w9, w8, lsl #3          /* ID_INDEX(), and 8 more */
    ldr     x9, [sp, #VCPU_IDS]
    add     x9, x9, x8, lsl #3
    ldur    x9, [x9, #-64]
    mrs     x8, elr_el2                 /* as skip_instruction() has it, of AArch64 */
    add     x8, x8, #4
    msr     elr_el2, x8
    mrs     x8, spsr_el2
    and     x8, x8, #~SPSR_SS
    and     x8, x8, #~SPSR_BTYPE
    msr     spsr_el2, x8
    ldr     x8, [sp, #VCPU_ID_EXITS]
    add     x8, x8, #1
    str     x8, [sp, #VCPU_ID_EXITS]
    count_unseen x8
    and     w7, w7, #0x3E0              /* Rt, in which of the following pairs it is set */
    adr     x10, set_rt
    add     x10, x10, x7, lsr #2
    br      x10
set_rt:
    .irp    n, 0, 1, 2, 3, 4, 5, 6
    mov     x\n, x9
    b       register_set
    .endr
    .irp    n, 7, 8, 9, 10              /* restored below */
    str     x9, [sp, #8 * \n]
    b       register_set
    .endr
    .irp    n, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov     x\n, x9
    b       register_set
    .endr
register_set:                           /* where XZR leads, too */
    ldp     x9, x10, [sp, #72]
    ldp     x7, x8, [sp, #56]
    eret_alone

/* Every other synchronous exception: all registers in memory, where emulation finds them. */
trap_entry:
    tbnz    w7, #29, register_entry     /* of the classes that happen often only 0x18 has this */
trap_save:
    save_x0_x3
    save_x4_x6_x9_up
    mov     x1, x7
    to_c_stack
    save_the_rest x0
    bl      trap_handle
    ldr     x0, [sp]
    ldr     w1, [x0, #VCPU_WORK]
    cbnz    w1, work_saved
restore_all:
    mov     sp, x0
    restore_the_rest sp
    resume

/* A physical interrupt. */
irq_entry:
    save_x0_x3
    stp     x7, x8, [sp, #56]
    save_x4_x6_x9_up
    to_c_stack
    bl      irq_handle
    ldr     x0, [sp]
    ldr     w1, [x0, #VCPU_WORK]
    cbnz    w1, work_entry
    mov     sp, x0
    resume

serror_entry:
    save_x0_x3
    stp     x7, x8, [sp, #56]
    save_x4_x6_x9_up
    to_c_stack
    save_the_rest x0
    bl      trap_serror
    ldr     x0, [sp]
    b       work_saved

/* There is work before the guest runs again, and another one may have to run. x0: vcpu. */
hvc_work:
    stp     x0, x1, [x8, #0]
    mov     x0, x8
work_entry:
    save_the_rest x0
work_saved:
    bl      vcpu_work
    b       restore_all

/* vcpu_enter(vcpu): run the guest of the first vCPU that was loaded on this CPU. */
    .global vcpu_enter
vcpu_enter:
    b       work_saved

/*
 * An exception taken at EL2 is a bug of the hypervisor's. Its SP may be the fault, so the
 * registers go to the panic stack. SP_EL0 holds x0, x0 the kind of vector.
 */
el2_fault:
    msr     tpidr_el0, x1               /* the guest's is lost; so is the machine */
    mrs     x1, tpidr_el2
    ldr     x1, [x1, #PCPU_PANIC_STACK_TOP]
    sub     x1, x1, #272
    stp     x2, x3, [x1, #16]
    stp     x4, x5, [x1, #32]
    stp     x6, x7, [x1, #48]
    str     x8, [x1, #64]
    stp     x9, x10, [x1, #72]
    save_the_rest x1
    stp     x16, x17, [x1, #128]
    stp     x29, x30, [x1, #232]
    mrs     x2, sp_el0
    mrs     x3, tpidr_el0
    stp     x2, x3, [x1, #0]
    mov     x2, sp
    str     x2, [x1, #248]
    mov     sp, x1
    bl      panic_exception             /* (kind, registers x0 to x30 and SP) */
    b       .

/* fp_save(state), fp_restore(state): 32 registers of 16 bytes, then FPCR and FPSR. */
    .arch_extension simd
    .macro  fp_pairs op
    \op     q0, q1, [x0, #0]
    \op     q2, q3, [x0, #32]
    \op     q4, q5, [x0, #64]
    \op     q6, q7, [x0, #96]
    \op     q8, q9, [x0, #128]
    \op     q10, q11, [x0, #160]
    \op     q12, q13, [x0, #192]
    \op     q14, q15, [x0, #224]
    \op     q16, q17, [x0, #256]
    \op     q18, q19, [x0, #288]
    \op     q20, q21, [x0, #320]
    \op     q22, q23, [x0, #352]
    \op     q24, q25, [x0, #384]
    \op     q26, q27, [x0, #416]
    \op     q28, q29, [x0, #448]
    \op     q30, q31, [x0, #480]
    .endm

    .global fp_save
fp_save:
    fp_pairs stp
    mrs     x1, fpcr
    mrs     x2, fpsr
    str     x1, [x0, #512]
    str     x2, [x0, #520]
    ret

    .global fp_restore
fp_restore:
    fp_pairs ldp
    ldr     x1, [x0, #512]
    ldr     x2, [x0, #520]
    msr     fpcr, x1
    msr     fpsr, x2
    ret
