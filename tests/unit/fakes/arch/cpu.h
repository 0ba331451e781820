/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/cpu.h on the host: barriers do nothing, system registers are a table.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <sched.h>
#include <stdint.h>

/** What the register @name holds; 0 until it is written. */
uint64_t fake_sysreg_read(const char *name);
void fake_sysreg_write(const char *name, uint64_t value);

#define read_sysreg(name)         fake_sysreg_read(#name)
#define write_sysreg(name, value) fake_sysreg_write(#name, (value))

static inline void isb(void)
{
}

static inline void error_barrier(void)
{
}

static inline void cpu_clear_branch_history(void)
{
    fake_sysreg_write("history", 1);
}

static inline void cpu_take_branches(uint64_t nr)
{
    fake_sysreg_write("history", nr);
}

static inline void dsb_sy(void)
{
}

static inline void dsb_ish(void)
{
}

static inline void dsb_ishst(void)
{
}

static inline void cpu_wait_for_event(void)
{
}

static inline void cpu_pause(void)
{
}

static inline void cpu_send_event(void)
{
}

/* Other CPUs are threads of the test, if there are any, and may have to be let run. */
static inline void cpu_wait_until(const uint8_t *address, uint8_t value)
{
    while (__atomic_load_n(address, __ATOMIC_ACQUIRE) != value)
        (void)sched_yield();
}

static inline void cpu_wait_for_interrupt(void)
{
}

#endif
