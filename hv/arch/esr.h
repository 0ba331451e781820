/* SPDX-License-Identifier: MIT */
/*
 * The exception syndrome, ESR_ELx (Arm ARM D13.2.37), and the vector offsets it leads to.
 */
#ifndef ARCH_ESR_H
#define ARCH_ESR_H

#include <stdbool.h>
#include <stdint.h>

#define ESR_EC_SHIFT 26
#define ESR_IL       (UINT64_C(1) << 25)
#define ESR_ISS_MASK UINT64_C(0x1FFFFFF)

/* Exception classes */
#define EC_UNKNOWN    0x00
#define EC_WFX        0x01
#define EC_CP15_32    0x03 /* MCR, MRC; the next is MCRR, MRRC */
#define EC_CP15_64    0x04
#define EC_CP14_32    0x05
#define EC_FP         0x07
#define EC_CP14_64    0x0C
#define EC_ILLEGAL    0x0E
#define EC_HVC64      0x16
#define EC_SMC64      0x17
#define EC_SYS64      0x18
#define EC_SVE        0x19
#define EC_IABT_LOWER 0x20
#define EC_IABT_SAME  0x21
#define EC_DABT_LOWER 0x24
#define EC_DABT_SAME  0x25

/* ISS of WFI and WFE */
#define WFX_IS_WFE (UINT64_C(1) << 0)

/* ISS of what AArch32 may do on a condition: whether there is one, and which */
#define ISS_CV         (UINT64_C(1) << 24)
#define ISS_COND_SHIFT 20

/* ISS of instruction and data aborts; the fault's level is in the low bits of those that have one
 */
#define ABORT_FSC_MASK        UINT64_C(0x3F)
#define ABORT_FSC_SIZE        UINT64_C(0x00) /* an address larger than there are */
#define ABORT_FSC_EXTERNAL    UINT64_C(0x10) /* synchronous external abort, not on a walk */
#define ABORT_FSC_WALK        UINT64_C(0x14) /* synchronous external abort on a walk */
#define ABORT_FSC_UNSUPPORTED UINT64_C(0x35) /* exclusive or atomic, and memory that has none */
#define ABORT_FSC_LEVELS      UINT64_C(0x3C) /* the fault's kind without its level */
#define ABORT_FSC_TRANSLATION UINT64_C(0x04)
#define ABORT_FSC_PERMISSION  UINT64_C(0x0C)
#define ABORT_S1PTW           (UINT64_C(1) << 7)
#define ABORT_ISV             (UINT64_C(1) << 24) /* of data: the ISS describes the access */
#define ABORT_CM              (UINT64_C(1) << 8)  /* cache maintenance, or AT */
#define ABORT_WNR             (UINT64_C(1) << 6)
#define ABORT_FNV             (UINT64_C(1) << 10)

/* HPFAR_EL2: bits 47:12 of the faulting IPA, in bits 43:4 */
#define HPFAR_FIPA_MASK  UINT64_C(0xFFFFFFFFFF0)
#define HPFAR_FIPA_SHIFT 8

/* SPSR_ELx */
#define SPSR_M_MASK  UINT64_C(0xF)
#define SPSR_M_EL0T  UINT64_C(0x0)
#define SPSR_M_EL1T  UINT64_C(0x4)
#define SPSR_M_EL1H  UINT64_C(0x5)
#define SPSR_AARCH32 (UINT64_C(1) << 4)
#define SPSR_DAIF    (UINT64_C(0xF) << 6)
#define SPSR_F       (UINT64_C(1) << 6)
#define SPSR_I       (UINT64_C(1) << 7)
#define SPSR_E       (UINT64_C(1) << 9)  /* from AArch32: data is big-endian */
#define SPSR_BTYPE   (UINT64_C(3) << 10) /* from AArch64 */
#define SPSR_SSBS    (UINT64_C(1) << 12)
#define SPSR_IL      (UINT64_C(1) << 20)
#define SPSR_SS      (UINT64_C(1) << 21)
#define SPSR_PAN     (UINT64_C(1) << 22)
#define SPSR_DIT     (UINT64_C(1) << 24) /* from AArch64 */
#define SPSR_NZCV    (UINT64_C(0xF) << 28)

/** Whether an exception that saved @spsr came from EL0. */
static inline bool spsr_is_el0(uint64_t spsr)
{
    return (spsr & SPSR_AARCH32) || (spsr & SPSR_M_MASK) == SPSR_M_EL0T;
}

static inline uint32_t esr_class(uint64_t esr)
{
    return (uint32_t)(esr >> ESR_EC_SHIFT) & 0x3F;
}

#endif
