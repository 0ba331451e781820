/* SPDX-License-Identifier: MIT */
/*
 * Instructions that not every CPU has, one a function: instructions.c has what shows each. x0: the
 * address of 128 bytes of memory, aligned; the FP/SIMD registers and x1 to x9 are lost. Those that not
 * every assembler knows are numbers.
 */
    .arch armv8.7-a+crypto+rng+sve+memtag+ls64+i8mm+bf16+predres+ssbs

    .macro instruction name, text:vararg
    .globl instruction_\name
instruction_\name:
    \text
    ret
    .endm

    .text
    instruction pmull, pmull v0.1q, v0.1d, v0.1d
    instruction aes, aese v0.16b, v0.16b
    instruction sha1, sha1h s0, s0
    instruction sha256, sha256su0 v0.4s, v0.4s
    instruction sha512, .inst 0xCEC08000 /* sha512su0 v0.2d, v0.2d */
    instruction crc32, crc32x w1, w1, x1
    instruction atomics, ldadd x1, x2, [x0]
    instruction transactions, .inst 0xD5233161 /* ttest x1 */
    instruction rdm, sqrdmlah v0.4s, v0.4s, v0.4s
    instruction sha3, .inst 0xCE000000 /* eor3 v0.16b, v0.16b, v0.16b, v0.16b */
    instruction sm3, .inst 0xCE60C000 /* sm3partw1 v0.4s, v0.4s, v0.4s */
    instruction sm4, .inst 0xCEC08400 /* sm4e v0.4s, v0.4s */
    instruction dot_product, sdot v0.4s, v0.16b, v0.16b
    instruction fmlal, .inst 0x4E20EC00 /* fmlal v0.4s, v0.4h, v0.4h */
    instruction flags, setf8 w1
    instruction flags_2, axflag
    instruction tlbi_outer, tlbi vae1os, xzr
    instruction tlbi_range, tlbi rvae1is, xzr
    instruction random, mrs x1, rndr
    instruction clean_pop, dc cvap, x0
    instruction clean_podp, dc cvadp, x0
    instruction pauth, pacia x1, x2
    instruction pauth_generic, pacga x1, x2, x3
    instruction javascript, fjcvtzs w1, d0
    instruction complex, fcmla v0.4s, v0.4s, v0.4s, #0
    instruction rcpc, ldapr x1, [x0]
    instruction rcpc_2, ldapur x1, [x0, #8]
    instruction round, frint32z s0, s0
    instruction sb, sb
    instruction restrict, cfp rctx, xzr
    instruction bfloat, bfdot v0.4s, v0.8h, v0.8h
    instruction int8, smmla v0.4s, v0.16b, v0.16b
    instruction nxs, sys #0, c9, c7, #1, xzr /* TLBI VAE1NXS, which this assembler does not know */
    instruction ls64, ld64b x2, [x0]
    instruction sve, rdvl x1, #1
    instruction sme, .inst 0x04BF5821 /* rdsvl x1, #1 */
    instruction dit, mrs x1, dit
    instruction tags, irg x1, x0
    instruction pan, mrs x1, pan
    instruction at_pan, at s1e1rp, x0
    instruction uao, mrs x1, uao
