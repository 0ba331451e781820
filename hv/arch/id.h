/* SPDX-License-Identifier: MIT */
/*
 * The identification registers of the CPU this runs on: Op0 = 3, Op1 = 0, CRn = 0, CRm = 1 to 7
 * (Arm ARM D17.1.1). What guests see of them is virt/vid.h's.
 */
#ifndef ARCH_ID_H
#define ARCH_ID_H

#include <stdint.h>

#define ID_NR_REGISTERS 56

/** The number of the register with this CRm (1 to 7) and Op2 (0 to 7). */
#define ID_INDEX(crm, op2) (((crm)-1) * 8 + (op2))

#define ID_AA64PFR0  ID_INDEX(4, 0) /* ID_AA64PFR0_EL1, and so on */
#define ID_AA64PFR1  ID_INDEX(4, 1)
#define ID_AA64PFR2  ID_INDEX(4, 2)
#define ID_AA64DFR0  ID_INDEX(5, 0)
#define ID_AA64ISAR0 ID_INDEX(6, 0)
#define ID_AA64ISAR1 ID_INDEX(6, 1)
#define ID_AA64ISAR2 ID_INDEX(6, 2)
#define ID_AA64MMFR0 ID_INDEX(7, 0)
#define ID_AA64MMFR1 ID_INDEX(7, 1)
#define ID_AA64MMFR2 ID_INDEX(7, 2)
#define ID_AA64MMFR3 ID_INDEX(7, 3)

/** id_field() - the field of four bits from bit @shift on */
static inline uint64_t id_field(uint64_t value, uint32_t shift)
{
    return value >> shift & 0xF;
}

/** id_read_all() - every register of the group, by ID_INDEX(); those that have no name read as 0 */
void id_read_all(uint64_t registers[ID_NR_REGISTERS]);

#endif
