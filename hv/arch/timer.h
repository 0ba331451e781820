/* SPDX-License-Identifier: MIT */
/*
 * The generic timer: the hypervisor's own (CNTHP; CNTP too, because that of guests is emulated) and
 * a look at the guest's (CNTV).
 *
 * CNTVOFF_EL2 is 0, so physical and virtual time are the same ticks.
 */
#ifndef ARCH_TIMER_H
#define ARCH_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"

/* CNTHP_CTL_EL2, CNTP_CTL_EL0, CNTV_CTL_EL0 (Arm ARM D13.8.3, D13.8.18) */
#define TIMER_ENABLE  UINT64_C(1)
#define TIMER_IMASK   UINT64_C(2)
#define TIMER_ISTATUS UINT64_C(4)

static inline uint64_t timer_now(void)
{
    return read_sysreg(cntpct_el0);
}

/** Ticks a second. */
static inline uint64_t timer_frequency(void)
{
    return read_sysreg(cntfrq_el0);
}

/** A time that never comes. */
#define TIMER_NEVER UINT64_MAX

/** Has this CPU interrupted (ppi.hyp_timer) from @deadline on, or not, if that is TIMER_NEVER. */
static inline void timer_arm(uint64_t deadline)
{
    write_sysreg(cnthp_cval_el2, deadline);
}

/** The same, if it would interrupt later than that. */
static inline void timer_arm_earlier(uint64_t deadline)
{
    if (deadline < read_sysreg(cnthp_cval_el2))
        write_sysreg(cnthp_cval_el2, deadline);
}

/** Sets this CPU's timer going; it is not armed. */
static inline void timer_init_pcpu(void)
{
    timer_arm(TIMER_NEVER);
    write_sysreg(cnthp_ctl_el2, TIMER_ENABLE);
}

/** The same with another timer (ppi.phys_timer): the reader of console rings is to look. */
static inline void timer_arm_look(uint64_t deadline)
{
    write_sysreg(cntp_cval_el0, deadline);
    write_sysreg(cntp_ctl_el0, TIMER_ENABLE);
}

static inline void timer_disarm_look(void)
{
    write_sysreg(cntp_ctl_el0, 0);
}

static inline bool timer_look_armed(void)
{
    return (read_sysreg(cntp_ctl_el0) & TIMER_ENABLE) != 0;
}

/**
 * timer_guest_due() - whether the loaded vCPU's virtual timer interrupts now
 * @when: when it will, if it does not; TIMER_NEVER if it is not armed
 */
static inline bool timer_guest_due(uint64_t *when)
{
    uint64_t ctl = read_sysreg(cntv_ctl_el0);

    *when = TIMER_NEVER;
    if ((ctl & (TIMER_ENABLE | TIMER_IMASK)) != TIMER_ENABLE)
        return false;
    if (ctl & TIMER_ISTATUS)
        return true;
    *when = read_sysreg(cntv_cval_el0);
    return false;
}

#endif
