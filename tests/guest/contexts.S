/* SPDX-License-Identifier: MIT */
/*
 * All FP/SIMD registers, to memory and back: x0: 512 bytes. All of SVE: x0: 32 vectors, 16 predicates
 * and FFR of an eighth of a vector. Needs that CPACR_EL1 lets EL1 use them.
 */
    .arch armv8.3-a+sve

    .macro all op
    \op {v0.16b-v3.16b}, [x0], #64
    \op {v4.16b-v7.16b}, [x0], #64
    \op {v8.16b-v11.16b}, [x0], #64
    \op {v12.16b-v15.16b}, [x0], #64
    \op {v16.16b-v19.16b}, [x0], #64
    \op {v20.16b-v23.16b}, [x0], #64
    \op {v24.16b-v27.16b}, [x0], #64
    \op {v28.16b-v31.16b}, [x0], #64
    .endm

    .text
    .globl contexts_load_fp
contexts_load_fp:
    all ld1
    ret

    .globl contexts_store_fp
contexts_store_fp:
    all st1
    ret

/* contexts_sign(pointer, modifier): with each of the five keys, one after the other. */
    .globl contexts_sign
contexts_sign:
    pacia x0, x1
    eor x2, x0, x1
    pacib x2, x1
    eor x2, x2, x0
    pacda x2, x1
    eor x2, x2, x0
    pacdb x2, x1
    eor x0, x2, x0
    pacga x2, x0, x1
    eor x0, x0, x2
    ret

    .macro all_sve op
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \op z\n, [x0, #\n, mul vl]
    .endr
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \op z\n, [x0, #\n, mul vl]
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \op p\n, [x1, #\n, mul vl]
    .endr
    .endm

    .globl contexts_vector_bytes
contexts_vector_bytes:
    rdvl x0, #1
    ret

/* contexts_load_sve(state, nr): FFR has @nr elements. */
    .globl contexts_load_sve
contexts_load_sve:
    whilelo p0.b, xzr, x1
    wrffr p0.b
    addvl x1, x0, #31
    addvl x1, x1, #1
    all_sve ldr
    ret

/* contexts_store_sve(state): with FFR last. */
    .globl contexts_store_sve
contexts_store_sve:
    addvl x1, x0, #31
    addvl x1, x1, #1
    all_sve str
    rdffr p0.b
    str p0, [x1, #16, mul vl]
    ldr p0, [x1]
    ret
