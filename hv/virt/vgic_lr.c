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
        if (!set[b])
            continue;
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

    if (__atomic_load_n(&vgic->bank.posted, __ATOMIC_RELAXED) == 0)
        return;
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

/* What of an SPI bank wants a list register of this vCPU: pending, and what is active on it. */
static void collect_spis(struct vcpu *vcpu, uint32_t b, struct candidates *all)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;
    struct vgic *dist = &vcpu->vm->vgic;
    struct vgic_bank *bank = &dist->spi[b];
    uint32_t not_elsewhere = ~dist->held[b] | vgic->held[b];

    bank->latch |= bank->posted & not_elsewhere;
    bank->posted &= ~not_elsewhere;
    all->pending[b + 1] =
        vgic_pending(bank) & vgic_forwarded(dist, bank) & vgic->routed[b] & not_elsewhere;
    all->active[b + 1] = bank->active & vgic->held[b];
}

/* What wants a list register of this vCPU. */
static void collect(struct vcpu *vcpu, struct candidates *all)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;

    take_posted(vcpu);
    all->pending[0] = vgic_pending(&vgic->bank) & vgic_forwarded(&vcpu->vm->vgic, &vgic->bank);
    all->active[0] = vgic->bank.active;
    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        collect_spis(vcpu, b, all);
}

/* Not 0 if something in a bank may be pending or active. */
static uint32_t stirs(const struct vgic_bank *bank)
{
    return bank->line | bank->latch | bank->posted | bank->active;
}

/* Whether it is plain that no interrupt wants a list register of this vCPU: mostly so. */
static bool is_quiet(const struct vcpu *vcpu)
{
    uint32_t any = stirs(&vcpu->vgic.bank);

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        any |= stirs(&vcpu->vm->vgic.spi[b]);
    return any == 0;
}

static bool is_empty(const uint32_t set[VGIC_NR_BANKS])
{
    uint32_t any = 0;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
        any |= set[b];
    return any == 0;
}

/* Puts the most urgent interrupt of a set that is not empty into list register @n. */
static void fill_one(struct vcpu *vcpu, uint32_t n, struct candidates *all, const uint32_t *set)
{
    uint32_t intid = vgic_most_urgent(vcpu, set);
    uint32_t bit = vgic_bit(intid);

    CHECK(intid < VGIC_NR_INTIDS);
    uint64_t state = (all->pending[intid / 32] & bit ? GIC_LR_PENDING : 0) |
                     (all->active[intid / 32] & bit ? GIC_LR_ACTIVE : 0);
    all->pending[intid / 32] &= ~bit;
    all->active[intid / 32] &= ~bit;
    vgic_lr_assign(vcpu, n, intid, state);
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
 * Fills the list registers, none of which is assigned, with some of @all, and takes those out of
 * it.
 *
 * If there are too few: first the most urgent pending interrupt, then the active ones, so that the
 * guest can end them by itself, then further pending ones. What is left out is at most as urgent
 * as a pending one that is in. Maintenance interrupts tell when none of those is pending any more
 * and when an active one is ended that is not in. Whether pending and active counts as pending for
 * the former is not clear; so an active one is then not pending as well, but tells its end.
 */
static void fill_lrs(struct vcpu *vcpu)
{
    struct candidates all;
    uint32_t n = 0;

    collect(vcpu, &all);
    if (count(all.pending, all.active) > gic_limits.nr_lrs) {
        for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
            all.pending[b] &= ~all.active[b];
        if (!is_empty(all.pending))
            fill_one(vcpu, n++, &all, all.pending);
    }
    while (n < gic_limits.nr_lrs && !is_empty(all.active))
        fill_one(vcpu, n++, &all, all.active);
    while (n < gic_limits.nr_lrs && !is_empty(all.pending))
        fill_one(vcpu, n++, &all, all.pending);
    vcpu->vgic.active_left_out = !is_empty(all.active);
    vcpu->vgic.pending_left_out = !is_empty(all.pending);
}

/* The same; @stale are those that may not be empty. */
static void fill(struct vcpu *vcpu, uint32_t stale)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t hcr = GIC_HCR_EN;

    vgic->active_left_out = false;
    vgic->pending_left_out = false;
    if (!is_quiet(vcpu))
        fill_lrs(vcpu);
    for (uint32_t bits = stale & ~(uint32_t)vgic->used; bits; bits &= bits - 1)
        gic_write_lr(vgic_lowest_bit(bits), 0);

    if (vgic->active_left_out)
        hcr |= GIC_HCR_LRENPIE | gic_limits.hcr_tdir;
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
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t stale = vgic->used;

    if (stale || vgic->changes || vgic->timer_active) {
        vgic_fold(vcpu);
        vgic_fold_put_timer(vgic);
        for (uint32_t bits = stale; bits; bits &= bits - 1)
            gic_write_lr(vgic_lowest_bit(bits), 0);
    } else {
        /* Who waits for the list registers to be read back may find the vCPU loaded again. */
        __atomic_store_n(&vgic->nr_refills, vgic->nr_refills + 1, __ATOMIC_RELEASE);
    }
    gic_write_hcr(0);
}

/* Whether the CPU interface lets a list register's interrupt through. */
static bool lr_passes(uint64_t lr, uint32_t vmcr)
{
    uint32_t enable = lr & GIC_LR_GROUP1 ? GIC_VMCR_GROUP1_ENABLE : GIC_VMCR_GROUP0_ENABLE;

    return (vmcr & enable) && (uint8_t)(lr >> GIC_LR_PRIORITY_SHIFT) < vmcr >> GIC_VMCR_PMR_SHIFT;
}

enum vgic_look vgic_lr_look(const struct vcpu *vcpu)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;

    if (__atomic_load_n(&vgic->requests, __ATOMIC_RELAXED) ||
        __atomic_load_n(&vgic->bank.posted, __ATOMIC_RELAXED) || vgic->active_left_out ||
        vgic->pending_left_out)
        return VGIC_LOOK_UNCLEAR;
    if (!vgic->used)
        return VGIC_LOOK_NONE;

    uint32_t vmcr = gic_read_vmcr();
    for (uint32_t bits = vgic->used & ~gic_read_empty_lrs(); bits; bits &= bits - 1) {
        uint64_t lr = gic_read_lr(vgic_lowest_bit(bits));
        uint64_t state = lr & GIC_LR_STATE;
        /* It was ended, and that is to be reported; or the timer may have been turned off. */
        if (state == 0 || (state == GIC_LR_PENDING && (lr & GIC_LR_HW)))
            return VGIC_LOOK_UNCLEAR;
        if (state == GIC_LR_PENDING && lr_passes(lr, vmcr))
            return VGIC_LOOK_PENDING;
    }
    return VGIC_LOOK_NONE;
}
