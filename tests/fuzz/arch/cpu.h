/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/cpu.h as the unit tests' does, but that physical CPUs, which take turns,
 * know when one waits for another.
 */
#ifndef FUZZ_ARCH_CPU_H
#define FUZZ_ARCH_CPU_H

#include "../../unit/fakes/arch/cpu.h"

/** The others do what they have to. */
void machine_wait(void);

/** Who holds the lock makes no progress: nobody but the caller executes. */
_Noreturn void machine_deadlock(void);

#define cpu_wait_for_event()           machine_wait()
#define cpu_wait_until(address, value) ((void)(address), (void)(value), machine_deadlock())

#endif
