/* SPDX-License-Identifier: MIT */
/*
 * What core_multicall knows of calls. For C and assembly.
 */
#ifndef HYPERCALL_MULTICALL_H
#define HYPERCALL_MULTICALL_H

/* Groups whose calls may take long, a bit for each: console, memory, power, control and vm. */
#define MULTICALL_LONG_GROUPS 0x662

#endif
