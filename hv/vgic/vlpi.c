/* SPDX-License-Identifier: MIT */
/*
 * LPIs of a VM: from the machine's to a list register. Of a vCPU the most urgent one is in the
 * register that is kept for them, gic_limits.lpi_lr, which tells its end if another one waits, or
 * the same one again.
 *
 * An LPI is never active. Pending it stays until the guest has acknowledged it, which is seen when
 * list registers are folded; what the list register says beside that means nothing. One that comes
 * while it is pending may have been acknowledged by then. So it is pending once more, and the
 * machine's is kept back: what a device can cost is limited by what its guest acknowledges.
 */
#include "dev/gic.h"
#include "dev/its.h"
#include "dev/its_regs.h"
#include "dev/pcpu.h"
#include "lib/cold.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/vits_state.h"

#define NO_LPI VITS_NR_LPIS

struct vits *vits_by_vm[CONFIG_NR_VMS];

/* Of is_shown. Held while a VM's lock is taken, never the reverse. */
static struct spinlock lpis_lock;

static bool has(const uint32_t set[VITS_LPI_WORDS], uint32_t lpi)
{
    return set[lpi / 32] & vgic_bit(lpi);
}

static void add(uint32_t set[VITS_LPI_WORDS], uint32_t lpi)
{
    set[lpi / 32] |= vgic_bit(lpi);
}

static void take(uint32_t set[VITS_LPI_WORDS], uint32_t lpi)
{
    set[lpi / 32] &= ~vgic_bit(lpi);
}

struct its_event vlpi_event(const struct vm *vm, uint32_t lpi)
{
    const struct vits *its = vits_of(vm);
    uint32_t id = its->devices[its->place[lpi]].id;

    return (struct its_event){vits_phys_device(&vm->config, id), its->event[lpi],
                              (vm->id - 1) * ITS_VM_LPIS + lpi};
}

static struct vcpu *target_of(const struct vm *vm, uint32_t lpi)
{
    uint32_t index = vits_of(vm)->vcpu_of[vits_of(vm)->collection[lpi]];

    return index != 0 ? vm_vcpu(vm, index - 1) : NULL;
}

/* --- becoming pending, and the end of that ------------------------------------------------- */

void vlpi_update(struct vm *vm, uint32_t lpi)
{
    struct vcpu *target = target_of(vm, lpi);

    if (target && has(vits_of(vm)->pending, lpi) && has(vits_of(vm)->enabled_lpis, lpi))
        vgic_request_refill(target);
}

void vlpi_refold(struct vm *vm, uint32_t lpi)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        if (vits_of(vm)->in_lr[i] == lpi + 1)
            vgic_request_refill(vm->vcpus[i]);
}

void vlpi_raise(struct vm *vm, uint32_t lpi)
{
    struct vits *its = vits_of(vm);

    if (!has(its->pending, lpi)) {
        add(its->pending, lpi);
        vlpi_update(vm, lpi);
    } else if (!has(its->again, lpi)) {
        const struct its_event event = vlpi_event(vm, lpi);

        add(its->again, lpi);
        its_set_enabled(&event, false);
        vlpi_refold(vm, lpi);
    }
}

static void let_come(struct vm *vm, uint32_t lpi)
{
    const struct its_event event = vlpi_event(vm, lpi);

    take(vits_of(vm)->again, lpi);
    its_set_enabled(&event, true);
}

void vlpi_clear(struct vm *vm, uint32_t lpi)
{
    struct vits *its = vits_of(vm);

    take(its->pending, lpi);
    if (has(its->again, lpi))
        let_come(vm, lpi);
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (its->in_lr[i] != lpi + 1)
            continue;
        its->in_lr[i] = VITS_STALE;
        vgic_request_refill(vm->vcpus[i]);
    }
}

static void acknowledged(struct vm *vm, uint32_t lpi)
{
    if (has(vits_of(vm)->again, lpi))
        let_come(vm, lpi);
    else
        take(vits_of(vm)->pending, lpi);
}

/* The next one comes to where its vCPU runs now: so it interrupts nobody else's. */
static void follow_vcpu(struct vm *vm, uint32_t lpi)
{
    const struct vcpu *target = target_of(vm, lpi);
    const struct pcpu *pcpu = target ? __atomic_load_n(&target->pcpu, __ATOMIC_RELAXED) : NULL;

    if (pcpu && pcpu != pcpu_self()) {
        const struct its_event event = vlpi_event(vm, lpi);

        its_move(&event, pcpu->index);
    }
}

COLD void vlpi_fired(uint32_t intid)
{
    uint32_t index = intid - GIC_FIRST_LPI, lpi = index % ITS_VM_LPIS;
    struct vm *vm = vm_slot(1 + index / ITS_VM_LPIS);

    spin_lock(&lpis_lock);
    if (vm && vits_of(vm) && vits_of(vm)->is_shown) {
        spin_lock(&vm->vgic.lock);
        if (has(vits_of(vm)->mapped, lpi)) {
            follow_vcpu(vm, lpi);
            vlpi_raise(vm, lpi);
        }
        spin_unlock(&vm->vgic.lock);
    }
    spin_unlock(&lpis_lock);
}

void vlpi_show(struct vm *vm, bool shown)
{
    spin_lock(&lpis_lock);
    vits_of(vm)->is_shown = shown;
    spin_unlock(&lpis_lock);
}

void vlpi_forget(struct vm *vm)
{
    spin_lock(&lpis_lock);
    vits_by_vm[vm->id - 1] = NULL;
    spin_unlock(&lpis_lock);
}

/* --- list registers: the lock is held ------------------------------------------------------ */

/* In the list register of another vCPU, which has not seen that it goes elsewhere now. */
static bool is_elsewhere(const struct vcpu *vcpu, uint32_t lpi)
{
    const struct vits *its = vits_of(vcpu->vm);

    for (uint32_t i = 0; i < vcpu->vm->config.nr_vcpus; i++)
        if (i != vcpu->index && its->in_lr[i] == lpi + 1)
            return true;
    return false;
}

/* The most urgent one of a vCPU that is more urgent than @limit; @nr: how many there are. */
static uint32_t most_urgent(struct vcpu *vcpu, uint32_t limit, uint32_t *nr)
{
    const struct vits *its = vits_of(vcpu->vm);
    uint32_t best = NO_LPI;

    *nr = 0;
    if (!(its->lpis_on & 1u << vcpu->index) || !(vcpu->vm->vgic.ctlr & GICD_CTLR_ENABLE_GROUP1))
        return NO_LPI;
    for (uint32_t w = 0; w < VITS_LPI_WORDS; w++) {
        for (uint32_t bits = its->pending[w] & its->enabled_lpis[w]; bits; bits &= bits - 1) {
            uint32_t lpi = 32 * w + vgic_lowest_bit(bits);

            if (target_of(vcpu->vm, lpi) != vcpu || is_elsewhere(vcpu, lpi))
                continue;
            ++*nr;
            if (its->priority[lpi] < limit) {
                limit = its->priority[lpi];
                best = lpi;
            }
        }
    }
    return best;
}

void vlpi_fill(struct vcpu *vcpu)
{
    struct vits *its = vits_of(vcpu->vm);
    uint32_t nr, lpi;

    if (!its)
        return;
    /* The vCPU that was to go on with the queue may have been put meanwhile. */
    if (__atomic_load_n(&its->has_more, __ATOMIC_RELAXED))
        gic_send_sgi(pcpu_self()->index, IRQ_DEVICES);
    lpi = most_urgent(vcpu, UINT32_MAX, &nr);
    if (lpi == NO_LPI)
        return;
    its->in_lr[vcpu->index] = (uint16_t)(lpi + 1);
    gic_write_lr(gic_limits.lpi_lr, (GIC_FIRST_LPI + lpi) | GIC_LR_GROUP1 | GIC_LR_PENDING |
                                        (uint64_t)its->priority[lpi] << GIC_LR_PRIORITY_SHIFT |
                                        (nr > 1 || has(its->again, lpi) ? GIC_LR_EOI : 0));
    vcpu->vgic.pending_left_out = true; /* so that nobody takes the short way past it */
}

bool vlpi_fold(struct vcpu *vcpu)
{
    struct vits *its = vits_of(vcpu->vm);
    uint32_t in_lr = its ? its->in_lr[vcpu->index] : 0;

    if (in_lr != 0) {
        bool waits = gic_read_lr(gic_limits.lpi_lr) & GIC_LR_PENDING;

        gic_write_lr(gic_limits.lpi_lr, 0);
        its->in_lr[vcpu->index] = 0;
        if (in_lr != VITS_STALE && !waits)
            acknowledged(vcpu->vm, in_lr - 1);
        if (in_lr != VITS_STALE && target_of(vcpu->vm, in_lr - 1) != vcpu)
            vlpi_update(vcpu->vm, in_lr - 1);
    }
    return its && (its->lpis_on & 1u << vcpu->index);
}

bool vlpi_has_pending(struct vcpu *vcpu, uint32_t vmcr)
{
    uint32_t nr;

    return vits_of(vcpu->vm) && (vmcr & GIC_VMCR_GROUP1_ENABLE) &&
           most_urgent(vcpu, vmcr >> GIC_VMCR_PMR_SHIFT, &nr) != NO_LPI;
}
