/* SPDX-License-Identifier: MIT */
/*
 * The choice between the two tables of sensitive operations (machine/sensitive_ops.h), and what a
 * kernel may ask a hypervisor that has no native counterpart.
 *
 * This folder is the porting guide: native.c and paravirtual.c fill the same table, function by
 * function in the same order. No other folder of the kernel knows libhypercall. To port a kernel,
 * find its counterparts of native.c and give each the twin it has in paravirtual.c; any subset
 * will do, because what stays native keeps working by traps.
 */
#ifndef SENSITIVE_SENSITIVE_H
#define SENSITIVE_SENSITIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/sensitive_ops.h"

/**
 * sensitive_init() - choose the operations
 *
 * Takes the machine's UART; then shakes hands with the hypervisor, unless the command line says
 * "pv=off". Never faults where there is none.
 */
void sensitive_init(void);

/** sensitive_is_paravirtual() - whether the hypervisor may be called */
bool sensitive_is_paravirtual(void);

/**
 * sensitive_counter() - what the hypervisor counts of this vCPU
 * @counter: enum stile_counter of stile/abi.h
 * @value: where to put it
 *
 * Returns false without a hypervisor.
 */
bool sensitive_counter(uint32_t counter, uint64_t *value);

/** sensitive_counter_name() - a counter in a word; NULL past the last */
const char *sensitive_counter_name(uint32_t counter);

#endif
