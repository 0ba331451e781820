/* SPDX-License-Identifier: MIT */
/*
 * From memory to list registers: which of a vCPU's interrupts are in them. They are folded back and
 * filled anew whenever something changes about an interrupt that is, or ought to be, in one.
 */
#include "arch/timer.h"
#include "dev/pcpu.h"
#include "lib/check.h"
#include "lib/cold.h"
#include "lib/is_enabled.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

/** Candidates for list registers, by bank. */
struct candidates {
    uint32_t nr_banks; /* no bank from here on has any */
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
 * Completes the timer's. Active it is not pending by its level, which may fall until it is ended
 * and is looked at then. Its end is to be the physical interrupt's end, but such a list register
 * cannot be pending and active (IHI 0069, ICH_LR<n>_EL2.HW): then we are told of the end. So we are
 * while it is not forwarded, because it must not come again by itself, and where it would not come
 * again at all.
 */
static uint64_t with_timer(struct vcpu *vcpu, uint64_t lr)
{
    const struct vgic_bank *bank = &vcpu->vgic.bank;

    if ((lr & GIC_LR_ACTIVE) && !(bank->latch & VGIC_TIMER_BIT))
        lr &= ~GIC_LR_PENDING;
    if (lr & GIC_LR_PENDING)
        vgic_timer_watch(vcpu);
    if (gic_limits.forgets_levels || (lr & GIC_LR_STATE) == GIC_LR_STATE ||
        (bank->latch & VGIC_TIMER_BIT) || !(vgic_forwarded(&vcpu->vm->vgic, bank) & VGIC_TIMER_BIT))
        return lr | GIC_LR_EOI;
    return lr | GIC_LR_HW | (uint64_t)ppi.virt_timer << GIC_LR_HW_INTID_SHIFT;
}

/*
 * Whether an interrupt was acknowledged at another priority than it has now. Its list register has
 * that one until its end, which is its end only if they are the same (IHI 0069, ICV_EOIR1_EL1).
 */
static bool has_old_priority(struct vcpu *vcpu, uint32_t intid)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;

    return !(vgic->made_active[intid / 32] & vgic_bit(intid)) &&
           vgic->active_priority[intid] != vgic_bank_of(vcpu, intid)->priority[intid % 32];
}

static COLD uint64_t with_old_priority(const struct vgic_vcpu *vgic, uint32_t intid, uint64_t lr)
{
    lr &= ~(UINT64_C(0xFF) << GIC_LR_PRIORITY_SHIFT | GIC_LR_PENDING | GIC_LR_HW |
            (uint64_t)GICC_DIR_INTID << GIC_LR_HW_INTID_SHIFT);
    if (intid < GIC_NR_SGIS)
        lr |= (uint64_t)vgic->sgi_active_source[intid] << GIC_LR_SOURCE_SHIFT;
    return lr | (uint64_t)vgic->active_priority[intid] << GIC_LR_PRIORITY_SHIFT | GIC_LR_EOI;
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
        return with_timer(vcpu, lr);
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
    all->nr_banks = b + 2;
    all->pending[b + 1] =
        vgic_pending(bank) & vgic_forwarded(dist, bank) & vgic->routed[b] & not_elsewhere;
    all->active[b + 1] = bank->active & vgic->held[b];
}

/* What wants a list register of this vCPU. Mostly that is one SGI. */
static void collect(struct vcpu *vcpu, struct candidates *all)
{
    const struct vgic_vcpu *vgic = &vcpu->vgic;

    take_posted(vcpu);
    *all = (struct candidates){
        .nr_banks = 1,
        .pending = {vgic_pending(&vgic->bank) & vgic_forwarded(&vcpu->vm->vgic, &vgic->bank)},
        .active = {vgic->bank.active},
    };
    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        if (vgic_in_flight(&vcpu->vm->vgic.spi[b]))
            collect_spis(vcpu, b, all);
}

static bool is_empty(const uint32_t set[VGIC_NR_BANKS])
{
    uint32_t any = 0;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
        any |= set[b];
    return any == 0;
}

/*
 * What is active and not forwarded, or comes at another priority the next time, is in its list
 * register for its end alone: vgic_raise.c must not find it there, or the next occurrence would
 * follow at once.
 */
static COLD void keep_to_its_end(struct vcpu *vcpu, uint32_t n, uint32_t intid)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    const struct vgic_bank *bank = vgic_bank_of(vcpu, intid);

    if (has_old_priority(vcpu, intid)) {
        vgic->lr[n] = with_old_priority(vgic, intid, vgic->lr[n]);
        gic_write_lr(n, vgic->lr[n]);
        vgic->lr_of[intid] = VGIC_NO_LR;
    } else if (!(vgic_forwarded(&vcpu->vm->vgic, bank) & vgic_bit(intid))) {
        vgic->lr_of[intid] = VGIC_NO_LR;
    }
}

/* Puts a candidate into list register @n. */
static void fill_one(struct vcpu *vcpu, uint32_t n, const struct candidates *all, uint32_t intid)
{
    uint32_t bit = vgic_bit(intid);
    bool active = all->active[intid / 32] & bit;

    vgic_lr_assign(vcpu, n, intid,
                   (all->pending[intid / 32] & bit ? GIC_LR_PENDING : 0) |
                       (active ? GIC_LR_ACTIVE : 0));
    if (IS_ENABLED(CONFIG_DEVICES) && intid >= GIC_FIRST_SPI)
        vgic_linked_complete(vcpu, n, intid);
    if (active)
        keep_to_its_end(vcpu, n, intid);
}

/* Fills list registers from @n on with the most urgent of a set, as long as there are any. */
static uint32_t fill_urgent(struct vcpu *vcpu, uint32_t n, uint32_t end, struct candidates *all,
                            uint32_t *set)
{
    for (; n < end && !is_empty(set); n++) {
        uint32_t intid = vgic_most_urgent(vcpu, set);
        CHECK(intid < VGIC_NR_INTIDS);
        fill_one(vcpu, n, all, intid);
        set[intid / 32] &= ~vgic_bit(intid);
        all->pending[intid / 32] &= ~vgic_bit(intid);
        all->active[intid / 32] &= ~vgic_bit(intid);
    }
    return n;
}

/* Which of a bank's interrupts are of a group that the guest's CPU interface takes now. */
static uint32_t taken_groups(const struct vgic_bank *bank, uint32_t vmcr)
{
    return (vmcr & GIC_VMCR_GROUP0_ENABLE ? ~bank->group1 : 0) |
           (vmcr & GIC_VMCR_GROUP1_ENABLE ? bank->group1 : 0);
}

/* Has maintenance interrupts tell that the guest takes other groups than now. */
static uint32_t group_changes(uint32_t vmcr)
{
    return (vmcr & GIC_VMCR_GROUP0_ENABLE ? GIC_HCR_GROUP0_OFF : GIC_HCR_GROUP0_ON) |
           (vmcr & GIC_VMCR_GROUP1_ENABLE ? GIC_HCR_GROUP1_OFF : GIC_HCR_GROUP1_ON);
}

/* Has them tell what is to be known about interrupts that are left out, if any. */
static void watch_left_out(struct vgic_vcpu *vgic, bool active, bool pending)
{
    vgic->active_left_out = active;
    vgic->pending_left_out = pending;
    gic_write_hcr(gic_limits.hcr | (active ? GIC_HCR_LRENPIE : 0) |
                  (pending ? GIC_HCR_NPIE | group_changes(gic_read_vmcr()) : 0));
}

static void forget_left_out(struct vgic_vcpu *vgic)
{
    if (vgic->active_left_out || vgic->pending_left_out)
        watch_left_out(vgic, false, false);
}

/* The same maintenance interrupt tells of ends that are of nothing active. And LPIs come in. */
static COLD void fill_odd(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t any = 0;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++)
        any |= vgic->end_due[b];
    if (any && !vgic->active_left_out)
        watch_left_out(vgic, true, vgic->pending_left_out);
    if (IS_ENABLED(CONFIG_ITS))
        vlpi_fill(vcpu);
}

/*
 * Fills the list registers, which are fewer than the candidates: first the most urgent pending
 * interrupt, then the active ones, so that the guest can end them by itself, then further pending
 * ones; those of a group that the guest does not take come last. What is left out is at most as
 * urgent as a pending one that is in. Maintenance interrupts tell when none of those is pending any
 * more, when the guest takes other groups and when an active one is ended that is not in. Whether
 * pending and active counts as pending for the former is not clear; so an active one is
 * then not pending as well, but tells its end.
 */
static COLD void fill_some(struct vcpu *vcpu, struct candidates *all)
{
    uint32_t vmcr = gic_read_vmcr(), taken[VGIC_NR_BANKS];
    uint32_t n, end = gic_limits.nr_lrs;

    for (uint32_t b = 0; b < VGIC_NR_BANKS; b++) {
        all->pending[b] &= ~all->active[b];
        taken[b] = all->pending[b] & taken_groups(vgic_bank_of(vcpu, 32 * b), vmcr);
    }
    n = fill_urgent(vcpu, 0, 1, all, is_empty(taken) ? all->pending : taken);
    n = fill_urgent(vcpu, n, end, all, all->active);
    n = fill_urgent(vcpu, n, end, all, taken);
    (void)fill_urgent(vcpu, n, end, all, all->pending);
    watch_left_out(&vcpu->vgic, !is_empty(all->active), !is_empty(all->pending));
}

static uint32_t count(const struct candidates *all)
{
    uint32_t sum = 0;

    for (uint32_t b = 0; b < all->nr_banks; b++)
        for (uint32_t bits = all->pending[b] | all->active[b]; bits; bits &= bits - 1)
            sum++;
    return sum;
}

/* Fills the list registers, none of which is assigned: with all there is, if they are enough. */
static void fill(struct vcpu *vcpu)
{
    struct candidates all;
    uint32_t n = 0;

    collect(vcpu, &all);
    if (count(&all) > gic_limits.nr_lrs) {
        fill_some(vcpu, &all);
        return;
    }
    for (uint32_t b = 0; b < all.nr_banks; b++)
        for (uint32_t bits = all.pending[b] | all.active[b]; bits; bits &= bits - 1)
            fill_one(vcpu, n++, &all, 32 * b + vgic_lowest_bit(bits));
}

void vgic_lr_refill(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t stale = vgic->used;

    CHECK(vgic->loaded_on == pcpu_self());
    if (__atomic_load_n(&vgic->requests, __ATOMIC_RELAXED)) {
        uint64_t when;
        __atomic_store_n(&vgic->requests, 0, __ATOMIC_RELAXED);
        vgic->timer_due = timer_guest_due(&when); /* that may be what is asked for */
    }
    vgic_fold(vcpu);
    vgic_timer_settle(vgic);
    forget_left_out(vgic);
    if (!vgic_is_quiet(vcpu))
        fill(vcpu);
    if (vgic->is_odd)
        fill_odd(vcpu);
    for (uint32_t bits = stale & ~(uint32_t)vgic->used; bits; bits &= bits - 1)
        gic_write_lr(vgic_lowest_bit(bits), 0);
}

void vgic_lr_load(struct vcpu *vcpu)
{
    if (vcpu->vgic.timer_active)
        vgic_timer_load(&vcpu->vgic);
    fill(vcpu);
    if (vcpu->vgic.is_odd)
        fill_odd(vcpu);
}

void vgic_lr_put(struct vcpu *vcpu)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    uint32_t stale = vgic->used;

    vgic_fold(vcpu);
    vgic_timer_put(vgic);
    forget_left_out(vgic);
    for (uint32_t bits = stale; bits; bits &= bits - 1)
        gic_write_lr(vgic_lowest_bit(bits), 0);
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

    if (vgic_has_news(vgic) || vgic->active_left_out || vgic->pending_left_out)
        return VGIC_LOOK_UNCLEAR;
    if (!vgic->used)
        return VGIC_LOOK_NONE;

    uint32_t vmcr = gic_read_vmcr();
    for (uint32_t bits = vgic->used & ~gic_read_empty_lrs(); bits; bits &= bits - 1) {
        uint64_t lr = gic_read_lr(vgic_lowest_bit(bits));
        uint64_t state = lr & GIC_LR_STATE;
        /* It was ended, and that is to be reported; or the timer may have been turned off. */
        if (state == 0 || (state == GIC_LR_PENDING && GIC_LR_INTID(lr) == IRQ_VIRT_TIMER))
            return VGIC_LOOK_UNCLEAR;
        if (state == GIC_LR_PENDING && lr_passes(lr, vmcr))
            return VGIC_LOOK_PENDING;
    }
    return VGIC_LOOK_NONE;
}
