/* SPDX-License-Identifier: MIT */
/*
 * The registers of the Scalable Vector Extension. What is here needs that neither SVE nor FP/SIMD
 * traps at EL2. Nothing else of EL2 uses them.
 */
#ifndef ARCH_SVE_H
#define ARCH_SVE_H

#include <stdint.h>

#include "arch/el1.h"

/* ZCR_EL1 and ZCR_EL2 (Arm ARM D17.2.176, D17.2.178). */
#define ZCR_LEN_MAX  UINT64_C(0xF) /* LEN: the largest vector, in 16 bytes, less one */
#define SVE_UNIT     16u           /* bytes; vectors are multiples of it */
#define SVE_UNIT_MAX 16u           /* of these, the most that a vector has */

/**
 * What the registers take in memory with vectors of @bytes: 32 vectors, and 16 predicates and FFR
 * of an eighth of that.
 */
#define SVE_STATE_BYTES(bytes) (32u * (bytes) + 17u * ((bytes) / 8u))

/** sve_vector_bytes() - in sve.S: the vector length at EL2, after ZCR_EL2 */
uint64_t sve_vector_bytes(void);

/**
 * sve_save() - in sve.S: store all vectors, predicates and FFR, and FPCR and FPSR
 * @state: SVE_STATE_BYTES() of the vector length at EL2, aligned to 16 bytes
 * @fp: receives FPCR and FPSR; its v is not used, as these are the vectors' lower parts
 *
 * A predicate is lost.
 */
void sve_save(void *state, struct fp_state *fp);

/** sve_restore() - in sve.S: load all that sve_save() stored */
void sve_restore(const void *state, const struct fp_state *fp);

#endif
