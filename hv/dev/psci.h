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

/**
 * psci_firmware() - another service of the firmware, by SMC
 * @fid: its function id
 *
 * Returns w0. Once a guest has run, only firmware of SMCCC 1.1 may be called: x11 to x15 may be a
 * guest's.
 */
int32_t psci_firmware(uint32_t fid, uint64_t x1);

/** psci_system_off() - power the machine off; returns only if the firmware cannot */
void psci_system_off(void);

#endif
