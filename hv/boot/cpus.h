/* SPDX-License-Identifier: MIT */
/*
 * Bringing the physical CPUs up (struct pcpu is in dev/pcpu.h).
 */
#ifndef BOOT_CPUS_H
#define BOOT_CPUS_H

/** cpus_init_boot() - make the table of physical CPUs; this one, the first, is online */
void cpus_init_boot(void);

/** cpus_init_self() - set up this physical CPU's interrupts and traps */
void cpus_init_self(void);

/**
 * cpus_start_others() - bring the other physical CPUs up
 *
 * Those that do not come are left out, each with a line that says why: they are never online.
 */
void cpus_start_others(void);

/** start_secondary() - where boot.S hands over to C on every CPU but the first, with the MMU on */
_Noreturn void start_secondary(void);

#endif
