/* SPDX-License-Identifier: MIT */
/*
 * The timers of a vCPU for which the hypervisor's own does the waiting: the EL1 physical timer
 * (CNTP) a guest is shown, whose registers trap, and that of time_event, which sets an event port.
 * The virtual timer (CNTV) is the hardware's, moved with the vCPU; the counters are the guest's to
 * read.
 */
#ifndef VIRT_VTIMER_H
#define VIRT_VTIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/vtimer_state.h"

struct vcpu;

/** The PPI of a guest's physical timer, level-sensitive (BSA, section 3.6). */
#define VTIMER_INTID 30

/** Its registers, as sysreg_emulate() tells them apart. */
enum vtimer_register {
    VTIMER_CTL,
    VTIMER_CVAL,
    VTIMER_TVAL,
};

/** vtimer_reset() - disarm both: the vCPU, which is not loaded, is being reset. No lock held. */
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

/**
 * vtimer_set_event() - arm the loaded vCPU's timer of time_event anew, or disarm it
 * @ticks: when it is due, or TIMER_NEVER
 * @period: how long after that again, in ticks; or 0
 *
 * Sets the port at once if it is due. No lock held.
 */
void vtimer_set_event(struct vcpu *vcpu, uint64_t ticks, uint64_t period);

/**
 * vtimer_expire() - raise the interrupt's input, and set the event port, of a timer that is due
 * @vcpu: loaded on this physical CPU, or about to be
 *
 * No lock held.
 */
void vtimer_expire(struct vcpu *vcpu);

/** vtimer_look() - look at CNTV's level, if it is time: see vtimer_look_soon(). No lock held. */
void vtimer_look(struct vcpu *vcpu);

#endif
