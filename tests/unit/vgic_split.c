/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC of a guest that deactivates separately (EOImode): in any order, more interrupts
 * than there are list registers.
 */
#include "vgic_guest.h"

#define NR_SPIS 8

KTF_SUITE(vgic_split);

/* ICC_DIR_EL1 and GICC_DIR. A GICv2's always traps, a GICv3's if it can. */
static void guest_deactivate(struct vcpu *vcpu, uint32_t intid)
{
    struct fake_cpu *cpu = cpu_now();

    if (vm.config.gic_version == 2) {
        gicr_ops->write(vcpu, 0, 4, intid);
        return;
    }
    if (cpu->hcr & GIC_HCR_TDIR) {
        vgic_deactivate(vcpu, intid);
        return;
    }
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        if (GIC_LR_INTID(cpu->lr[i]) == intid)
            cpu->lr[i] &= ~GIC_LR_ACTIVE;
    }
}

/* EOI alone: the priority drops. A list register that is not found may count nevertheless. */
static void guest_drop(void)
{
    nr_running[this_cpu]--;
    cpu_now()->hcr += 1u << GIC_HCR_EOICOUNT_SHIFT;
}

static void begin(uint32_t version, uint32_t nr_lrs)
{
    start(version, nr_lrs);
    cpu_now()->interface.vmcr |= GIC_VMCR_SPLIT_EOI;
    for (uint32_t i = 0; i < NR_SPIS; i++) {
        enable_spi(40 + i, 0, 0x80 - 8 * i, true);
        vgic_inject(&vm, 0, 40 + i);
    }
    for (uint32_t i = NR_SPIS; i-- > 0;) {
        EXPECT_EQ(guest_ack(SELF), 40 + i);
        guest_drop();
    }
}

KTF_TEST_EACH(vgic_split, each_ends_when_it_is_deactivated, uint32_t, versions, name_version)
{
    for (uint32_t nr_lrs = 1; nr_lrs <= 4; nr_lrs++) {
        begin(*param, nr_lrs);
        for (uint32_t i = 0; i < NR_SPIS; i++) {
            uint32_t intid = 40 + i * 3 % NR_SPIS;
            EXPECT_TRUE(gicd_bit(SELF, GICD_ISACTIVER, intid));
            guest_deactivate(SELF, intid);
            EXPECT_FALSE(gicd_bit(SELF, GICD_ISACTIVER, intid));
        }
        for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
            EXPECT_EQ(vm.vgic.held[b], 0u);
        expect_silence(SELF);
    }
}

KTF_TEST_EACH(vgic_split, pending_again_it_comes_after_that, uint32_t, versions, name_version)
{
    begin(*param, 2);
    vgic_inject(&vm, 0, 44);
    expect_silence(SELF);
    guest_deactivate(SELF, 45);
    expect_silence(SELF);
    guest_deactivate(SELF, 44);
    EXPECT_EQ(guest_ack(SELF), 44);
}

KTF_TEST_EACH(vgic_split, what_there_is_not_changes_nothing, uint32_t, versions, name_version)
{
    begin(*param, 2);
    vgic_deactivate(SELF, VGIC_NR_INTIDS);
    vgic_deactivate(SELF, 0x3FF);
    vgic_deactivate(SELF, 60);
    if (*param == 3)
        vgic_deactivate(SELF, UINT64_C(0x100000000) + 41);
    for (uint32_t i = 0; i < NR_SPIS; i++)
        EXPECT_TRUE(gicd_bit(SELF, GICD_ISACTIVER, 40 + i));
    cpu_now()->interface.vmcr &= ~GIC_VMCR_SPLIT_EOI;
    vgic_deactivate(SELF, 41);
    EXPECT_TRUE(vm.vgic.spi[0].active & vgic_bit(41));
}
