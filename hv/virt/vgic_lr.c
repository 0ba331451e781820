/* SPDX-License-Identifier: MIT */
/*
 * From memory to list registers: which of a vCPU's interrupts are in them. They are folded back and
 * filled anew whenever something changes about an interrupt that is, or ought to be, in one.
 */
#include "core/pcpu.h"
#include "lib/check.h"
#include "virt/vgic_internal.h"

/** Candidates for list registers, by bank. */
struct candidates {
    uint32_t pending[VGIC_NR_BANKS];
    uint32_t active[VGIC_NR_BANKS];
};

uint32_t vgic_most_urgent(struct vcpu *vcpu, const uint32_t set[VGIC_NR_BANKS])
{
    uint32_t best = VGIC_NO_INTID, best_priority = UINT32_MAX;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        const struct vgic_bank *bank = vgic_bank_of(vcpu, 32 * b);
        for (uint32_t bits = set[b]; bits; bits &= bits - 1) {
            uint32_t i = vgic_lowest_bit(bits);
            if (bank->priority[i] < best_priority) {
                best_priority = bank->priority[i];
                best = 32 * b + i;
            }
        }
    }
    return best;
}

/* An SPI belongs to a vCPU while it is in its list registers or active on it. */
static void hold(struct vcpu *vcpu, uint32_t intid)
{
    if (intid < GIC_FIRST_SPI)
        return;
    vcpu->vgic.held[intid / 32 - 1] |= vgic_bit(intid);
    vcpu->vm->vgic.held[intid / 32 - 1] |= vgic_bit(intid);
}

/*
 * Completes the list register of an SGI of a GICv2 guest, which comes from one vCPU at a time; the
 * end of this one makes room for the next.
 */
static uint64_t with_source(const struct vgic_vcpu *vgic, uint32_t intid, uint64_t lr)
{
    uint32_t sources = vgic->sgi_sources[intid];
    uint32_t source = sources ? vgic_lowest_bit(sources) : 0;

    if (lr & GIC_LR_ACTIVE) {
        source = vgic->sgi_active_source[intid];
        if (!(sources >> source & 1))
            lr &= ~GIC_LR_PENDING;
    }
    if (sources & ~(lr & GIC_LR_PENDING ? 1u << source : 0))
        lr |= GIC_LR_EOI;
    return lr | (uint64_t)source << GIC_LR_SOURCE_SHIFT;
}

/*
 * Completes the timer's. Its end is to be the physical interrupt's end, but such a list register
 * cannot be pending and active (IHI 0069, ICH_LR<n>_EL2.HW): then we are told of the end.
 */
static uint64_t with_timer(const struct vgic_vcpu *vgic, uint64_t lr)
{
    if ((lr & GIC_LR_STATE) == GIC_LR_STATE || (vgic->bank.latch & VGIC_TIMER_BIT))
        return lr | GIC_LR_EOI;
    return lr | GIC_LR_HW | (uint64_t)IRQ_VIRT_TIMER << GIC_LR_HW_INTID_SHIFT;
}

/* The list register for an interrupt whose state is to be @state. */
static uint64_t make_lr(struct vcpu *vcpu, uint32_t intid, uint64_t state)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;
    const struct vgic_bank *bank = vgic_bank_of(vcpu, intid);
    uint32_t bit = vgic_bit(intid);
    uint64_t lr = intid | (uint64_t)bank->priority[intid % 32] << GIC_LR_PRIORITY_SHIFT | state;

    if (bank->group1 & bit)
        lr |= GIC_LR_GROUP1;
    if (intid == IRQ_VIRT_TIMER && vgic->timer_active)
        return with_timer(vgic, lr);
    if (intid < GIC_NR_SGIS && vgic_is_v2(vcpu))
        return with_source(vgic, intid, lr);
    /* A level that is still there at the end is pending again; so is what goes elsewhere now. */
    if (bank->line & ~bank->edge & bit || (!(state & GIC_LR_PENDING) && (bank->latch & bit)))
        lr |= GIC_LR_EOI;
    return lr;
}

void vgic_lr_assign(struct vcpu *vcpu, uint32_t n, uint32_t intid, uint64_t state)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint64_t lr = make_lr(vcpu, intid, state);

    hold(vcpu, intid);
    vgic->used |= (uint16_t)(1u << n);
    vgic->lr_of[intid] = (uint8_t)n;
    vgic->lr[n] = lr;
    gic_write_lr(n, lr);
}

/* What was posted for the vCPU's SGIs and PPIs is pending from now on. */
static void take_posted(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t posted = __atomic_exchange_n(&vgic->bank.posted, 0, __ATOMIC_ACQUIRE);

    vgic->bank.latch |= posted;
    if (!vgic_is_v2(vcpu))
        return;
    for (uint32_t bits = posted & VGIC_SGIS; bits; bits &= bits - 1) {
        uint32_t sgi = vgic_lowest_bit(bits);
        vgic->sgi_sources[sgi] |= __atomic_exchange_n(&vgic->sgi_posted[sgi], 0, __ATOMIC_RELAXED);
        if (vgic->sgi_sources[sgi] == 0)
            vgic->bank.latch &= ~vgic_bit(sgi); /* taken, source and all, with an earlier one */
    }
}

/* What wants a list register of this vCPU. */
static struct candidates collect(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    struct vgic *dist = &vcpu->vm->vgic;
    struct candidates all;

    take_posted(vcpu);
    all.pending[0] = vgic_pending(&vgic->bank) & vgic_forwarded(dist, &vgic->bank);
    all.active[0] = vgic->bank.active;
    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++) {
        struct vgic_bank *bank = &dist->spi[b];
        uint32_t not_elsewhere = ~dist->held[b] | vgic->held[b];

        bank->latch |= bank->posted & not_elsewhere;
        bank->posted &= ~not_elsewhere;
        all.pending[b + 1] =
            vgic_pending(bank) & vgic_forwarded(dist, bank) & vgic->routed[b] & not_elsewhere;
        all.active[b + 1] = bank->active & vgic->held[b];
    }
    return all;
}

/* Puts the most urgent interrupt of a set into list register @n; returns whether there was one. */
static bool fill_one(struct vcpu *vcpu, uint32_t n, struct candidates *all, const uint32_t *set)
{
    uint32_t intid = vgic_most_urgent(vcpu, set);

    if (intid == VGIC_NO_INTID)
        return false;
    uint32_t bit = vgic_bit(intid);
    uint64_t state = (all->pending[intid / 32] & bit ? GIC_LR_PENDING : 0) |
                     (all->active[intid / 32] & bit ? GIC_LR_ACTIVE : 0);
    all->pending[intid / 32] &= ~bit;
    all->active[intid / 32] &= ~bit;
    vgic_lr_assign(vcpu, n, intid, state);
    return true;
}

static uint32_t count(const uint32_t a[VGIC_NR_BANKS], const uint32_t b[VGIC_NR_BANKS])
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < VGIC_NR_BANKS; i++)
        for (uint32_t bits = a[i] | b[i]; bits; bits &= bits - 1)
            sum++;
    return sum;
}

/*
 * Fills the list registers, none of which is assigned; @stale are those that may not be empty.
 *
 * If there are too few: first the most urgent pending interrupt, then the active ones, so that the
 * guest can end them by itself, then further pending ones. What is left out is at most as urgent
 * as a pending one that is in. Maintenance interrupts tell when none of those is pending any more
 * and when an active one is ended that is not in. Whether pending and active counts as pending for
 * the former is not clear; so an active one is then not pending as well, but tells its end.
 */
static void fill(struct vcpu *vcpu, uint32_t stale)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    struct candidates all = collect(vcpu);
    uint32_t n = 0, hcr = GIC_HCR_EN;

    if (count(all.pending, all.active) > gic_limits.nr_lrs) {
        for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
            all.pending[b] &= ~all.active[b];
        if (fill_one(vcpu, n, &all, all.pending))
            n++;
    }
    while (n < gic_limits.nr_lrs && fill_one(vcpu, n, &all, all.active))
        n++;
    while (n < gic_limits.nr_lrs && fill_one(vcpu, n, &all, all.pending))
        n++;
    for (uint32_t bits = stale & ~(uint32_t)vgic->used; bits; bits &= bits - 1)
        gic_write_lr(vgic_lowest_bit(bits), 0);

    vgic->active_left_out = vgic_most_urgent(vcpu, all.active) != VGIC_NO_INTID;
    if (vgic->active_left_out)
        hcr |= GIC_HCR_LRENPIE;
    vgic->pending_left_out = vgic_most_urgent(vcpu, all.pending) != VGIC_NO_INTID;
    if (vgic->pending_left_out)
        hcr |= GIC_HCR_NPIE;
    gic_write_hcr(hcr);
}

void vgic_lr_refill(struct vcpu *vcpu)
{
    uint32_t stale = vcpu->vgic.used;

    CHECK(vcpu->vgic.loaded_on == pcpu_self());
    __atomic_store_n(&vcpu->vgic.requests, 0, __ATOMIC_RELAXED);
    vgic_fold(vcpu);
    vgic_fold_settle_timer(&vcpu->vgic);
    fill(vcpu, stale);
}

void vgic_lr_load(struct vcpu *vcpu)
{
    __atomic_store_n(&vcpu->vgic.requests, 0, __ATOMIC_RELAXED);
    if (vcpu->vgic.timer_active)
        gic_set_active(IRQ_VIRT_TIMER, true);
    fill(vcpu, 0);
}

void vgic_lr_put(struct vcpu *vcpu)
{
    uint32_t stale = vcpu->vgic.used;

    vgic_fold(vcpu);
    vgic_fold_put_timer(&vcpu->vgic);
    for (uint32_t bits = stale; bits; bits &= bits - 1)
        gic_write_lr(vgic_lowest_bit(bits), 0);
    gic_write_hcr(0);
}
