/* SPDX-License-Identifier: MIT */
/*
 * The redistributors' frames (IHI 0069, 12.10 and 12.11): 128 KiB for each vCPU, first what it is,
 * then its SGIs and PPIs. What is about LPIs is in vits.c.
 */
#include "arch/mpidr.h"
#include "lib/is_enabled.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/mmio_map.h"
#include "vm/vits_state.h"

/* The number of the vCPU whose redistributor is the first behind region 0. */
static uint32_t second_region(const struct vm *vm)
{
    return (uint32_t)(vm->config.gicr[0].bytes / GICR_BYTES);
}

/* Whose redistributor an access is to that is @offset behind that of vCPU @first; NULL past the
 * last. */
static struct vcpu *owner_of(struct vcpu *vcpu, uint32_t first, uint32_t offset)
{
    uint32_t index = first + offset / GICR_BYTES;

    return index < vcpu->vm->config.nr_vcpus ? vm_vcpu(vcpu->vm, index) : NULL;
}

static bool has_lpis(const struct vcpu *owner)
{
    return IS_ENABLED(CONFIG_ITS) && vits_of(owner->vm);
}

static uint64_t typer(const struct vcpu *owner)
{
    uint32_t next = owner->index + 1;
    bool last = next == owner->vm->config.nr_vcpus || next == second_region(owner->vm);

    return (uint64_t)mpidr_packed(owner->mpidr) << GICR_TYPER_AFFINITY_SHIFT |
           (uint64_t)owner->index << GICR_TYPER_NUMBER_SHIFT | (last ? GICR_TYPER_LAST : 0) |
           (has_lpis(owner) ? GICR_TYPER_PLPIS : 0);
}

static uint64_t read_control(struct vcpu *owner, uint32_t offset, uint32_t bytes)
{
    if (has_lpis(owner) && offset >= GICR_PROPBASER && offset < GICR_PENDBASER + 8)
        return vits_read_gicr(owner, offset, bytes);
    if (bytes == 8)
        return offset == GICR_TYPER ? typer(owner) : 0;
    if (bytes != 4)
        return 0;
    switch (offset) {
    case GICR_CTLR:
        return (vgic_refill_outstanding(owner) ? GICR_CTLR_RWP : 0) |
               (has_lpis(owner) && vits_has_lpis_on(owner) ? GICR_CTLR_ENABLE_LPIS : 0);
    case GICR_IIDR:
        return VGIC_IIDR;
    case GICR_TYPER:
        return typer(owner) & UINT32_MAX;
    case GICR_TYPER + 4:
        return typer(owner) >> 32;
    case GICR_WAKER:
        return owner->vgic.waker;
    case GICV3_PIDR2:
        return 3 << 4 | VGIC_PIDR2;
    default:
        return 0;
    }
}

/* What is asleep is awake at once, and the reverse; interrupts come either way. */
static void write_waker(struct vcpu *owner, uint64_t value)
{
    owner->vgic.waker = value & GICR_WAKER_PROCESSOR_SLEEP
                            ? GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP
                            : 0;
}

static uint64_t read_frame(struct vcpu *vcpu, struct vcpu *owner, uint32_t offset, uint32_t bytes)
{
    uint32_t in_frame = offset % GICR_SGI_FRAME;

    if (!owner)
        return 0;
    if (!(offset & GICR_SGI_FRAME))
        return read_control(owner, in_frame, bytes);
    if (in_frame < GICD_IGROUPR || in_frame >= GICD_ICFGR_END)
        return 0;
    const struct vgic_view view = {vcpu, owner, 0, GIC_FIRST_SPI};
    return vgic_bank_read(&view, in_frame, bytes);
}

static void write_frame(struct vcpu *vcpu, struct vcpu *owner, uint32_t offset, uint32_t bytes,
                        uint64_t value)
{
    uint32_t in_frame = offset % GICR_SGI_FRAME;

    if (!owner)
        return;
    if (!(offset & GICR_SGI_FRAME)) {
        if (in_frame == GICR_WAKER && bytes == 4)
            write_waker(owner, value);
        else if (has_lpis(owner))
            vits_write_gicr(owner, in_frame, bytes, value);
        return;
    }
    if (in_frame < GICD_IGROUPR || in_frame >= GICD_ICFGR_END)
        return;
    const struct vgic_view view = {vcpu, owner, 0, GIC_FIRST_SPI};
    vgic_bank_write(&view, in_frame, bytes, (uint32_t)value);
}

/* --- the regions --- */

static uint64_t read_0(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    return read_frame(vcpu, owner_of(vcpu, 0, offset), offset, bytes);
}

static void write_0(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    write_frame(vcpu, owner_of(vcpu, 0, offset), offset, bytes, value);
}

static uint64_t read_1(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    return read_frame(vcpu, owner_of(vcpu, second_region(vcpu->vm), offset), offset, bytes);
}

static void write_1(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    write_frame(vcpu, owner_of(vcpu, second_region(vcpu->vm), offset), offset, bytes, value);
}

const struct mmio_ops vgicr_ops[VM_NR_GICR] = {
    {.read = read_0, .write = write_0, .exit = EXIT_GICR},
    {.read = read_1, .write = write_1, .exit = EXIT_GICR},
};
