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

/** cpus_start_others() - bring the other physical CPUs up; says which do not come, and are left out
 */
void cpus_start_others(void);

/** start_secondary() - where boot.S hands over to C on every CPU but the first, with the MMU on */
_Noreturn void start_secondary(void);

#endif
