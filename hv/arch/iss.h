/* SPDX-License-Identifier: MIT */
/*
 * Trapped system registers as the syndrome names them: ISS of a trapped MSR, MRS or system
 * instruction (Arm ARM D13.2.37).
 */
#ifndef ARCH_ISS_H
#define ARCH_ISS_H

#include <stdint.h>

#define ISS_IS_READ  UINT64_C(1)
#define ISS_RT(iss)  ((iss) >> 5 & 0x1F)
#define ISS_CRM(iss) ((uint32_t)(iss) >> 1 & 0xF)
#define ISS_OP1(iss) ((uint32_t)(iss) >> 14 & 0x7)
#define ISS_CRN(iss) ((uint32_t)(iss) >> 10 & 0xF)
#define ISS_OP2(iss) ((uint32_t)(iss) >> 17 & 0x7)
#define ISS_OP0(iss) ((uint32_t)(iss) >> 20 & 0x3)
#define RT_ZERO      31 /* XZR */

/* The register's name in an ISS: all of it but Rt and the direction. */
#define ISS_NAME_MASK UINT64_C(0x3FFC1E)
#define NAME(op0, op1, crn, crm, op2)                                                              \
    ((uint64_t)(op0) << 20 | (uint64_t)(op2) << 17 | (uint64_t)(op1) << 14 |                       \
     (uint64_t)(crn) << 10 | (uint64_t)(crm) << 1)

#endif
