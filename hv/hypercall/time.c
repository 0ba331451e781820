/* SPDX-License-Identifier: MIT */
/*
 * Group time: the calling vCPU's timers.
 */
#include "arch/timer.h"
#include "hypercall/hypercall.h"
#include "virt/events.h"
#include "virt/vtimer.h"

#define US_PER_SEC 1000000

/* The vCPU is loaded, so its timer is the one in this CPU. CNTVOFF_EL2 is 0. */
struct hcall_result hcall_time_oneshot(struct vcpu *vcpu, stile_ticks_t deadline)
{
    (void)vcpu;
    if (deadline.ticks == STILE_TIME_NEVER) {
        write_sysreg(cntv_ctl_el0, 0);
    } else {
        write_sysreg(cntv_cval_el0, deadline.ticks);
        write_sysreg(cntv_ctl_el0, TIMER_ENABLE);
    }
    return hcall_ok();
}

static bool is_period(uint64_t ticks)
{
    return ticks == 0 || ticks >= timer_frequency() * STILE_PERIOD_MIN_US / US_PER_SEC;
}

struct hcall_result hcall_time_event(struct vcpu *vcpu, stile_ticks_t deadline,
                                     stile_nr_ticks_t period)
{
    if (!is_period(period.ticks) || (period.ticks != 0 && deadline.ticks == STILE_TIME_NEVER))
        return hcall_bad_argument(2);
    if (!events_arm_timer(vcpu))
        return hcall_error(STILE_NOT_BOUND);
    vtimer_set_event(vcpu, deadline.ticks, period.ticks);
    return hcall_ok();
}
