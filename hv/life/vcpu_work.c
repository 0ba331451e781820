/* SPDX-License-Identifier: MIT */
/*
 * See vcpu_work.h.
 */
#include "life/vcpu_work.h"

#include "life/vm_life.h"
#include "sched/sched.h"
#include "vgic/vgic.h"
#include "vm/el2_time.h"
#include "vm/vcpu.h"

struct vcpu *vcpu_work(struct vcpu *vcpu)
{
    do {
        uint32_t work = __atomic_exchange_n(&vcpu->work, 0, __ATOMIC_ACQUIRE);
        struct vcpu *before = vcpu;

        if (__builtin_expect((work & VCPU_WORK_CRASH) != 0, 0))
            vm_crash(vcpu, "it keeps writing to its mailbox, so that no event can be put there");
        if (work & VCPU_WORK_RESCHED)
            vcpu = sched_switch(vcpu);
        /* Loading a vCPU fills its list registers, so a switch leaves no VGIC work behind. */
        if ((work & VCPU_WORK_VGIC) && vcpu == before)
            vgic_flush(vcpu);
    } while (__atomic_load_n(&vcpu->work, __ATOMIC_RELAXED) != 0);
    el2_time_end_work();
    return vcpu;
}
