/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a vCPU's timers for which the hypervisor's own does the waiting (virt/vtimer.h).
 */
#ifndef VM_VTIMER_STATE_H
#define VM_VTIMER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/timer.h"

/** Of a loaded vCPU, its physical CPU's; of one that waits, nobody's to change. */
struct vtimer {
    uint64_t ctl;   /* CNTP_CTL_EL0: TIMER_ENABLE and TIMER_IMASK */
    uint64_t cval;  /* CNTP_CVAL_EL0, ticks */
    bool is_raised; /* the input of VTIMER_INTID is high */

    uint64_t event_ticks;  /* when time_event's is due, CNTPCT_EL0, or TIMER_NEVER */
    uint64_t event_period; /* and how long after that again; 0: not again */

    uint64_t deadline; /* the next time at which one of them is due, or TIMER_NEVER */
};

/**
 * vtimer_deadline() - when vtimer_expire() will have something to do
 *
 * CNTPCT_EL0, perhaps past already; TIMER_NEVER if there is nothing to wait for.
 */
static inline uint64_t vtimer_deadline(const struct vtimer *timer)
{
    return timer->deadline;
}

#endif
