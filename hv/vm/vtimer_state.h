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
    uint32_t nr_looks;   /* how often that was put off for longer, since it was first asked for */
};

/* How long what is in the list registers may differ from CNTV's level at first. */
#define VTIMER_LOOK_US 25

/*
 * Then twice as long each time, up to 2^9 times that, 12.8 ms: on a machine so slow that it is time
 * for the next look when one is over, the guest is to go on nevertheless.
 */
#define VTIMER_LOOK_DOUBLINGS 9

/* @looks: how often the time has doubled. If a look is asked for already, it stays when it is. */
static inline void vtimer_look_after(struct vtimer *timer, uint32_t looks)
{
    if (timer->look_ticks != TIMER_NEVER)
        return;
    timer->nr_looks = looks;
    timer->look_ticks = timer_now() + (timer_frequency() / (1000000 / VTIMER_LOOK_US) << looks);
    timer_arm_earlier(timer->look_ticks);
}

/** vtimer_look_soon() - have vtimer_look() look at CNTV's level, of the vCPU loaded on this CPU */
static inline void vtimer_look_soon(struct vtimer *timer)
{
    vtimer_look_after(timer, 0);
}

/** vtimer_look_again() - after one look, another */
static inline void vtimer_look_again(struct vtimer *timer)
{
    vtimer_look_after(timer, timer->nr_looks < VTIMER_LOOK_DOUBLINGS ? timer->nr_looks + 1
                                                                     : VTIMER_LOOK_DOUBLINGS);
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
