/* SPDX-License-Identifier: MIT */
/*
 * All FP/SIMD registers, to memory and back: x0: 512 bytes. Needs CPACR_EL1.FPEN.
 */
    .arch armv8.3-a

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
