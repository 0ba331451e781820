/* SPDX-License-Identifier: MIT */
/*
 * The real virtual GIC on fake hardware: physical CPUs with a few list registers each.
 */
#ifndef VGIC_FAKE_H
#define VGIC_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "vgic/vgic.c"
#include "vgic/vgic_bank.c"
#include "vgic/vgic_call.c"
#include "vgic/vgic_fold.c"
#include "vgic/vgic_linked.c"
#include "vgic/vgic_lr.c"
#include "vgic/vgic_raise.c"
#include "vgic/vgic_sgi.c"
#include "vgic/vgic_timer.c"
#include "vgic/vgicd.c"
#include "vgic/vgicr.c"
#ifdef CONFIG_ITS
#include "vgic/vits.c"
#include "vgic/vits_command.c"
#include "vgic/vlpi.c"
#endif

#include "ktf.h"
#ifdef CONFIG_ITS
#include "fakes/its.h"
#endif

#define NR_VCPUS 3
#define NONE     1023u
#define PMR_ALL  (0xFFu << GIC_VMCR_PMR_SHIFT)
#define VMCR_ON  (PMR_ALL | GIC_VMCR_GROUP0_ENABLE | GIC_VMCR_GROUP1_ENABLE)

/* CNTV_CTL_EL0: enabled and due. */
#define TIMER_DUE 5u

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = CONFIG_NR_PCPUS;
struct machine machine;
const struct gic_ops *gic;
struct gic_limits gic_limits;

/* --- the hardware --- */

static struct fake_cpu {
    uint64_t lr[GIC_MAX_LRS];
    uint32_t ended; /* list registers that report an EOI */
    uint32_t hcr;
    struct gic_interface interface;
    uint64_t timer_ctl;
    bool timer_active; /* the physical PPI */
    bool busy;         /* an interrupt is being handled */
    uint64_t spsr;     /* of the guest */
    uint64_t armed;    /* CNTHP_CVAL_EL2 */
} cpus[CONFIG_NR_PCPUS];

static _Thread_local uint32_t this_cpu;

static struct fake_cpu *cpu_now(void)
{
    return &cpus[this_cpu];
}

uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "tpidr_el2") == 0)
        return (uint64_t)(uintptr_t)&pcpus[this_cpu];
    if (strcmp(name, "cntv_ctl_el0") == 0)
        return cpu_now()->timer_ctl;
    if (strcmp(name, "cntv_cval_el0") == 0 || strcmp(name, "cntpct_el0") == 0)
        return 0;
    if (strcmp(name, "cntfrq_el0") == 0)
        return 1000000;
    if (strcmp(name, "spsr_el2") == 0)
        return cpu_now()->spsr;
    if (strcmp(name, "cnthp_cval_el2") == 0)
        return cpu_now()->armed;
    abort();
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    if (strcmp(name, "cnthp_cval_el2") != 0)
        abort();
    cpu_now()->armed = value;
}

/* With the one that is kept for LPIs. */
static uint32_t fake_nr_lrs(void)
{
    return gic_limits.nr_lrs + (gic_limits.lpi_lr != 0);
}

static uint64_t fake_read_lr(uint32_t lr)
{
    return cpu_now()->lr[lr];
}

static void fake_write_lr(uint32_t lr, uint64_t value)
{
    EXPECT_LT(lr, fake_nr_lrs());
    cpu_now()->lr[lr] = value;
    cpu_now()->ended &= ~(1u << lr);
}

static uint32_t fake_read_empty_lrs(void)
{
    uint32_t empty = 0;

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        empty |= (cpu_now()->lr[i] & GIC_LR_STATE ? 0u : 1u) << i;
    return empty & ~cpu_now()->ended;
}

static uint32_t fake_read_hcr(void)
{
    return cpu_now()->hcr;
}

static void fake_write_hcr(uint32_t hcr)
{
    cpu_now()->hcr = hcr;
}

static uint32_t fake_read_vmcr(void)
{
    return cpu_now()->interface.vmcr;
}

static bool fake_is_idle(void)
{
    return !cpu_now()->busy;
}

static void fake_save(struct gic_interface *state)
{
    *state = cpu_now()->interface;
}

static void fake_restore(const struct gic_interface *state)
{
    cpu_now()->interface = *state;
}

static void fake_deactivate(uint32_t intid)
{
    EXPECT_EQ(intid, IRQ_VIRT_TIMER);
    cpu_now()->timer_active = false;
}

/* Of a physical SPI, which one vCPU may have taken and another ends. */
static bool spi_active[VGIC_NR_SPIS], spi_enabled[VGIC_NR_SPIS], spi_edge[VGIC_NR_SPIS];

void gic_set_edge(uint32_t intid, bool edge)
{
    EXPECT_FALSE(spi_enabled[intid - GIC_FIRST_SPI]);
    spi_edge[intid - GIC_FIRST_SPI] = edge;
}

static void fake_enable(uint32_t intid)
{
    spi_enabled[intid - GIC_FIRST_SPI] = true;
}

static void fake_disable(uint32_t intid)
{
    spi_enabled[intid - GIC_FIRST_SPI] = false;
}

static void fake_set_active(uint32_t intid, bool active)
{
    if (intid >= GIC_FIRST_SPI) {
        EXPECT_FALSE(active);
        spi_active[intid - GIC_FIRST_SPI] = false;
        return;
    }
    EXPECT_EQ(intid, IRQ_VIRT_TIMER);
    cpu_now()->timer_active = active;
}

static uint32_t spi_route[VGIC_NR_SPIS];

static void fake_route(uint32_t intid, uint32_t pcpu_index)
{
    spi_route[intid - GIC_FIRST_SPI] = pcpu_index;
}

static unsigned nr_sgis[CONFIG_NR_PCPUS];

static void fake_send_sgi(uint32_t pcpu_index, uint32_t sgi)
{
    EXPECT_EQ(sgi, IRQ_DEVICES);
    nr_sgis[pcpu_index]++;
}

static const struct gic_ops fake_ops = {
    .send_sgi = fake_send_sgi,
    .route = fake_route,
    .enable = fake_enable,
    .disable = fake_disable,
    .deactivate = fake_deactivate,
    .set_active = fake_set_active,
    .read_lr = fake_read_lr,
    .write_lr = fake_write_lr,
    .read_empty_lrs = fake_read_empty_lrs,
    .read_hcr = fake_read_hcr,
    .write_hcr = fake_write_hcr,
    .read_vmcr = fake_read_vmcr,
    .is_idle = fake_is_idle,
    .save_interface = fake_save,
    .restore_interface = fake_restore,
};

/* --- the rest of the hypervisor --- */

static struct vm vm;
static struct vcpu vcpus[NR_VCPUS];

static const struct mmio_ops *gicd_ops;
static const struct mmio_ops *gicr_ops;
static const struct mmio_ops *its_ops_shown;

/* Where an ITS is, if there is one. */
#define FAKE_ITS_IPA UINT64_C(0x08080000)

void mmio_add(struct mmio_map *map, ipa_t base, uint64_t bytes, const struct mmio_ops *ops)
{
    (void)map;
    (void)bytes;
    if (base.ipa == vm.config.gicd.base.ipa)
        gicd_ops = ops;
    else if (base.ipa == FAKE_ITS_IPA)
        its_ops_shown = ops;
    else
        gicr_ops = ops;
}

static uint64_t mapped_bytes;

enum stile_error stage2_map(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint64_t bytes,
                            uint32_t attrs)
{
    (void)stage2;
    EXPECT_EQ(ipa.ipa, vm.config.gicc.base.ipa);
    EXPECT_EQ(pa.pa, machine.gicv.base.pa);
    EXPECT_EQ(attrs, STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE);
    mapped_bytes = bytes;
    return STILE_SUCCESS;
}

struct vm *vm_slot(uint32_t id)
{
    EXPECT_EQ(id, vm.id);
    return &vm;
}

void vcpu_kick(struct vcpu *vcpu, uint32_t work)
{
    vcpu_add_work(vcpu, work);
}

#endif
