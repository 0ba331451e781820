/* SPDX-License-Identifier: MIT */
/*
 * See id.h.
 */
#include "arch/id.h"

#include "arch/cpu.h"

/* By the names that reach those which have none. */
#define READ_ROW(to, crm)                                                                          \
    do {                                                                                           \
        (to)[ID_INDEX(crm, 0)] = read_sysreg(s3_0_c0_c##crm##_0);                                  \
        (to)[ID_INDEX(crm, 1)] = read_sysreg(s3_0_c0_c##crm##_1);                                  \
        (to)[ID_INDEX(crm, 2)] = read_sysreg(s3_0_c0_c##crm##_2);                                  \
        (to)[ID_INDEX(crm, 3)] = read_sysreg(s3_0_c0_c##crm##_3);                                  \
        (to)[ID_INDEX(crm, 4)] = read_sysreg(s3_0_c0_c##crm##_4);                                  \
        (to)[ID_INDEX(crm, 5)] = read_sysreg(s3_0_c0_c##crm##_5);                                  \
        (to)[ID_INDEX(crm, 6)] = read_sysreg(s3_0_c0_c##crm##_6);                                  \
        (to)[ID_INDEX(crm, 7)] = read_sysreg(s3_0_c0_c##crm##_7);                                  \
    } while (0)

void id_read_all(uint64_t registers[ID_NR_REGISTERS])
{
    READ_ROW(registers, 1);
    READ_ROW(registers, 2);
    READ_ROW(registers, 3);
    READ_ROW(registers, 4);
    READ_ROW(registers, 5);
    READ_ROW(registers, 6);
    READ_ROW(registers, 7);
}
