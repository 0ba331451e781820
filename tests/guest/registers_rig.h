/* SPDX-License-Identifier: MIT */
/*
 * Every encoding of a system register, Op0 = 2 or 3, as one number: reading and writing any of
 * them by instructions that are made on the way (Arm ARM C5.1.2).
 */
#ifndef GUEST_REGISTERS_RIG_H
#define GUEST_REGISTERS_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGISTERS_NR 0x8000u

/** The number of an encoding: the fields as an MRS or MSR has them, from bit 5 on. */
#define REGISTER(op0, op1, crn, crm, op2)                                                          \
    ((uint32_t)((op0)-2) << 14 | (uint32_t)(op1) << 11 | (uint32_t)(crn) << 7 |                    \
     (uint32_t)(crm) << 3 | (uint32_t)(op2))

#define REGISTER_OP0(encoding) ((encoding) >> 14 | 2)
#define REGISTER_OP1(encoding) ((encoding) >> 11 & 7)
#define REGISTER_CRN(encoding) ((encoding) >> 7 & 15)
#define REGISTER_CRM(encoding) ((encoding) >> 3 & 15)
#define REGISTER_OP2(encoding) ((encoding)&7)

/** registers_setup() - suite_setup of suites that use this: makes room for instructions */
void registers_setup(void);

/**
 * registers_begin() - let registers be accessed
 *
 * Masks interrupts, and lets the kernel reach FP registers. Returns what registers_end() wants.
 */
uint64_t registers_begin(void);
void registers_end(uint64_t flags);

/**
 * registers_read(), registers_write() - access an encoding that may be undefined
 *
 * Returns ESR_EL1 if there was an exception, UINT64_MAX if there was none. Between begin and end.
 */
uint64_t registers_read(uint32_t encoding, uint64_t *value);
uint64_t registers_write(uint32_t encoding, uint64_t value);

#define REGISTERS_NO_FAULT UINT64_MAX

/** registers_prepare() - make the instructions for some encodings, at most REGISTERS_PREPARED */
void registers_prepare(const uint16_t encodings[], size_t nr);

#define REGISTERS_PREPARED 256

/** registers_get(), registers_set() - access the @i-th prepared encoding, which is known to work */
uint64_t registers_get(size_t i);
void registers_set(size_t i, uint64_t value);

/** registers_name() - like S3_0_C1_C0_0; valid until the next call */
const char *registers_name(uint32_t encoding);

#endif
