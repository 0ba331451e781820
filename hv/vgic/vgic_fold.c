/* SPDX-License-Identifier: MIT */
/*
 * From list registers to memory: what the guest has done with its interrupts, and what others have
 * asked for meanwhile.
 */
#include "lib/cold.h"
#include "lib/is_enabled.h"
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
    if (vgic->sgi_sources[intid] == 0)
        vgic->bank.latch &= ~vgic_bit(intid);
}

/* How it was when the guest acknowledged it, by which its end is told. */
static void note_acknowledged(struct vgic_vcpu *vgic, uint32_t intid, uint64_t lr)
{
    vgic->active_priority[intid] = (uint8_t)(lr >> GIC_LR_PRIORITY_SHIFT);
    if (intid < GIC_NR_SGIS)
        vgic->sgi_active_source[intid] = (uint8_t)GIC_LR_SOURCE(lr);
}

/* Takes one list register back, which is @now and was last written by us as vgic->lr[n]. */
static void fold_one(struct vcpu *vcpu, uint32_t n, uint64_t now)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint64_t written = vgic->lr[n];
    uint32_t intid = GIC_LR_INTID(written);
    struct vgic_bank *bank = vgic_bank_of(vcpu, intid);
    bool consumed = (written & GIC_LR_PENDING) && !(now & GIC_LR_PENDING);

    vgic->lr_of[intid] = VGIC_NO_LR;
    if (consumed) {
        consume(vcpu, intid, written);
        if (written & GIC_LR_HW)
            bank->line &= ~vgic_bit(intid);
    }
    if (now & GIC_LR_ACTIVE) {
        if (consumed || !(bank->active & vgic_bit(intid)))
            note_acknowledged(vgic, intid, written);
        bank->active |= vgic_bit(intid);
    } else {
        bank->active &= ~vgic_bit(intid);
        release(vcpu, intid);
    }
    if ((written & GIC_LR_HW) && !(now & GIC_LR_STATE)) {
        /* The guest's deactivation was the physical one as well. */
        bank->line &= ~vgic_bit(intid);
        if (!IS_ENABLED(CONFIG_DEVICES) || intid == IRQ_VIRT_TIMER)
            vgic->timer_active = false;
        else
            vgic_linked_ended(vcpu->vm, intid);
    }
}

/* --- ends that no list register knows of --- */

/* Whether the guest deactivates by a register of its own: EOImode. */
static bool splits_eoi(const struct vgic_vcpu *vgic)
{
    return (vgic->loaded_on ? gic_read_vmcr() : vgic->interface.vmcr) & GIC_VMCR_SPLIT_EOI;
}

/* Which of a bank's interrupts are active on the vCPU. */
static uint32_t active_here(struct vcpu *vcpu, uint32_t b)
{
    uint32_t active = vgic_bank_of(vcpu, 32 * b)->active;

    return b == 0 ? active : active & vcpu->vgic.held[b - 1];
}

/* Of a set the one that was the most urgent when it was acknowledged; VGIC_NO_INTID if none. */
static uint32_t most_urgent_of(const uint32_t set[VGIC_NR_BANKS],
                               const uint8_t priority[VGIC_NR_INTIDS])
{
    uint32_t best = VGIC_NO_INTID;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        for (uint32_t bits = set[b]; bits; bits &= bits - 1) {
            uint32_t intid = 32 * b + vgic_lowest_bit(bits);
            if (best == VGIC_NO_INTID || priority[intid] < priority[best])
                best = intid;
        }
    }
    return best;
}

/* One end: of what is left out of the list registers or is to be ended only. False if of neither.
 */
static bool end_one(struct vcpu *vcpu, uint32_t left_out[VGIC_NR_BANKS])
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t active = most_urgent_of(left_out, vgic->active_priority);
    uint32_t due = most_urgent_of(vgic->end_due, vgic->due_priority);

    if (due != VGIC_NO_INTID &&
        (active == VGIC_NO_INTID || vgic->due_priority[due] < vgic->active_priority[active])) {
        vgic->end_due[due / 32] &= ~vgic_bit(due);
        return true;
    }
    if (active == VGIC_NO_INTID)
        return false;
    left_out[active / 32] &= ~vgic_bit(active);
    vgic_bank_of(vcpu, active)->active &= ~vgic_bit(active);
    release(vcpu, active);
    return true;
}

/*
 * Ends that are of no interrupt in a list register are only counted. Which they are of is known all
 * the same: a guest ends what it acknowledged from the most urgent on. What it acknowledged and
 * then made inactive by a write it ends nevertheless, and what it made active by a write it does
 * not. One that deactivates separately may do so in any order: that traps, and what was counted are
 * no deactivations.
 */
static void end_left_out(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t left_out[VGIC_NR_BANKS];

    if (splits_eoi(vgic))
        return;
    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
        left_out[b] = active_here(vcpu, b) & ~vgic->made_active[b];
    for (uint32_t bits = vgic->used; bits; bits &= bits - 1) {
        uint32_t intid = GIC_LR_INTID(vgic->lr[vgic_lowest_bit(bits)]);
        left_out[intid / 32] &= ~vgic_bit(intid);
    }
    uint32_t count = gic_read_hcr() >> GIC_HCR_EOICOUNT_SHIFT;
    while (count > 0 && end_one(vcpu, left_out))
        count--;
}

/* Copies what there is of each of a set of a bank's interrupts. */
static void copy_set(uint8_t *to, const uint8_t *from, uint32_t b, uint32_t set)
{
    for (; set; set &= set - 1)
        to[32 * b + vgic_lowest_bit(set)] = from[32 * b + vgic_lowest_bit(set)];
}

/*
 * Notes which of a bank's interrupts a change makes active or inactive without the guest's CPU.
 * What becomes active again before its end is as it was.
 */
static COLD void note_unpaired(struct vcpu *vcpu, uint32_t b, const struct vgic_change *change)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t active = active_here(vcpu, b), made = change->set_active & ~active;
    uint32_t again = made & vgic->end_due[b];
    uint32_t due = splits_eoi(vgic) ? 0 : change->clear_active & active & ~vgic->made_active[b];

    copy_set(vgic->active_priority, vgic->due_priority, b, again);
    copy_set(vgic->due_priority, vgic->active_priority, b, due);
    if (b == 0) {
        copy_set(vgic->sgi_active_source, vgic->due_source, 0, again & VGIC_SGIS);
        copy_set(vgic->due_source, vgic->sgi_active_source, 0, due & VGIC_SGIS);
    }
    vgic->end_due[b] = (vgic->end_due[b] & ~again) | due;
    vgic->made_active[b] |= made & ~again;
    vgic->is_odd = true;
}

/* Forgets what is over of that, and follows what became of an LPI. */
static COLD void settle_odd(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t any = 0;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        vgic->made_active[b] &= active_here(vcpu, b);
        if (splits_eoi(vgic))
            vgic->end_due[b] = 0;
        any |= vgic->made_active[b] | vgic->end_due[b];
    }
    vgic->is_odd = any != 0;
    if (IS_ENABLED(CONFIG_ITS) && vlpi_fold(vcpu))
        vgic->is_odd = true;
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

static void apply_changes(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    vgic->changes = false;
    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        struct vgic_bank *bank = vgic_bank_of(vcpu, 32 * b);
        struct vgic_change *change = &vgic->change[b];

        if (change->clear_active | change->set_active)
            note_unpaired(vcpu, b, change);
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

/* Changes, and what follows from them and from what the guest has done. */
static inline void change_own(struct vcpu *vcpu)
{
    if (vcpu->vgic.changes)
        apply_changes(vcpu);
    if (vcpu->vgic.is_odd)
        settle_odd(vcpu);
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
    change_own(vcpu);
}

/* The same, or changes alone, for a vCPU that has SPIs, which others may be waiting for. */
static COLD void fold_with_spis(struct vcpu *vcpu, void (*fold)(struct vcpu *vcpu))
{
    uint32_t held_before[VGIC_NR_SPI_BANKS];

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        held_before[b] = vcpu->vgic.held[b];
    fold(vcpu);
    if (IS_ENABLED(CONFIG_DEVICES))
        vgic_linked_settle(&vcpu->vm->vgic);
    pass_on(vcpu, held_before);
}

void vgic_fold_unloaded(struct vcpu *vcpu)
{
    if (holds_spis(&vcpu->vgic))
        fold_with_spis(vcpu, change_own);
    else
        change_own(vcpu);
}

void vgic_fold(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;

    if (holds_spis(vgic))
        fold_with_spis(vcpu, fold_own);
    else
        fold_own(vcpu);
    vgic_count_refill(vgic);
}
