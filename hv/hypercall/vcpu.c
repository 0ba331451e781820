/* SPDX-License-Identifier: MIT */
/*
 * Group vcpu: giving the physical CPU away, and counters.
 */
#include "core/sched.h"
#include "hypercall/hypercall.h"

struct hcall_result hcall_vcpu_yield(struct vcpu *vcpu)
{
    sched_let_others_run(vcpu);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_block(struct vcpu *vcpu)
{
    sched_block(vcpu);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_counter(struct vcpu *vcpu, stile_u32_t counter)
{
    if (counter >= STILE_NR_COUNTERS)
        return hcall_bad_argument(1);
    return hcall_value(stats_counter(&vcpu->stats, counter));
}
