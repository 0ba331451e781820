/* SPDX-License-Identifier: MIT */
/*
 * What EL2's own descriptors say besides mm/pte.h: types of memory and permissions.
 */
#ifndef MM_EL2_PTE_H
#define MM_EL2_PTE_H

#include "mm/pte.h"

/* Fields of MAIR_EL2, as boot/boot.S sets it. */
#define EL2_MAIR_DEVICE   0u /* Device-nGnRE, 0x04 */
#define EL2_MAIR_NORMAL   1u /* Normal, write-back, 0xFF */
#define EL2_MAIR_UNCACHED 2u /* Normal, not cacheable, 0x44 */

/* Arm ARM D5.4: AttrIndx, AP[2], and AP[1], which is RES1 in a regime with one privilege level. */
#define EL2_PTE_ATTR(index) ((uint64_t)(index) << 2)
#define EL2_PTE_AP1         (UINT64_C(1) << 6)
#define EL2_PTE_READ_ONLY   (UINT64_C(1) << 7)

#define EL2_PTE_NORMAL (EL2_PTE_ATTR(EL2_MAIR_NORMAL) | EL2_PTE_AP1 | PTE_SH_INNER | PTE_AF)

#define EL2_PTE_TEXT   (EL2_PTE_NORMAL | EL2_PTE_READ_ONLY)
#define EL2_PTE_RODATA (EL2_PTE_NORMAL | EL2_PTE_READ_ONLY | PTE_XN)
#define EL2_PTE_DATA   (EL2_PTE_NORMAL | PTE_XN)
/* Not cacheable, and so outer shareable whatever the descriptor says (Arm ARM B2.7.2). */
#define EL2_PTE_UNCACHED                                                                           \
    (EL2_PTE_ATTR(EL2_MAIR_UNCACHED) | EL2_PTE_AP1 | PTE_SH_INNER | PTE_AF | PTE_XN)
#define EL2_PTE_DEVICE (EL2_PTE_ATTR(EL2_MAIR_DEVICE) | EL2_PTE_AP1 | PTE_AF | PTE_XN)

#endif
