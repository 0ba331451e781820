/* SPDX-License-Identifier: MIT */
/*
 * The virtual timer (CNTV). The guest programs it without an exit, and its interrupt is a physical
 * one, which stays active while the virtual one is pending or active in a list register: the
 * guest's deactivation of the latter is that of the former, or EL2's, which is told of the end.
 *
 * That its level falls nobody tells: the guest may turn the timer off, mask it or move it. So where
 * the guest does not take the interrupt at once, EL2 looks again a little later.
 */
#include "arch/esr.h"
#include "arch/timer.h"
#include "dev/pcpu.h"
#include "lib/cold.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

void vgic_timer_settle(struct vgic_vcpu *vgic)
{
    struct vgic_bank *bank = &vgic->bank;
    uint64_t when;

    if (!vgic->timer_active)
        return;
    if (!timer_guest_due(&when))
        bank->line &= ~VGIC_TIMER_BIT;
    if ((bank->line | bank->active) & VGIC_TIMER_BIT)
        return;
    gic_deactivate(ppi.virt_timer);
    vgic->timer_active = false;
}

/*
 * The next vCPU's timer must be able to interrupt. What this guest has not acknowledged comes
 * again when it is loaded; what it is handling is kept.
 */
void vgic_timer_put(struct vgic_vcpu *vgic)
{
    if (!vgic->timer_active)
        return;
    vgic->bank.line &= ~VGIC_TIMER_BIT;
    vgic->timer_active = (vgic->bank.active & VGIC_TIMER_BIT) != 0;
    gic_deactivate(ppi.virt_timer);
}

/* Meanwhile others may have made the virtual one inactive. */
void vgic_timer_load(struct vgic_vcpu *vgic)
{
    vgic->timer_active = (vgic->bank.active & VGIC_TIMER_BIT) != 0;
    if (vgic->timer_active)
        gic_set_active(ppi.virt_timer, true);
}

/* Whether the CPU takes the interrupt, pending in a list register, as soon as the guest goes on. */
static bool is_taken_at_once(const struct vgic_bank *bank)
{
    uint64_t spsr = read_sysreg(spsr_el2);
    bool group1 = bank->group1 & VGIC_TIMER_BIT;

    if (spsr & SPSR_I)
        return false;

    uint32_t vmcr = gic_read_vmcr();
    if (!(vmcr & (group1 ? GIC_VMCR_GROUP1_ENABLE : GIC_VMCR_GROUP0_ENABLE)) ||
        (!group1 && (vmcr & GIC_VMCR_FIQEN) && (spsr & SPSR_F)))
        return false;
    return bank->priority[IRQ_VIRT_TIMER] < vmcr >> GIC_VMCR_PMR_SHIFT && gic_is_idle();
}

void vgic_timer_begin_watch(struct vcpu *vcpu)
{
    if (!is_taken_at_once(&vcpu->vgic.bank))
        vtimer_look_soon(&vcpu->vtimer);
}

COLD void vgic_look_at_timer(struct vcpu *vcpu)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t n = vgic->lr_of[IRQ_VIRT_TIMER];
    uint64_t when;

    if (vgic->loaded_on != pcpu_self())
        return;

    if (n == VGIC_NO_LR || !(gic_read_lr(n) & GIC_LR_PENDING))
        return;
    if (timer_guest_due(&when))
        vtimer_look_again(&vcpu->vtimer);
    else
        vgic_refill(vcpu);
}

/* That of a vCPU loaded elsewhere is as it was when that CPU looked. */
bool vgic_timer_level(const struct vcpu *self, const struct vcpu *vcpu)
{
    uint64_t when;

    if (vcpu == self)
        return timer_guest_due(&when);
    if (vcpu->vgic.loaded_on)
        return vcpu->vgic.timer_due;
    return (vcpu->el1.cntv_ctl_el0 & (TIMER_ENABLE | TIMER_IMASK)) == TIMER_ENABLE &&
           vcpu->el1.cntv_cval_el0 <= timer_now();
}
