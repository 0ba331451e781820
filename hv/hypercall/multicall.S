/* SPDX-License-Identifier: MIT */
/*
 * The loop of core_multicall: from the entries in the caller's mailbox to checks and handlers, as
 * hypercall_dispatch() goes from registers to them.
 *
 * A guest may write to its entries meanwhile, so each word is loaded once. Calls that follow one
 * another and have the same number are a run: what is done for a number, looking it up and counting
 * it, is done once a run.
 */
#include "asm_offsets.h"
#include "hypercall/multicall.h"


/* Below x29, x30 and x19 to x24. The first two are what checks want in x0 and x7. */
#define FRAME_VCPU    64
#define FRAME_HANDLER 72            /* of the run */
#define FRAME_FIRST   80            /* entry */
#define FRAME_STOP    88            /* not 0: at a call that fails */
#define FRAME_BYTES   96

/* To the next entry: x9 is its number, x1 to x6 its arguments. */
    .macro  load_entry
    ldp     x9, x1, [x19, #ENTRY_BYTES]!
    ldp     x2, x3, [x19, #ENTRY_X2]
    ldp     x4, x5, [x19, #ENTRY_X4]
    ldr     x6, [x19, #ENTRY_X6]
    .endm

    .macro  make_call
    ldp     x0, x7, [sp, #FRAME_VCPU]
    blr     x22
    stp     x0, x1, [x19, #ENTRY_STATUS]
    .endm

    .macro  entries to, from
    sub     \to, x19, \from
    mov     x8, #ENTRY_BYTES
    udiv    \to, \to, x8
    .endm

/* Counts the run's calls, which end before x19. Has x0 = vcpu; leaves x1 to x6 and x9 alone. */
    .macro  count_run
    entries x7, x23
    ldr     x0, [sp, #FRAME_VCPU]
    add     x8, x0, x24, lsl #3
    ldr     x10, [x8, #VCPU_STATS_CALLS]
    add     x10, x10, x7
    str     x10, [x8, #VCPU_STATS_CALLS]
    .endm

/* One of the unrolled entries. */
    .macro  entry i
    load_entry
    cmp     x9, x21
    b.ne    next_run_\i
call_\i:
    make_call
    tbnz    x0, #63, failed_\i
next_\i:
    .endm

/* Its ways out of the line, and back. */
    .macro  exits i
next_run_\i:
    bl      next_run
    b       call_\i
failed_\i:
    bl      failed
    b       next_\i
    .endm

/*
 * multicall_run(vcpu, entry, count, stop): see hypercall.h.
 *
 * x19: the entry at hand      x22: the run's check
 * x20: the last entry         x23: the run's first entry
 * x21: the run's number       x24: the same, bounded
 */
    .text
    .global multicall_run
multicall_run:
    stp     x29, x30, [sp, #-FRAME_BYTES]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x1, x3, [sp, #FRAME_FIRST]
    mov     w8, #ENTRY_BYTES
    sub     x19, x1, x8
    umaddl  x20, w2, w8, x19

    /* The end is looked for after every fourth entry, so the first ones may be fewer. */
    adr     x30, call_0
    ands    w7, w2, #3
    b.ne    begin_amid
begin:
    load_entry
    b       begin_run

next_four:
    entry   0
    entry   1
    entry   2
    entry   3
    cmp     x19, x20
    b.ne    next_four

/* After the call at x19. */
finish:
    add     x19, x19, #ENTRY_BYTES
    count_run
/* Before that at x19. */
finish_counted:
    ldr     x7, [sp, #FRAME_FIRST]
    entries x1, x7
    str     xzr, [x0, #VCPU_MORE_STATUS]
    stp     xzr, xzr, [x0, #VCPU_X2]
    mov     x0, #0
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #FRAME_BYTES
    ret

    exits   0
    exits   1
    exits   2
    exits   3

begin_amid:
    mov     w8, #call_1 - call_0
    sub     w7, w7, #4
    smsubl  x30, w7, w8, x30
    b       begin

/* The entry at x19 has another number. What has become due meanwhile goes before. */
next_run:
    count_run
    ldr     w8, [x0, #VCPU_WORK]
    cbnz    w8, finish_counted
begin_run:
    mov     x23, x19
    mov     x21, x9
    mov     x7, #STATS_CALL_SLOTS - 1       /* no call's number; bounds speculation too */
    cmp     x9, x7
    csel    x24, x9, x7, ls
    csdb
    ldr     x8, [x0, #VCPU_CALLS]
    ldrb    w8, [x8, x24]
    adrp    x7, hypercall_lines
    add     x7, x7, :lo12:hypercall_lines
    add     x7, x7, x8, lsl #4
    ldp     x22, x7, [x7]
    stp     x0, x7, [sp, #FRAME_VCPU]
    mov     w7, #MULTICALL_LONG_GROUPS
    lsr     x8, x24, #4
    lsr     w7, w7, w8
    tbnz    w7, #0, long_call
    ret

/* It may take long, so it is the last one. */
long_call:
    make_call
    tbz     x0, #63, finish
    bl      failed
    b       finish

/* The call at x19 has returned an error, or the mark of hcall_values(), INT64_MIN. */
failed:
    cmp     xzr, x0
    b.vs    more_values
    ldr     w8, [sp, #FRAME_STOP]
    cbnz    w8, finish
    ret
more_values:
    ldr     x8, [sp, #FRAME_VCPU]
    ldp     x2, x3, [x8, #VCPU_X2]
    stp     x2, x3, [x19, #ENTRY_VALUE1]
    str     xzr, [x19, #ENTRY_STATUS]
    ret
