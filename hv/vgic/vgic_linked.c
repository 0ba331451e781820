/* SPDX-License-Identifier: MIT */
/*
 * SPIs that are those of a device which was given to a VM. The physical one is taken by EL2, which
 * drops its priority and makes the virtual one pending; it stays active, so that it does not come
 * again, until the guest deactivates the virtual one: by the list register, which is linked to it,
 * or by EL2, which is told of the end where that cannot be. A level that is still high then fires
 * again, as an edge does that has come meanwhile.
 *
 * So what the guest is shown is an edge in any case: what is pending stays so, though the device
 * may lower its level by then, and at most the guest finds the device with nothing to say.
 */
#include "dev/gic.h"
#include "dev/pcpu.h"
#include "lib/check.h"
#include "lib/cold.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

#define NR_PHYS_SPIS (GIC_INTID_SPECIAL - GIC_FIRST_SPI)

/* Held while a VM's lock is taken, never the reverse. */
static struct spinlock links_lock;

/* Whose a physical SPI is, and as which of its own. */
static struct link {
    uint8_t vm_id; /* 0: nobody's */
    uint8_t intid;
} links[NR_PHYS_SPIS];

_Static_assert(CONFIG_NR_VMS <= UINT8_MAX && VGIC_NR_INTIDS <= UINT8_MAX, "both are bytes");

/* In phys_pcpu[]: it is not routed to another CPU. */
#define STAYS UINT8_MAX
_Static_assert(CONFIG_NR_PCPUS <= STAYS, "that is no CPU's number");

COLD void vgic_link(struct vm *vm, uint32_t intid, uint32_t phys, bool edge)
{
    struct link *link = &links[phys - GIC_FIRST_SPI];

    spin_lock(&links_lock);
    CHECK(link->vm_id == 0);
    *link = (struct link){(uint8_t)vm->id, (uint8_t)intid};
    vm->vgic.phys[intid - GIC_FIRST_SPI] = (uint16_t)phys;
    vm->vgic.phys_pcpu[intid - GIC_FIRST_SPI] = edge && gic_limits.forgets_levels ? STAYS : 0;
    gic_set_edge(phys, edge);
    gic_route(phys, 0);
    gic_enable(phys);
    spin_unlock(&links_lock);
}

COLD void vgic_unlink(struct vm *vm)
{
    spin_lock(&links_lock);
    for (uint32_t i = 0; i < NR_PHYS_SPIS; i++) {
        struct link *link = &links[i];
        uint32_t intid = link->intid, phys = GIC_FIRST_SPI + i;

        if (link->vm_id != vm->id)
            continue;
        gic_disable(phys);
        if (vm->vgic.phys_active[intid / 32 - 1] & vgic_bit(intid))
            gic_set_active(phys, false);
        link->vm_id = 0;
    }
    spin_unlock(&links_lock);
}

static void fire(const struct link *link)
{
    struct vm *vm = vm_slot(link->vm_id);
    struct vgic *vgic = &vm->vgic;
    uint32_t b = link->intid / 32 - 1, bit = vgic_bit(link->intid);

    spin_lock(&vgic->lock);
    vgic->fired_again[b] |= vgic->phys_active[b] & bit;
    vgic->phys_active[b] |= bit;
    vgic->spi[b].posted |= bit;
    vgic_request_refills(vm, link->intid);
    spin_unlock(&vgic->lock);
}

COLD bool vgic_linked_fired(uint32_t phys)
{
    const struct link *link = &links[phys - GIC_FIRST_SPI];
    bool is_linked;

    spin_lock(&links_lock);
    is_linked = link->vm_id != 0;
    if (is_linked)
        fire(link);
    spin_unlock(&links_lock);
    return is_linked;
}

/*
 * Pending and active at once cannot be linked (IHI 0069, ICH_LR<n>_EL2.HW), nor what EL2 is to be
 * told the end of in any case.
 */
COLD void vgic_linked_complete(struct vcpu *vcpu, uint32_t n, uint32_t intid)
{
    const struct vgic *vgic = &vcpu->vm->vgic;
    uint64_t lr = vcpu->vgic.lr[n];

    if (!(vgic->phys_active[intid / 32 - 1] & vgic_bit(intid)))
        return;
    if (gic_limits.forgets_levels || (lr & GIC_LR_EOI) || (lr & GIC_LR_STATE) == GIC_LR_STATE)
        lr |= GIC_LR_EOI;
    else
        lr |= GIC_LR_HW | (uint64_t)vgic->phys[intid - GIC_FIRST_SPI] << GIC_LR_HW_INTID_SHIFT;
    vcpu->vgic.lr[n] = lr;
    gic_write_lr(n, lr);
}

/*
 * The next one comes to the CPU that sees the end of this one: so it interrupts nobody else's. On
 * QEMU's GICv2 an edge that has come already is pending on the CPU that it was routed to, for good.
 */
static void follow(struct vgic *vgic, uint32_t intid)
{
    uint32_t pcpu = pcpu_self()->index, i = intid - GIC_FIRST_SPI;

    if (vgic->phys_pcpu[i] == STAYS)
        return;
    if (vgic->phys_pcpu[i] != pcpu)
        gic_route(vgic->phys[i], pcpu);
    vgic->phys_pcpu[i] = (uint8_t)pcpu;
}

COLD void vgic_linked_ended(struct vm *vm, uint32_t intid)
{
    struct vgic *vgic = &vm->vgic;
    uint32_t b = intid / 32 - 1;

    follow(vgic, intid);
    vgic->phys_active[b] &= ~vgic_bit(intid) | vgic->fired_again[b];
    vgic->fired_again[b] &= ~vgic_bit(intid);
}

/* By the distributor: another CPU's interface may have acknowledged it. */
COLD void vgic_linked_settle(struct vgic *vgic)
{
    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++) {
        const struct vgic_bank *bank = &vgic->spi[b];
        uint32_t over = vgic->phys_active[b] & ~(bank->active | bank->latch | bank->posted);

        vgic->phys_active[b] &= ~over;
        vgic->fired_again[b] &= ~over;
        for (; over; over &= over - 1) {
            uint32_t intid = GIC_FIRST_SPI + 32 * b + vgic_lowest_bit(over);
            follow(vgic, intid);
            gic_set_active(vgic->phys[intid - GIC_FIRST_SPI], false);
        }
    }
}
