/* SPDX-License-Identifier: MIT */
/*
 * CNTP as the architecture has it (Arm ARM D11.2, D13.8), on top of the scheduler's timer.
 */
#include "virt/vtimer.h"

#include "core/sched.h"
#include "core/vcpu.h"
#include "core/vm.h"

/* The other bits of CNTP_CTL_EL0 are read-only or reserved. */
#define CTL_WRITABLE (TIMER_ENABLE | TIMER_IMASK)

static bool has_passed(const struct vtimer *timer)
{
    return timer_now() >= timer->cval;
}

/* Has the interrupt's input be what the registers say. */
static void drive(struct vcpu *vcpu)
{
    struct vtimer *timer = &vcpu->vtimer;
    bool high = vtimer_is_armed(timer) && has_passed(timer);

    if (high == timer->is_raised)
        return;
    timer->is_raised = high;
    vcpu->vm->controller->set_ppi(vcpu, VTIMER_INTID, high);
}

void vtimer_expire(struct vcpu *vcpu)
{
    if (vtimer_deadline(&vcpu->vtimer) != TIMER_NEVER)
        drive(vcpu);
}

void vtimer_reset(struct vcpu *vcpu)
{
    vcpu->vtimer.ctl = 0;
    vcpu->vtimer.cval = 0;
    drive(vcpu);
}

uint64_t vtimer_read(const struct vcpu *vcpu, enum vtimer_register which)
{
    const struct vtimer *timer = &vcpu->vtimer;

    switch (which) {
    case VTIMER_CTL:
        if ((timer->ctl & TIMER_ENABLE) && has_passed(timer))
            return timer->ctl | TIMER_ISTATUS;
        return timer->ctl;
    case VTIMER_CVAL:
        return timer->cval;
    case VTIMER_TVAL:
        return (uint32_t)(timer->cval - timer_now());
    }
    return 0;
}

void vtimer_write(struct vcpu *vcpu, enum vtimer_register which, uint64_t value)
{
    struct vtimer *timer = &vcpu->vtimer;
    uint64_t before = vtimer_deadline(timer);

    switch (which) {
    case VTIMER_CTL:
        timer->ctl = value & CTL_WRITABLE;
        break;
    case VTIMER_CVAL:
        timer->cval = value;
        break;
    case VTIMER_TVAL: /* 32 bits, signed */
        timer->cval = timer_now() + (uint64_t)(int32_t)value;
        break;
    }
    drive(vcpu);
    if (vtimer_deadline(timer) != before)
        sched_rearm();
}
