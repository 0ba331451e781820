/* SPDX-License-Identifier: MIT */
/*
 * The firmware below the hypervisor, called by SMC: PSCI (DEN 0022).
 */
#ifndef DEV_PSCI_H
#define DEV_PSCI_H

#include <stdint.h>

#include "lib/addr.h"

/**
 * psci_cpu_on() - start another physical CPU
 * @mpidr: its affinity fields
 * @entry: where it starts, MMU off, at EL2
 * @context: its x0
 *
 * Returns 0 or a PSCI error.
 */
int32_t psci_cpu_on(uint64_t mpidr, pa_t entry, uint64_t context);

/** psci_system_off() - power the machine off; returns only if the firmware cannot */
void psci_system_off(void);

#endif
