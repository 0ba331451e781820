/* SPDX-License-Identifier: MIT */
/*
 * Group vcpu: starting and stopping vCPUs, giving the physical CPU away, and counters.
 */
#include "arch/clamp.h"
#include "arch/timer.h"
#include "hypercall/hypercall.h"
#include "hypercall/vpsci.h"
#include "life/vcpu_life.h"
#include "sched/sched.h"
#include "sched/sleep.h"
#include "vm/counters.h"
#include "vm/vm.h"

struct hcall_result hcall_vcpu_yield(struct vcpu *vcpu)
{
    sched_let_others_run(vcpu);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_block(struct vcpu *vcpu)
{
    sleep_block(vcpu);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_counter(struct vcpu *vcpu, stile_u32_t counter)
{
    if (counter >= STILE_NR_COUNTERS)
        return hcall_bad_argument(1);
    return hcall_value(counters_read(vcpu, counter));
}

/* The vCPU that an argument names, or NULL. */
static struct vcpu *find(const struct vcpu *vcpu, stile_vcpu_id_t id)
{
    return id.index < vcpu->vm->config.nr_vcpus ? vm_vcpu(vcpu->vm, id.index) : NULL;
}

struct hcall_result hcall_vcpu_on(struct vcpu *vcpu, stile_vcpu_id_t target, stile_ipa_t entry,
                                  stile_u64_t context)
{
    struct vcpu *started = find(vcpu, target);

    if (!started)
        return hcall_bad_argument(1);
    if (!vm_config_is_entry(&vcpu->vm->config, entry.ipa))
        return hcall_bad_argument(2);
    if (vcpu_start(started, entry.ipa, context) != VCPU_STARTED)
        return hcall_error(STILE_BUSY);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_off(struct vcpu *vcpu)
{
    vpsci_cpu_off(vcpu);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_query(struct vcpu *vcpu, stile_vcpu_id_t target)
{
    struct vcpu *asked = find(vcpu, target);

    if (!asked)
        return hcall_bad_argument(1);
    return hcall_value(vcpu_activity(asked));
}

struct hcall_result hcall_vcpu_yield_to(struct vcpu *vcpu, stile_vcpu_id_t target)
{
    struct vcpu *favoured = find(vcpu, target);

    if (!favoured || favoured == vcpu)
        return hcall_bad_argument(1);
    sched_yield_to(vcpu, favoured);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_poll(struct vcpu *vcpu, stile_u32_t word, stile_u64_t ports,
                                    stile_ticks_t deadline)
{
    if (word >= STILE_PORT_WORDS)
        return hcall_bad_argument(1);
    if (deadline.ticks > timer_now())
        sleep_poll(vcpu, (uint32_t)clamp(word, STILE_PORT_WORDS), ports, deadline.ticks);
    return hcall_ok();
}

struct hcall_result hcall_vcpu_kick(struct vcpu *vcpu, stile_vcpu_id_t target)
{
    struct vcpu *kicked = find(vcpu, target);

    if (!kicked)
        return hcall_bad_argument(1);
    sleep_kick(kicked);
    return hcall_ok();
}
