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

    uint64_t look_ticks; /* when to look at CNTV's level, which falls untold, or TIMER_NEVER */
};

/* How long what is in the list registers may differ from CNTV's level. */
#define VTIMER_LOOK_US       25
#define VTIMER_LOOK_AGAIN_US 50

/* How long a level may go unseen that the hardware forgets: see struct gic_limits. */
#define VTIMER_LOOK_SELDOM_US 100

/**
 * vtimer_look_within() - have vtimer_look() look at CNTV's level soon
 * @timer: of the vCPU loaded on this physical CPU
 * @us: microseconds; a constant. If a look is asked for already, it stays when it is.
 */
static inline void vtimer_look_within(struct vtimer *timer, uint32_t us)
{
    if (timer->look_ticks != TIMER_NEVER)
        return;
    timer->look_ticks = timer_now() + timer_frequency() / (1000000 / us);
    timer_arm_earlier(timer->look_ticks);
}

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
