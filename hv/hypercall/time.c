/* SPDX-License-Identifier: MIT */
/*
 * Group time: the calling vCPU's timer.
 */
#include "hypercall/hypercall.h"

/* CNTV_CTL_EL0 (Arm ARM D13.8.18) */
#define TIMER_ENABLE UINT64_C(1)

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
