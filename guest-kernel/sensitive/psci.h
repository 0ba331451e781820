/* SPDX-License-Identifier: MIT */
/*
 * Calls to the firmware (PSCI, DEN 0022), by the conduit the device tree names.
 */
#ifndef SENSITIVE_PSCI_H
#define SENSITIVE_PSCI_H

#include <stdint.h>

/** psci_call() - one call; its result, or PSCI_NOT_SUPPORTED if there is no firmware to call */
int64_t psci_call(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3);

#endif
