/* SPDX-License-Identifier: MIT */
/*
 * The distributor's frame (IHI 0069, 12.9; IHI 0048, 4.3): what it is, its enables, where SPIs go.
 * A GICv3 has affinity routing always, and one security state.
 */
#include "arch/clamp.h"
#include "arch/mpidr.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/mmio_map.h"

#define CTLR_ENABLES (GICD_CTLR_ENABLE_GROUP0 | GICD_CTLR_ENABLE_GROUP1)

/* GICD_TYPER: how many INTIDs, in 32s. */
#define TYPER_LINES  (VGIC_NR_BANKS - 1u)
#define TYPER_IDBITS (9u << GICD_TYPER_IDBITS_SHIFT) /* 10 bits */

#define IROUTER_FIRST (GICD_IROUTER + 8 * GIC_FIRST_SPI)
#define IROUTER_END   (GICD_IROUTER + 8 * VGIC_NR_INTIDS)

/* Which vCPUs take an SPI: at most one, the first that GICD_ITARGETSR names. */
static uint32_t targets_of(const struct vm *vm, uint32_t spi)
{
    const struct vgic *dist = &vm->vgic;

    if (vm->config.gic_version == 3) {
        uint32_t index = vm_config_vcpu(&vm->config, dist->irouter[spi]);
        return index < vm->config.nr_vcpus ? 1u << index : 0;
    }
    if (vm->config.nr_vcpus == 1)
        return 1; /* GICD_ITARGETSR is reserved if there is one CPU */
    return dist->itargets[spi] & -(uint32_t)dist->itargets[spi];
}

void vgicd_route(struct vm *vm, uint32_t intid)
{
    uint32_t targets = targets_of(vm, intid - GIC_FIRST_SPI);
    uint32_t bit = vgic_bit(intid);

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        uint32_t *routed = &vm->vcpus[i]->vgic.routed[intid / 32 - 1];
        *routed = targets >> i & 1 ? *routed | bit : *routed & ~bit;
    }
}

/* --- GICD_CTLR --- */

/* Whether what was written is still on its way to a vCPU that runs. */
static bool write_pending(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++) {
        if (vgic_refill_outstanding(vm->vcpus[i]))
            return true;
    }
    return false;
}

static void write_ctlr(struct vcpu *vcpu, uint32_t value)
{
    struct vm *vm = vcpu->vm;

    spin_lock(&vm->vgic.lock);
    if (vm->vgic.ctlr != (value & CTLR_ENABLES)) {
        vm->vgic.ctlr = value & CTLR_ENABLES;
        for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
            vgic_update(vcpu, vm->vcpus[i]);
    }
    spin_unlock(&vm->vgic.lock);
}

/* --- GICD_ITARGETSR, GICv2: by byte or word --- */

static uint32_t read_targets(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    const struct vm *vm = vcpu->vm;
    uint32_t first = offset - GICD_ITARGETSR;
    uint32_t value = 0;

    if (!vgic_by_byte(bytes) || first >= VGIC_NR_INTIDS || vm->config.nr_vcpus == 1)
        return 0;
    first = (uint32_t)clamp(first, VGIC_NR_INTIDS);
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t intid = first + i;
        uint32_t targets =
            intid < GIC_FIRST_SPI ? 1u << vcpu->index : vm->vgic.itargets[intid - GIC_FIRST_SPI];
        value |= targets << (8 * i);
    }
    return value;
}

static void write_targets(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct vm *vm = vcpu->vm;
    uint32_t first = offset - GICD_ITARGETSR;

    if (!vgic_by_byte(bytes) || first < GIC_FIRST_SPI || first >= VGIC_NR_INTIDS)
        return;
    first = (uint32_t)clamp(first, VGIC_NR_INTIDS);
    spin_lock(&vm->vgic.lock);
    for (uint32_t intid = first; intid < first + bytes; intid++, value >>= 8) {
        vm->vgic.itargets[intid - GIC_FIRST_SPI] =
            (uint8_t)(value & ((1u << vm->config.nr_vcpus) - 1));
        vgicd_route(vm, intid);
    }
    vgic_update_spis(vcpu, first / 32, ((1u << bytes) - 1) << (first % 32));
    spin_unlock(&vm->vgic.lock);
}

/* --- GICD_IROUTER, GICv3 --- */

/* The SPI, from 0, that a register between IROUTER_FIRST and IROUTER_END is for. */
static uint32_t router_of(uint32_t offset)
{
    return (uint32_t)clamp((offset - IROUTER_FIRST) / 8, VGIC_NR_INTIDS - GIC_FIRST_SPI);
}

static uint64_t read_router(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    uint64_t value = vcpu->vm->vgic.irouter[router_of(offset)];

    if (bytes == 8)
        return value;
    return bytes == 4 ? value >> (8 * (offset & 4)) & UINT32_MAX : 0;
}

static void write_router(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct vm *vm = vcpu->vm;
    uint32_t spi = router_of(offset), intid = GIC_FIRST_SPI + spi;
    uint64_t *router = &vm->vgic.irouter[spi];
    uint32_t shift = 8 * (offset & 4);

    if (bytes < 4)
        return;
    spin_lock(&vm->vgic.lock);
    if (bytes == 4)
        value = (*router & ~((uint64_t)UINT32_MAX << shift)) | value << shift;
    *router = value & MPIDR_AFFINITY;
    vgicd_route(vm, intid);
    vgic_update_spis(vcpu, intid / 32, vgic_bit(intid));
    spin_unlock(&vm->vgic.lock);
}

/* --- the frames --- */

/* Registers with a field for each interrupt. */
static bool is_bank(uint32_t offset)
{
    return (offset >= GICD_IGROUPR && offset < GICD_ITARGETSR) ||
           (offset >= GICD_ICFGR && offset < GICD_ICFGR_END);
}

/* A GICv2's distributor has the SGIs and PPIs as well, those of the vCPU that asks. */
static struct vgic_view view_of(struct vcpu *vcpu)
{
    uint32_t first = vgic_is_v2(vcpu) ? 0 : GIC_FIRST_SPI;

    return (struct vgic_view){vcpu, vcpu, first, VGIC_NR_INTIDS};
}

/* Not inlined, to keep its stack frame out of the way of the other registers. */
static __attribute__((noinline)) uint64_t read_bank(struct vcpu *vcpu, uint32_t offset,
                                                    uint32_t bytes)
{
    const struct vgic_view view = view_of(vcpu);

    return vgic_bank_read(&view, offset, bytes);
}

static void write_bank(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint32_t value)
{
    const struct vgic_view view = view_of(vcpu);

    vgic_bank_write(&view, offset, bytes, value);
}

void vgicd_init_typer(struct vm *vm)
{
    vm->vgic.typer = TYPER_LINES | TYPER_IDBITS | GICD_TYPER_A3V | GICD_TYPER_NO_1_OF_N;
}

static uint64_t read_control_v3(struct vcpu *vcpu, uint32_t offset)
{
    switch (offset) {
    case GICD_CTLR:
        return vcpu->vm->vgic.ctlr | GICD_CTLR_ARE | GICD_CTLR_DS |
               (write_pending(vcpu->vm) ? GICD_CTLR_RWP : 0);
    case GICD_TYPER:
        return vcpu->vm->vgic.typer;
    case GICD_IIDR:
        return VGIC_IIDR;
    case GICV3_PIDR2:
        return 3 << 4 | VGIC_PIDR2;
    default:
        return 0;
    }
}

static uint64_t read_v3(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    if (is_bank(offset))
        return read_bank(vcpu, offset, bytes);
    if (offset >= IROUTER_FIRST && offset < IROUTER_END)
        return read_router(vcpu, offset, bytes);
    return bytes == 4 ? read_control_v3(vcpu, offset) : 0;
}

static void write_v3(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    if (is_bank(offset))
        write_bank(vcpu, offset, bytes, (uint32_t)value);
    else if (offset >= IROUTER_FIRST && offset < IROUTER_END)
        write_router(vcpu, offset, bytes, value);
    else if (offset == GICD_CTLR && bytes == 4)
        write_ctlr(vcpu, (uint32_t)value);
}

static uint64_t read_control_v2(struct vcpu *vcpu, uint32_t offset)
{
    switch (offset) {
    case GICD_CTLR:
        return vcpu->vm->vgic.ctlr;
    case GICD_TYPER:
        return TYPER_LINES | (vcpu->vm->config.nr_vcpus - 1) << GICD_TYPER_CPUS_SHIFT;
    case GICD_IIDR:
        return VGIC_IIDR;
    case GICV2_PIDR2:
        return 2 << 4 | VGIC_PIDR2;
    default:
        return 0;
    }
}

static uint64_t read_v2(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    if (is_bank(offset))
        return read_bank(vcpu, offset, bytes);
    if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
        return read_targets(vcpu, offset, bytes);
    if (offset >= GICD_CPENDSGIR && offset < GICD_SGI_END)
        return vgic_sgi_read_sources(vcpu, offset, bytes);
    return bytes == 4 ? read_control_v2(vcpu, offset) : 0;
}

static void write_sgir(struct vcpu *vcpu, uint32_t value)
{
    stats_reclassify(&vcpu->stats, EXIT_GICD, EXIT_SGIR);
    vgic_sgi_write_sgir(vcpu, value);
}

static void write_v2(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    if (is_bank(offset))
        write_bank(vcpu, offset, bytes, (uint32_t)value);
    else if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
        write_targets(vcpu, offset, bytes, (uint32_t)value);
    else if (offset >= GICD_CPENDSGIR && offset < GICD_SGI_END)
        vgic_sgi_write_sources(vcpu, offset, bytes, (uint32_t)value);
    else if (offset == GICD_SGIR && bytes == 4)
        write_sgir(vcpu, (uint32_t)value);
    else if (offset == GICD_CTLR && bytes == 4)
        write_ctlr(vcpu, (uint32_t)value);
}

/* --- the page of a GICv2's CPU interface that is not the hardware's --- */

static uint64_t read_dir(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    (void)vcpu;
    (void)offset;
    (void)bytes;
    return 0; /* write-only */
}

static void write_dir(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    if (offset == 0 && bytes == 4)
        vgic_deactivate(vcpu, value);
}

const struct mmio_ops vgicc_dir_ops = {.read = read_dir, .write = write_dir, .exit = EXIT_GICD};
const struct mmio_ops vgicd_v2_ops = {.read = read_v2, .write = write_v2, .exit = EXIT_GICD};
const struct mmio_ops vgicd_v3_ops = {.read = read_v3, .write = write_v3, .exit = EXIT_GICD};
