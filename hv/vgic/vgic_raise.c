/* SPDX-License-Identifier: MIT */
/*
 * The short way of an SGI, PPI or the timer into a list register of the vCPU loaded here, and of
 * the timer out of it: the path of nearly every interrupt, without the lock and without touching
 * the other list registers.
 *
 * A list register stays assigned to its interrupt when the guest has ended that, so that the next
 * occurrence need only be written to it. Until it is folded, memory does not know whether the
 * guest has acknowledged the last occurrence. So what goes the long way after all is posted, not
 * added to what is pending, or folding would take it for acknowledged.
 */
#include "arch/timer.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

/* Writes a pending interrupt that has no list register to a free one, if that is simple. */
static bool place(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t free = ~(uint32_t)vgic->used & ((1u << gic_limits.nr_lrs) - 1);

    if (!free || (vgic->bank.active & vgic_bit(intid)))
        return false;
    if (vgic_forwarded(&vcpu->vm->vgic, &vgic->bank) & vgic_bit(intid))
        vgic_lr_assign(vcpu, vgic_lowest_bit(free), intid, GIC_LR_PENDING);
    return true;
}

bool vgic_raise_timer(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t n = vgic->lr_of[IRQ_VIRT_TIMER];

    vgic->bank.line |= VGIC_TIMER_BIT;
    if (n != VGIC_NO_LR && (vgic->lr[n] & GIC_LR_HW)) {
        /* The guest has ended the last one, or this one could not have come: its place is free. */
        vgic->lr[n] = (vgic->lr[n] & ~GIC_LR_STATE) | GIC_LR_PENDING;
        gic_write_lr(n, vgic->lr[n]);
        vgic_timer_watch(vcpu);
        return !vgic->pending_left_out;
    }
    vgic->timer_active = true;
    return n == VGIC_NO_LR && place(vcpu, IRQ_VIRT_TIMER);
}

/* Simple is what changes no other list register, and what memory has nothing to add to. */
bool vgic_end_timer(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t n = vgic->lr_of[IRQ_VIRT_TIMER];
    uint64_t when;

    if (n == VGIC_NO_LR || !vgic->timer_active || (vgic->lr[n] & GIC_LR_HW) ||
        (vgic->bank.latch & VGIC_TIMER_BIT) || vgic->pending_left_out || vgic->active_left_out ||
        vgic->is_odd || vgic_has_news(vgic) || (gic_read_lr(n) & GIC_LR_STATE))
        return false;
    vgic->bank.active &= ~VGIC_TIMER_BIT;
    if (timer_guest_due(&when)) {
        vgic->lr[n] = (vgic->lr[n] & ~GIC_LR_STATE) | GIC_LR_PENDING;
        gic_write_lr(n, vgic->lr[n]);
        vgic_timer_watch(vcpu);
        return true;
    }
    vgic->bank.line &= ~VGIC_TIMER_BIT;
    vgic->used &= (uint16_t) ~(1u << n);
    vgic->lr_of[IRQ_VIRT_TIMER] = VGIC_NO_LR;
    gic_write_lr(n, 0);
    vgic_timer_settle(vgic);
    return true;
}

/* Adds to the vCPUs an SGI is pending from, if it is in no list register as from another one. */
static bool add_sources(struct vgic_vcpu *vgic, uint32_t sgi, uint32_t sources)
{
    uint32_t n = vgic->lr_of[sgi];
    uint32_t all = vgic->sgi_sources[sgi] | sources;

    if (n != VGIC_NO_LR && all != 1u << GIC_LR_SOURCE(vgic->lr[n]))
        return false;
    vgic->sgi_sources[sgi] = (uint8_t)all;
    return true;
}

/* Inlined, so that the interrupt's number is a constant where it is one. */
static inline __attribute__((always_inline)) bool latch(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t n = vgic->lr_of[intid];

    vgic->bank.latch |= vgic_bit(intid);
    if (n == VGIC_NO_LR)
        return place(vcpu, intid);

    uint64_t now = gic_read_lr(n);
    if (now & GIC_LR_PENDING)
        return true;
    vgic->lr[n] = (vgic->lr[n] & ~GIC_LR_STATE) | GIC_LR_PENDING | (now & GIC_LR_ACTIVE);
    gic_write_lr(n, vgic->lr[n]);
    return !vgic->pending_left_out; /* one of which may be more urgent than this one */
}

bool vgic_raise(struct vcpu *vcpu, uint32_t intid, uint32_t sources)
{
    if (sources && !add_sources(&vcpu->vgic, intid, sources)) {
        vgic_post(vcpu, intid, sources);
        return false;
    }
    return latch(vcpu, intid);
}

bool vgic_raise_event_line(struct vcpu *vcpu)
{
    return latch(vcpu, VGIC_EVENT_INTID);
}

bool vgic_raise_posted(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    bool done = true;

    for (uint32_t bits = __atomic_exchange_n(&vgic->bank.posted, 0, __ATOMIC_ACQUIRE); bits;
         bits &= bits - 1) {
        uint32_t intid = vgic_lowest_bit(bits), sources = 0;
        if (intid < GIC_NR_SGIS && vgic_is_v2(vcpu)) {
            sources = __atomic_exchange_n(&vgic->sgi_posted[intid], 0, __ATOMIC_RELAXED);
            if (sources == 0)
                continue; /* taken, source and all, with an earlier one */
        }
        done = vgic_raise(vcpu, intid, sources) && done;
    }
    return done;
}
