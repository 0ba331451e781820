/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/cpu.h: the system registers that the virtual GIC reaches are functions of
 * world.c, and who waits for another physical CPU lets it have its turn.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

#define read_sysreg(name)         world_read_##name()
#define write_sysreg(name, value) world_write_##name(value)

uint64_t world_read_tpidr_el2(void);
uint64_t world_read_spsr_el2(void);
uint64_t world_read_cntpct_el0(void);
uint64_t world_read_cntfrq_el0(void);
uint64_t world_read_cntp_ctl_el0(void);
uint64_t world_read_cntv_ctl_el0(void);
uint64_t world_read_cntv_cval_el0(void);
uint64_t world_read_cnthp_cval_el2(void);
void world_write_cnthp_cval_el2(uint64_t value);
void world_write_cnthp_ctl_el2(uint64_t value);
void world_write_cntp_cval_el0(uint64_t value);
void world_write_cntp_ctl_el0(uint64_t value);

/** The other physical CPUs do what they were asked for. */
void world_others_go_on(void);

static inline void isb(void)
{
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
    world_others_go_on();
}

static inline void cpu_pause(void)
{
}

static inline void cpu_send_event(void)
{
}

static inline void cpu_wait_until(const uint8_t *address, uint8_t value)
{
    while (__atomic_load_n(address, __ATOMIC_ACQUIRE) != value)
        world_others_go_on();
}

#endif
