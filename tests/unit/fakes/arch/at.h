/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/at.h on the host: the test translates.
 */
#ifndef ARCH_AT_H
#define ARCH_AT_H

#include <stdbool.h>
#include <stdint.h>

#define PAR_FAULT   UINT64_C(1)
#define PAR_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

uint64_t at_stage1(uint64_t va, bool write, bool el0);

#endif
