/* SPDX-License-Identifier: MIT */
/*
 * See sve.h. Offsets of FPCR and FPSR: struct fp_state.
 */
    .arch_extension sve

    .macro  vectors op
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \op     z\n, [x0, #\n, mul vl]
    .endr
    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \op     z\n, [x0, #\n, mul vl]
    .endr
    .endm

    .macro  predicates op
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \op     p\n, [x2, #\n, mul vl]
    .endr
    .endm

/* x2: behind the 32 vectors at x0. */
    .macro  find_predicates
    addvl   x2, x0, #31
    addvl   x2, x2, #1
    .endm

    .text
    .global sve_vector_bytes
sve_vector_bytes:
    rdvl    x0, #1
    ret

    .global sve_save
sve_save:
    find_predicates
    vectors str
    predicates str
    rdffr   p0.b
    str     p0, [x2, #16, mul vl]
    mrs     x3, fpcr
    mrs     x4, fpsr
    str     x3, [x1, #512]
    str     x4, [x1, #520]
    ret

    .global sve_restore
sve_restore:
    find_predicates
    ldr     p0, [x2, #16, mul vl]
    wrffr   p0.b
    vectors ldr
    predicates ldr
    ldr     x3, [x1, #512]
    ldr     x4, [x1, #520]
    msr     fpcr, x3
    msr     fpsr, x4
    ret
