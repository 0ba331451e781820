/* SPDX-License-Identifier: MIT */
/*
 * A vCPU that goes to sleep, by WFI, vcpu_block or vcpu_poll, and who rouses it. That no wake-up is
 * lost is decided here, under sched_lock: whoever has news looks whether the vCPU sleeps, and the
 * vCPU, before it sleeps, whether there is news.
 */
#include "sched/sleep.h"

#include "arch/timer.h"
#include "dev/intid.h"
#include "dev/kick.h"
#include "lib/cold.h"
#include "sched/sched.h"
#include "vgic/vgic.h"
#include "virt/vtimer.h"
#include "vm/vcpu.h"

/* Ends a vCPU's sleep; returns whether it slept. One that is parked sleeps in its CPU. */
static COLD bool rouse(struct vcpu *vcpu)
{
    if (vcpu->state != VCPU_BLOCKED)
        return false;
    sched_make_ready(vcpu);
    if (vcpu->loaded && vcpu->pcpu != pcpu_self())
        kick_send(vcpu->pcpu);
    return true;
}

COLD void sleep_rouse(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    (void)rouse(vcpu);
    spin_unlock(&sched_lock);
}

COLD void sleep_kick(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    if (!rouse(vcpu))
        vcpu->kicked = true;
    spin_unlock(&sched_lock);
}

/*
 * Whether the vCPU is not to sleep after all. Who sets a bit looks afterwards whether it is polled,
 * and this was said before the bit is looked at here: one of the two sees the other's.
 */
static COLD bool is_called(struct vcpu *vcpu)
{
    bool called = vcpu->kicked;

    vcpu->kicked = false;
    if (!vcpu->polls)
        return called;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return called ||
           (__atomic_load_n(&vcpu->mailbox->words[vcpu->poll_word].pending, __ATOMIC_RELAXED) &
            vcpu->poll_ports);
}

/* Sleeps until an interrupt is pending, or @wake. */
static void block(struct vcpu *vcpu, uint64_t wake)
{
    uint64_t timer;

    if (timer_guest_due(&timer))
        return; /* its interrupt comes as soon as the guest runs again */
    if (timer < wake)
        wake = timer;
    if (vtimer_deadline(&vcpu->vtimer) < wake) {
        vtimer_expire(vcpu); /* so that what follows sees it pending */
        if (vtimer_deadline(&vcpu->vtimer) < wake)
            wake = vtimer_deadline(&vcpu->vtimer);
    }
    if (vgic_has_pending(vcpu))
        return;
    spin_lock(&sched_lock);
    /*
     * Whoever makes an interrupt pending from here on finds the vCPU blocked and wakes it. Where
     * somebody has since we looked, the guest looks itself.
     */
    bool called = (vcpu->kicked || vcpu->polls) && is_called(vcpu);
    if (vcpu->state == VCPU_READY && !called && !vgic_has_news(&vcpu->vgic)) {
        vcpu->state = VCPU_BLOCKED;
        vcpu->wake_ticks = wake;
        vcpu_add_work(vcpu, VCPU_WORK_RESCHED);
    }
    spin_unlock(&sched_lock);
}

void sleep_block(struct vcpu *vcpu)
{
    if (vcpu->polls) {
        vcpu->polls = false;
        __atomic_store_n(&vcpu->poll_ports, 0, __ATOMIC_RELAXED);
    }
    block(vcpu, TIMER_NEVER);
}

void sleep_poll(struct vcpu *vcpu, uint32_t word, uint64_t ports, uint64_t deadline)
{
    vcpu->polls = true;
    vcpu->poll_ticks = deadline;
    __atomic_store_n(&vcpu->poll_word, word, __ATOMIC_RELAXED);
    __atomic_store_n(&vcpu->poll_ports, ports, __ATOMIC_RELAXED);
    block(vcpu, deadline);
}
