/* SPDX-License-Identifier: MIT */
/*
 * From list registers to memory: what the guest has done with its interrupts, and what others have
 * asked for meanwhile.
 */
#include "arch/timer.h"
#include "lib/cold.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

/* The vCPU has no more to do with an SPI. */
static void release(struct vcpu *vcpu, uint32_t intid)
{
    if (intid < GIC_FIRST_SPI)
        return;
    vcpu->vgic.held[intid / 32 - 1] &= ~vgic_bit(intid);
    vcpu->vm->vgic.held[intid / 32 - 1] &= ~vgic_bit(intid);
}

/* --- the timer, whose physical interrupt is active while the guest handles the virtual one --- */

void vgic_fold_settle_timer(struct vgic_vcpu *vgic)
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
void vgic_fold_put_timer(struct vgic_vcpu *vgic)
{
    if (!vgic->timer_active)
        return;
    vgic->bank.line &= ~VGIC_TIMER_BIT;
    vgic->timer_active = (vgic->bank.active & VGIC_TIMER_BIT) != 0;
    gic_deactivate(ppi.virt_timer);
}

/* --- from list registers to memory --- */

/* The guest has acknowledged what a list register held pending. */
static void consume(struct vcpu *vcpu, uint32_t intid, uint64_t lr)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    if (intid >= GIC_NR_SGIS || !vgic_is_v2(vcpu)) {
        vgic_bank_of(vcpu, intid)->latch &= ~vgic_bit(intid);
        return;
    }
    /* The same SGI may be pending from other vCPUs. */
    vgic->sgi_sources[intid] &= (uint8_t) ~(1u << GIC_LR_SOURCE(lr));
    vgic->sgi_active_source[intid] = (uint8_t)GIC_LR_SOURCE(lr);
    if (vgic->sgi_sources[intid] == 0)
        vgic->bank.latch &= ~vgic_bit(intid);
}

/* Takes one list register back, which is @now and was last written by us as vgic->lr[n]. */
static void fold_one(struct vcpu *vcpu, uint32_t n, uint64_t now)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint64_t written = vgic->lr[n];
    uint32_t intid = GIC_LR_INTID(written);
    struct vgic_bank *bank = vgic_bank_of(vcpu, intid);

    vgic->lr_of[intid] = VGIC_NO_LR;
    if ((written & GIC_LR_PENDING) && !(now & GIC_LR_PENDING)) {
        consume(vcpu, intid, written);
        if (written & GIC_LR_HW)
            bank->line &= ~VGIC_TIMER_BIT;
    }
    if (now & GIC_LR_ACTIVE) {
        bank->active |= vgic_bit(intid);
    } else {
        bank->active &= ~vgic_bit(intid);
        release(vcpu, intid);
    }
    if ((written & GIC_LR_HW) && !(now & GIC_LR_STATE)) {
        /* The guest's deactivation was the physical one as well. */
        vgic->timer_active = false;
        bank->line &= ~VGIC_TIMER_BIT;
    }
}

/*
 * Active interrupts that found no list register are ended by count. A guest ends what it handles
 * from the most urgent on, and those in list registers were matched. One that deactivates
 * separately may do so in any order: that traps, and what was counted are no deactivations.
 */
static void end_left_out(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t left_out[VGIC_NR_BANKS] = {vgic->bank.active};

    if (gic_read_vmcr() & GIC_VMCR_SPLIT_EOI)
        return;
    for (uint32_t b = 1; b < VGIC_NR_BANKS; b++)
        left_out[b] = vgic_bank_of(vcpu, 32 * b)->active & vgic->held[b - 1];
    for (uint32_t intid = 0; intid < VGIC_NR_INTIDS; intid++) {
        if (vgic->lr_of[intid] != VGIC_NO_LR)
            left_out[intid / 32] &= ~vgic_bit(intid);
    }
    for (uint32_t count = gic_read_hcr() >> GIC_HCR_EOICOUNT_SHIFT; count > 0; count--) {
        uint32_t intid = vgic_most_urgent(vcpu, left_out);
        if (intid == VGIC_NO_INTID)
            break;
        left_out[intid / 32] &= ~vgic_bit(intid);
        vgic_bank_of(vcpu, intid)->active &= ~vgic_bit(intid);
        release(vcpu, intid);
    }
}

/* SPIs that this vCPU had, and that are pending and go elsewhere now. */
static void pass_on(struct vcpu *vcpu, const uint32_t held_before[VGIC_NR_SPI_BANKS])
{
    struct vm *vm = vcpu->vm;

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++) {
        const struct vgic_bank *bank = &vm->vgic.spi[b];
        uint32_t gone = held_before[b] & ~vcpu->vgic.held[b] & ~vcpu->vgic.routed[b] &
                        (vgic_pending(bank) | bank->posted) & vgic_forwarded(&vm->vgic, bank);
        for (uint32_t i = 0; gone && i < vm->config.nr_vcpus; i++) {
            if (vm->vcpus[i]->vgic.routed[b] & gone)
                vgic_request_refill(vm->vcpus[i]);
        }
    }
}

void vgic_fold_apply_changes(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    if (!vgic->changes)
        return;
    vgic->changes = false;
    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        struct vgic_bank *bank = vgic_bank_of(vcpu, 32 * b);
        struct vgic_change *change = &vgic->change[b];

        bank->latch &= ~change->clear_pending;
        bank->active = (bank->active & ~change->clear_active) | change->set_active;
        if (b > 0) {
            uint32_t *held = &vcpu->vm->vgic.held[b - 1];
            vgic->held[b - 1] = (vgic->held[b - 1] & ~change->clear_active) | change->set_active;
            *held = (*held & ~change->clear_active) | change->set_active;
        }
        *change = (struct vgic_change){0};
    }
}

static bool holds_spis(const struct vgic_vcpu *vgic)
{
    uint32_t any = 0;

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        any |= vgic->held[b];
    return any != 0;
}

/* All but what concerns other vCPUs. */
static void fold_own(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    if (vgic->active_left_out)
        end_left_out(vcpu);
    if (vgic->used) {
        uint32_t empty = gic_read_empty_lrs();
        for (uint32_t bits = vgic->used; bits; bits &= bits - 1) {
            uint32_t n = vgic_lowest_bit(bits);
            fold_one(vcpu, n, empty >> n & 1 ? 0 : gic_read_lr(n));
        }
        vgic->used = 0;
    }
    vgic_fold_apply_changes(vcpu);
}

/* The same for a vCPU that has SPIs, which others may be waiting for. */
static COLD void fold_with_spis(struct vcpu *vcpu)
{
    uint32_t held_before[VGIC_NR_SPI_BANKS];

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        held_before[b] = vcpu->vgic.held[b];
    fold_own(vcpu);
    pass_on(vcpu, held_before);
}

void vgic_fold(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    if (holds_spis(vgic))
        fold_with_spis(vcpu);
    else
        fold_own(vcpu);
    vgic_count_refill(vgic);
}
