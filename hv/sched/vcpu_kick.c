/* SPDX-License-Identifier: MIT */
/*
 * Kicking vCPUs: one that is blocked wakes, one that runs elsewhere is interrupted.
 */
#include "sched/vcpu_kick.h"

#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/kick.h"
#include "sched/sched.h"
#include "vm/vcpu.h"

void vcpu_kick(struct vcpu *vcpu, uint32_t work)
{
    vcpu_add_work(vcpu, work);
    sched_wake(vcpu, VCPU_BLOCKED);
    struct pcpu *pcpu = vcpu->pcpu;
    if (vcpu->loaded && pcpu != pcpu_self())
        kick_send(pcpu);
}

void vcpu_kick_set(struct vm *vm, uint64_t vcpus, uint32_t work)
{
    uint64_t pcpus_set = sched_kick_set(vm, vcpus, work);

    if (pcpus_set)
        gic_send_sgi_set(pcpus_set, IRQ_KICK);
}
