/* SPDX-License-Identifier: MIT */
/*
 * Software-generated interrupts: ICC_SGI1R_EL1 and ICC_SGI0R_EL1 of a GICv3, GICD_SGIR of a GICv2.
 */
#include "arch/mpidr.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"

/* ICC_SGI<n>R_EL1, IHI 0069, 12.2. */
#define SGIR_TARGETS     UINT64_C(0xFFFF)             /* Aff0 */
#define SGIR_CLUSTER     UINT64_C(0x00FFF0FF00FF0000) /* Aff3, range selector, Aff2, Aff1 */
#define SGIR_AFF1_SHIFT  16
#define SGIR_AFF2_SHIFT  32
#define SGIR_AFF3_SHIFT  48
#define SGIR_INTID_SHIFT 24
#define SGIR_ALL_OTHERS  (UINT64_C(1) << 40)

/* GICD_SGIR, IHI 0048, 4.3.15. */
#define GICD_SGIR_FILTER_SHIFT  24
#define GICD_SGIR_TARGETS_SHIFT 16

enum gicd_sgir_filter {
    FILTER_TARGETS = 0,
    FILTER_ALL_OTHERS = 1,
    FILTER_SELF = 2,
};

static uint32_t all_vcpus(const struct vm *vm)
{
    return (1u << vm->config.nr_vcpus) - 1;
}

void vgic_send_sgi(struct vcpu *source, struct vcpu *target, uint32_t sgi)
{
    uint32_t sources = vgic_is_v2(source) ? 1u << source->index : 0;

    if (target == source && !vgic_refill_requested(&source->vgic)) {
        if (!vgic_raise(source, sgi, sources))
            vgic_refill(source);
        return;
    }
    vgic_post(target, sgi, sources);
    vgic_prod(target);
}

void vgic_send_sgi_set(struct vcpu *source, uint64_t targets, uint32_t sgi)
{
    for (; targets; targets &= targets - 1)
        vgic_send_sgi(source, source->vm->vcpus[__builtin_ctzll(targets)], sgi);
}

/* --- GICv3 --- */

/* What selects the cluster of a vCPU. Aff0 is below 16 (config/vm_tree.c): in range 0. */
static uint64_t cluster_of(uint64_t mpidr)
{
    return MPIDR_AFF3(mpidr) << SGIR_AFF3_SHIFT | MPIDR_AFF2(mpidr) << SGIR_AFF2_SHIFT |
           MPIDR_AFF1(mpidr) << SGIR_AFF1_SHIFT;
}

/* The vCPUs of one cluster whose Aff0 is in the list. */
static uint32_t listed_targets(const struct vm_config *config, uint64_t value)
{
    uint32_t targets = 0;

    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        if (cluster_of(config->mpidr[i]) == (value & SGIR_CLUSTER))
            targets |= (uint32_t)((value & SGIR_TARGETS) >> MPIDR_AFF0(config->mpidr[i]) & 1) << i;
    return targets;
}

static uint32_t affinity_targets(const struct vcpu *vcpu, uint64_t value)
{
    const struct vm_config *config = &vcpu->vm->config;
    uint32_t all = all_vcpus(vcpu->vm);

    if (value & SGIR_ALL_OTHERS)
        return all & ~(1u << vcpu->index);
    /* Affinities ascend: if the last is that of a VM that counts from 0, all are. */
    if (config->mpidr[config->nr_vcpus - 1] != config->nr_vcpus - 1)
        return listed_targets(config, value);
    return value & SGIR_CLUSTER ? 0 : (uint32_t)(value & SGIR_TARGETS) & all;
}

/* An SGI is forwarded if it is of the group the register is for, IHI 0069, 12.1.10. */
static void write_sgi_register(struct vcpu *vcpu, uint64_t value, bool group1)
{
    uint32_t sgi = (uint32_t)(value >> SGIR_INTID_SHIFT) % GIC_NR_SGIS;
    uint32_t targets = affinity_targets(vcpu, value);

    for (; targets; targets &= targets - 1) {
        struct vcpu *target = vcpu->vm->vcpus[__builtin_ctz(targets)];
        if ((target->vgic.bank.group1 >> sgi & 1) == group1)
            vgic_send_sgi(vcpu, target, sgi);
    }
}

void vgic_write_sgi1r(struct vcpu *vcpu, uint64_t value)
{
    write_sgi_register(vcpu, value, true);
}

void vgic_write_sgi0r(struct vcpu *vcpu, uint64_t value)
{
    write_sgi_register(vcpu, value, false);
}

/* --- GICv2 --- */

void vgic_sgi_write_sgir(struct vcpu *vcpu, uint32_t value)
{
    uint32_t self = 1u << vcpu->index;
    uint32_t sgi = value % GIC_NR_SGIS;

    switch (value >> GICD_SGIR_FILTER_SHIFT & 3) {
    case FILTER_TARGETS:
        vgic_send_sgi_set(vcpu, value >> GICD_SGIR_TARGETS_SHIFT & 0xFF & all_vcpus(vcpu->vm), sgi);
        break;
    case FILTER_ALL_OTHERS:
        vgic_send_sgi_set(vcpu, all_vcpus(vcpu->vm) & ~self, sgi);
        break;
    case FILTER_SELF:
        vgic_send_sgi(vcpu, vcpu, sgi);
        break;
    default:
        break; /* reserved */
    }
}

/* The first SGI of an access to GICD_CPENDSGIR or GICD_SPENDSGIR. */
static uint32_t first_sgi(uint32_t offset)
{
    return offset % GIC_NR_SGIS;
}

uint32_t vgic_sgi_read_sources(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    struct vm *vm = vcpu->vm;
    uint32_t value = 0;

    if (!vgic_by_byte(bytes))
        return 0;
    spin_lock(&vm->vgic.lock);
    vgic_settle(vcpu, vcpu, 0);
    for (uint32_t i = 0; i < bytes; i++)
        value |= (uint32_t)vcpu->vgic.sgi_sources[first_sgi(offset) + i] << (8 * i);
    spin_unlock(&vm->vgic.lock);
    return value;
}

void vgic_sgi_write_sources(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct vgic_vcpu *vgic = &vcpu->vgic;
    bool set = offset >= GICD_SPENDSGIR;

    if (!vgic_by_byte(bytes))
        return;
    spin_lock(&vcpu->vm->vgic.lock);
    vgic_settle(vcpu, vcpu, 0);
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t sgi = first_sgi(offset) + i;
        uint8_t sources = (uint8_t)(value >> (8 * i) & all_vcpus(vcpu->vm));
        if (set)
            vgic->sgi_sources[sgi] |= sources;
        else
            vgic->sgi_sources[sgi] &= (uint8_t)~sources;
        if (vgic->sgi_sources[sgi])
            vgic->bank.latch |= vgic_bit(sgi);
        else
            vgic->bank.latch &= ~vgic_bit(sgi);
    }
    vgic_lr_refill(vcpu);
    spin_unlock(&vcpu->vm->vgic.lock);
}
