/* SPDX-License-Identifier: MIT */
/*
 * A guest of the virtual GIC: acknowledges and ends interrupts as the hardware would let it, and
 * reaches the registers.
 */
#ifndef VGIC_GUEST_H
#define VGIC_GUEST_H

#include <stdio.h>

#include "dev/its_regs.h"

#include "vgic_fake.h"

#define SELF (&vcpus[0])

/* For tests of both versions. */
__attribute__((unused)) static const uint32_t versions[] = {2, 3};

static inline void name_version(const uint32_t *version, char *text, size_t size)
{
    snprintf(text, size, "GICv%u", *version);
}

/* --- what the guest does --- */

static inline uint32_t maintenance_due(void)
{
    struct fake_cpu *cpu = cpu_now();
    bool pending = false;

    for (uint32_t i = 0; i < fake_nr_lrs(); i++)
        pending = pending || (cpu->lr[i] & GIC_LR_PENDING);
    return cpu->ended || ((cpu->hcr & GIC_HCR_NPIE) && !pending) ||
           ((cpu->hcr & GIC_HCR_LRENPIE) && cpu->hcr >> GIC_HCR_EOICOUNT_SHIFT);
}

/* IHI 0069, ICH_LR<n>_EL2: no pending and active state with HW, no interrupt twice. */
static inline void check_lrs(void)
{
    const uint64_t *lr = cpu_now()->lr;

    for (uint32_t i = 0; i < fake_nr_lrs(); i++) {
        if (!(lr[i] & GIC_LR_STATE))
            continue;
        EXPECT_FALSE((lr[i] & GIC_LR_HW) && (lr[i] & GIC_LR_STATE) == GIC_LR_STATE);
        for (uint32_t j = i + 1; j < fake_nr_lrs(); j++) {
            if (lr[j] & GIC_LR_STATE)
                EXPECT_NE(GIC_LR_INTID(lr[i]), GIC_LR_INTID(lr[j]));
        }
    }
}

/* What happens before the vCPU loaded here runs on. */
static inline void enter(struct vcpu *vcpu)
{
    if (__atomic_exchange_n(&vcpu->work, 0, __ATOMIC_ACQUIRE) & VCPU_WORK_VGIC)
        vgic_flush(vcpu);
    for (int i = 0; maintenance_due(); i++) {
        vgic_maintenance(vcpu);
        ASSERT_LT(i, 3);
    }
    if ((cpu_now()->timer_ctl & TIMER_DUE) == TIMER_DUE && !cpu_now()->timer_active) {
        cpu_now()->timer_active = true;
        vgic_timer_fired(vcpu);
    }
    check_lrs();
}

static inline uint32_t lr_priority(uint64_t lr)
{
    return lr >> GIC_LR_PRIORITY_SHIFT & 0xFF;
}

/* The priority the vCPU runs at: that of the most urgent active interrupt. */
static uint32_t running[CONFIG_NR_PCPUS][128];
static uint32_t nr_running[CONFIG_NR_PCPUS];

/* QEMU's list registers have active LPIs, the architecture's have not. */
static bool lpis_are_never_active;

/* ICC_IAR1_EL1, ICC_IAR0_EL1 and GICC_IAR in one; the source of an SGI is in bits 12:10. */
static inline uint32_t guest_ack(struct vcpu *vcpu)
{
    struct fake_cpu *cpu = cpu_now();
    uint32_t best = cpu->interface.vmcr >> GIC_VMCR_PMR_SHIFT, found = NONE;

    enter(vcpu);
    if (nr_running[this_cpu] && running[this_cpu][nr_running[this_cpu] - 1] < best)
        best = running[this_cpu][nr_running[this_cpu] - 1];
    for (uint32_t i = 0; i < fake_nr_lrs(); i++) {
        uint32_t group =
            cpu->lr[i] & GIC_LR_GROUP1 ? GIC_VMCR_GROUP1_ENABLE : GIC_VMCR_GROUP0_ENABLE;
        if ((cpu->lr[i] & GIC_LR_STATE) == GIC_LR_PENDING && lr_priority(cpu->lr[i]) < best &&
            (cpu->interface.vmcr & group)) {
            best = lr_priority(cpu->lr[i]);
            found = i;
        }
    }
    if (found == NONE)
        return NONE;
    if (GIC_LR_INTID(cpu->lr[found]) >= GIC_FIRST_LPI && lpis_are_never_active) {
        cpu->lr[found] &= ~GIC_LR_STATE;
        cpu->ended |= cpu->lr[found] & GIC_LR_EOI ? 1u << found : 0;
    } else {
        cpu->lr[found] ^= GIC_LR_STATE;
    }
    running[this_cpu][nr_running[this_cpu]++] = best;
    uint32_t source = cpu->lr[found] & GIC_LR_HW ? 0 : GIC_LR_SOURCE(cpu->lr[found]);
    return GIC_LR_INTID(cpu->lr[found]) | source << 10;
}

/* ICC_EOIR1_EL1 and GICC_EOIR with EOImode 0. */
static inline void guest_eoi(struct vcpu *vcpu, uint32_t iar)
{
    struct fake_cpu *cpu = cpu_now();
    uint32_t intid = iar >= GIC_FIRST_LPI ? iar : iar & 0x3FF;

    nr_running[this_cpu]--;
    for (uint32_t i = 0; i < fake_nr_lrs(); i++) {
        uint64_t lr = cpu->lr[i];
        if (GIC_LR_INTID(lr) != intid || !(lr & GIC_LR_ACTIVE) ||
            (intid < GIC_NR_SGIS && GIC_LR_SOURCE(lr) != iar >> 10))
            continue;
        cpu->lr[i] &= ~GIC_LR_ACTIVE;
        if ((lr & GIC_LR_HW) && intid >= GIC_FIRST_SPI)
            spi_active[(lr >> GIC_LR_HW_INTID_SHIFT & NONE) - GIC_FIRST_SPI] = false;
        else if (lr & GIC_LR_HW)
            cpu->timer_active = false;
        else if ((lr & GIC_LR_EOI) && !(lr & GIC_LR_PENDING))
            cpu->ended |= 1u << i;
        enter(vcpu);
        return;
    }
    if (intid < GIC_FIRST_LPI)
        cpu->hcr += 1u << GIC_HCR_EOICOUNT_SHIFT;
    enter(vcpu);
}

static inline uint64_t gicd_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    uint64_t value = gicd_ops->read(vcpu, offset, bytes);

    enter(vcpu);
    return value;
}

static inline void gicd_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    gicd_ops->write(vcpu, offset, bytes, value);
    enter(vcpu);
}

static inline uint64_t gicr_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    return gicr_ops->read(vcpu, offset, bytes);
}

static inline void gicr_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    gicr_ops->write(vcpu, offset, bytes, value);
    enter(vcpu);
}

static inline void gicd_set_bit(struct vcpu *vcpu, uint32_t reg, uint32_t intid)
{
    gicd_write(vcpu, reg + 4 * (intid / 32), 4, 1u << (intid % 32));
}

static inline bool gicd_bit(struct vcpu *vcpu, uint32_t reg, uint32_t intid)
{
    return gicd_read(vcpu, reg + 4 * (intid / 32), 4) >> (intid % 32) & 1;
}

/* Offsets of a register of a vCPU's SGIs and PPIs: in its redistributor or in the distributor. */
static inline void private_write(struct vcpu *vcpu, uint32_t reg, uint32_t bytes, uint32_t value)
{
    if (vm.config.gic_version == 2)
        gicd_write(vcpu, reg, bytes, value);
    else
        gicr_write(vcpu, vcpu->index * GICR_BYTES + GICR_SGI_FRAME + reg, bytes, value);
}

static inline uint32_t private_read(struct vcpu *vcpu, uint32_t reg, uint32_t bytes)
{
    uint64_t value = vm.config.gic_version == 2
                         ? gicd_read(vcpu, reg, bytes)
                         : gicr_read(vcpu, vcpu->index * GICR_BYTES + GICR_SGI_FRAME + reg, bytes);

    return (uint32_t)value;
}

/* --- beginnings --- */

static inline void load(struct vcpu *vcpu, uint32_t cpu)
{
    this_cpu = cpu;
    vcpu->pcpu = &pcpus[cpu];
    pcpus[cpu].current = vcpu;
    vgic_load(vcpu);
}

static inline void put(struct vcpu *vcpu)
{
    cpu_now()->timer_ctl = 0;
    vgic_put(vcpu);
    pcpus[this_cpu].current = NULL;
    EXPECT_EQ(cpu_now()->hcr & ~gic_limits.hcr & ((1u << GIC_HCR_EOICOUNT_SHIFT) - 1), 0u);
    for (uint32_t i = 0; i < GIC_MAX_LRS; i++)
        EXPECT_EQ(cpu_now()->lr[i] & GIC_LR_STATE, 0u);
    EXPECT_FALSE(cpu_now()->timer_active);
}

/* A VM after power-on, no vCPU of it loaded. */
static inline void power_on(uint32_t version, uint32_t nr_lrs)
{
    memset(cpus, 0, sizeof(cpus));
    memset(&vm, 0, sizeof(vm));
    memset(vcpus, 0, sizeof(vcpus));
    memset(nr_running, 0, sizeof(nr_running));
    this_cpu = 0;
    gic = &fake_ops;
    gic_limits = (struct gic_limits){
        .nr_lrs = nr_lrs,
        .nr_priority_bits = 5,
        .nr_aprs = 1,
        .hcr = GIC_HCR_EN | (version == 3 ? GIC_HCR_TDIR : 0),
    };
    for (uint32_t i = 0; i < CONFIG_NR_PCPUS; i++) {
        cpus[i].hcr = gic_limits.hcr;
        cpus[i].armed = TIMER_NEVER;
    }
    machine.gic_version = version;
    vm.id = 1;
    machine.gicv = (struct pa_range){pa_make(0x08040000), 0x2000};
    vm.config.gic_version = version;
    vm.config.nr_vcpus = NR_VCPUS;
    vm.config.gicd = (struct ipa_range){ipa_make(0x08000000), 0x10000};
    vm.config.gicc = (struct ipa_range){ipa_make(0x08010000), 0x10000};
    vm.config.gicr[0] = (struct ipa_range){ipa_make(0x080A0000), NR_VCPUS * GICR_BYTES};
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        vcpus[i].vm = &vm;
        vcpus[i].index = i;
        vcpus[i].mpidr = i;
        vm.config.mpidr[i] = i;
        vcpus[i].pcpu = &pcpus[i];
        vcpus[i].vtimer.look_ticks = vcpus[i].vtimer.deadline = TIMER_NEVER;
        vm.vcpus[i] = &vcpus[i];
    }
    EXPECT_NULL(vgic_init(&vm));
}

/* The first vCPU is loaded; all groups and all SGIs and PPIs are enabled, all in group 1. */
static inline void start(uint32_t version, uint32_t nr_lrs)
{
    power_on(version, nr_lrs);
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        vcpus[i].vgic.bank.enabled = UINT32_MAX;
        vcpus[i].vgic.bank.group1 = UINT32_MAX;
        memset(vcpus[i].vgic.bank.priority, 0xA0, sizeof(vcpus[i].vgic.bank.priority));
        vcpus[i].vgic.interface.vmcr = VMCR_ON;
        vcpus[i].vgic.waker = 0;
    }
    load(&vcpus[0], 0);
    gicd_write(&vcpus[0], GICD_CTLR, 4, 3);
}

/* Lets an SPI come to a vCPU. */
static inline void enable_spi(uint32_t intid, uint32_t target, uint32_t priority, bool edge)
{
    struct vcpu *vcpu = &vcpus[0];
    uint32_t config = GICD_ICFGR + intid / 16 * 4, shift = 2 * (intid % 16);
    uint64_t before = gicd_read(vcpu, config, 4) & ~(UINT64_C(3) << shift);

    gicd_write(vcpu, config, 4, before | (edge ? UINT64_C(2) << shift : 0));
    gicd_write(vcpu, GICD_IPRIORITYR + intid, 1, priority);
    if (vm.config.gic_version == 2)
        gicd_write(vcpu, GICD_ITARGETSR + intid, 1, 1u << target);
    else
        gicd_write(vcpu, GICD_IROUTER + 8 * intid, 8, target);
    gicd_set_bit(vcpu, GICD_ISENABLER, intid);
}

/* Acknowledges and ends one interrupt. */
static inline void handle(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t iar = guest_ack(vcpu);

    EXPECT_EQ(iar & 0x3FF, intid);
    if ((iar & 0x3FF) != NONE)
        guest_eoi(vcpu, iar);
}

static inline void expect_silence(struct vcpu *vcpu)
{
    EXPECT_EQ(guest_ack(vcpu), NONE);
}

#endif
