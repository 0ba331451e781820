/* SPDX-License-Identifier: MIT */
/*
 * The EL1 physical timer (CNTP) a guest is shown. It is emulated: its registers trap, and the
 * hypervisor's own timer does the waiting. The virtual timer (CNTV) is the hardware's, moved with
 * the vCPU; the counters are the guest's to read.
 */
#ifndef VIRT_VTIMER_H
#define VIRT_VTIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/timer.h"

struct vcpu;

/** The PPI of a guest's physical timer, level-sensitive (BSA, section 3.6). */
#define VTIMER_INTID 30

/** Of a loaded vCPU, its physical CPU's; of one that waits, nobody's to change. */
struct vtimer {
    uint64_t ctl;   /* CNTP_CTL_EL0: TIMER_ENABLE and TIMER_IMASK */
    uint64_t cval;  /* CNTP_CVAL_EL0, ticks */
    bool is_raised; /* the input of VTIMER_INTID is high */
};

/** Its registers, as sysreg_emulate() tells them apart. */
enum vtimer_register {
    VTIMER_CTL,
    VTIMER_CVAL,
    VTIMER_TVAL,
};

/** vtimer_reset() - disarm it: the vCPU, which is not loaded, is being reset. No lock held. */
void vtimer_reset(struct vcpu *vcpu);

/** vtimer_read() - the value of a register of the loaded vCPU's */
uint64_t vtimer_read(const struct vcpu *vcpu, enum vtimer_register which);

/**
 * vtimer_write() - the loaded vCPU writes a register
 *
 * Raises or lowers the interrupt's input at once, and has the hypervisor's timer look after the
 * rest. No lock held.
 */
void vtimer_write(struct vcpu *vcpu, enum vtimer_register which, uint64_t value);

/** Whether the timer can interrupt: enabled and not masked. */
static inline bool vtimer_is_armed(const struct vtimer *timer)
{
    return (timer->ctl & (TIMER_ENABLE | TIMER_IMASK)) == TIMER_ENABLE;
}

/**
 * vtimer_deadline() - when the timer will have to be raised
 *
 * CNTPCT_EL0, perhaps past already; TIMER_NEVER if there is nothing to wait for.
 */
static inline uint64_t vtimer_deadline(const struct vtimer *timer)
{
    return vtimer_is_armed(timer) && !timer->is_raised ? timer->cval : TIMER_NEVER;
}

/**
 * vtimer_expire() - raise the interrupt's input if the timer is due
 * @vcpu: loaded on this physical CPU, or about to be
 *
 * No lock held.
 */
void vtimer_expire(struct vcpu *vcpu);

#endif
