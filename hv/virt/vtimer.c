/* SPDX-License-Identifier: MIT */
/*
 * CNTP as the architecture has it (Arm ARM D11.2, D13.8), and the timer of time_event, on top of
 * the scheduler's timer.
 */
#include "virt/vtimer.h"

#include "lib/cold.h"
#include "sched/sched.h"
#include "vgic/vgic.h"
#include "virt/events.h"
#include "vm/irq_controller.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* The other bits of CNTP_CTL_EL0 are read-only or reserved. */
#define CTL_WRITABLE (TIMER_ENABLE | TIMER_IMASK)

/* Whether it can interrupt: enabled and not masked. */
static bool is_armed(const struct vtimer *timer)
{
    return (timer->ctl & (TIMER_ENABLE | TIMER_IMASK)) == TIMER_ENABLE;
}

static void set_deadline(struct vtimer *timer)
{
    uint64_t raise = is_armed(timer) && !timer->is_raised ? timer->cval : TIMER_NEVER;

    timer->deadline = raise < timer->event_ticks ? raise : timer->event_ticks;
}

static bool has_passed(const struct vtimer *timer)
{
    return timer_now() >= timer->cval;
}

/* Has the interrupt's input be what the registers say. */
static void drive(struct vcpu *vcpu)
{
    struct vtimer *timer = &vcpu->vtimer;
    bool high = is_armed(timer) && has_passed(timer);

    if (high == timer->is_raised)
        return;
    timer->is_raised = high;
    vcpu->vm->controller->set_ppi(vcpu, VTIMER_INTID, high);
}

/* When a periodic timer is due next. It keeps its beat, and leaves out what it has missed. */
static uint64_t next_event(const struct vtimer *timer, uint64_t now)
{
    uint64_t late = now - timer->event_ticks;
    uint64_t next;

    if (timer->event_period == 0 ||
        __builtin_add_overflow(now - late % timer->event_period, timer->event_period, &next))
        return TIMER_NEVER;
    return next;
}

static void drive_event(struct vcpu *vcpu)
{
    struct vtimer *timer = &vcpu->vtimer;
    uint64_t now = timer_now();

    if (timer->event_ticks > now)
        return;
    timer->event_ticks = events_timer(vcpu) ? next_event(timer, now) : TIMER_NEVER;
}

COLD void vtimer_look(struct vcpu *vcpu)
{
    if (timer_now() < vcpu->vtimer.look_ticks)
        return;
    vcpu->vtimer.look_ticks = TIMER_NEVER;
    vgic_look_at_timer(vcpu);
}

void vtimer_expire(struct vcpu *vcpu)
{
    if (vtimer_deadline(&vcpu->vtimer) == TIMER_NEVER)
        return;
    drive(vcpu);
    drive_event(vcpu);
    set_deadline(&vcpu->vtimer);
}

void vtimer_set_event(struct vcpu *vcpu, uint64_t ticks, uint64_t period)
{
    struct vtimer *timer = &vcpu->vtimer;
    uint64_t before = vtimer_deadline(timer);

    timer->event_ticks = ticks;
    timer->event_period = period;
    drive_event(vcpu);
    set_deadline(timer);
    if (vtimer_deadline(timer) != before)
        sched_rearm();
}

void vtimer_reset(struct vcpu *vcpu)
{
    vcpu->vtimer.ctl = 0;
    vcpu->vtimer.cval = 0;
    drive(vcpu);
    vcpu->vtimer.event_ticks = TIMER_NEVER;
    vcpu->vtimer.look_ticks = TIMER_NEVER;
    vcpu->vtimer.deadline = TIMER_NEVER;
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
    set_deadline(timer);
    if (vtimer_deadline(timer) != before)
        sched_rearm();
}
