/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/rndr.h on the host: what the test says.
 */
#ifndef ARCH_RNDR_H
#define ARCH_RNDR_H

#include <stdint.h>

/** What the CPU's source gives next; 0 if there is none. Defined by the test. */
uint64_t rndr_read(void);

#endif
