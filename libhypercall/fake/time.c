/* SPDX-License-Identifier: MIT */
/*
 * The fake's time: a number that the test moves on, and the timers it fires.
 */
#include "handler.h"
#include "irq.h"
#include "time.h"

#define PERIOD_MIN (STILE_PERIOD_MIN_US * (uint64_t)STILE_FAKE_TICKS_PER_SEC / 1000000)

static void fire(struct fake_vcpu *vcpu)
{
    bool has_mailbox = vcpu->vm->config.controller == STILE_CONTROLLER_MAILBOX;

    if (has_mailbox && !vcpu->timer_raised && vcpu->timer <= fake.ticks) {
        vcpu->timer_raised = true;
        fake_irq_set_port(vcpu, FAKE_TIMER_INTID);
    }
    if (vcpu->deadline <= fake.ticks && vcpu->timer_port != 0) {
        uint64_t late = fake.ticks - vcpu->deadline;

        vcpu->deadline =
            vcpu->period == 0 ? STILE_TIME_NEVER : fake.ticks - late % vcpu->period + vcpu->period;
        fake_irq_set_port(vcpu, vcpu->timer_port);
    }
    fake_wake(vcpu);
}

void fake_time_advance(uint64_t ticks)
{
    if (ticks < fake.ticks)
        return;
    __atomic_store_n(&fake.ticks, ticks, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        for (uint32_t j = 0; fake.vms[i].state != STILE_VM_ENDED && j < fake.vms[i].config.nr_vcpus;
             j++)
            fire(&fake.vms[i].vcpus[j]);
}

void stile_fake_set_ticks(uint64_t ticks)
{
    fake_lock();
    fake_time_advance(ticks);
    fake_unlock();
}

uint64_t stile_fake_ticks(void)
{
    return __atomic_load_n(&fake.ticks, __ATOMIC_RELAXED);
}

uint64_t stile_fake_ticks_per_sec(void)
{
    return STILE_FAKE_TICKS_PER_SEC;
}

struct stile_result fake_time_oneshot(struct fake_vcpu *vcpu, stile_ticks_t deadline)
{
    vcpu->timer = deadline.ticks;
    vcpu->timer_raised = false;
    fire(vcpu);
    return fake_ok();
}

struct stile_result fake_time_event(struct fake_vcpu *vcpu, stile_ticks_t deadline,
                                    stile_nr_ticks_t period)
{
    if (period.ticks != 0 && (period.ticks < PERIOD_MIN || deadline.ticks == STILE_TIME_NEVER))
        return fake_bad(2);
    if (vcpu->timer_port == 0)
        return fake_error(STILE_NOT_BOUND);
    vcpu->deadline = deadline.ticks;
    vcpu->period = period.ticks;
    fire(vcpu);
    return fake_ok();
}
