/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC of a VM that has none in its device tree: one line for each vCPU, and no
 * registers but the CPU interface's. And a VM's interrupts by call where it has one.
 */
#include "vgic_guest.h"

KTF_SUITE(vgic_line);

/* The first vCPU is loaded; its interface is as its guest sets it up. */
static void start_without_gic(uint32_t version)
{
    power_on(version, 4);
    gicd_ops = NULL;
    gicr_ops = NULL;
    mapped_bytes = 0;
    vm.config.gicd = (struct ipa_range){ipa_make(0), 0};
    vm.config.gicr[0] = (struct ipa_range){ipa_make(0), 0};
    EXPECT_NULL(vgic_init(&vm));
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        vcpus[i].vgic.interface.vmcr =
            PMR_ALL | (version == 2 ? GIC_VMCR_GROUP0_ENABLE : GIC_VMCR_GROUP1_ENABLE);
    load(SELF, 0);
}

KTF_TEST_EACH(vgic_line, there_is_the_cpu_interface_alone, uint32_t, versions, name_version)
{
    start_without_gic(*param);
    EXPECT_NULL(gicd_ops);
    EXPECT_NULL(gicr_ops);
    EXPECT_EQ(mapped_bytes, *param == 2 ? PAGE_SIZE : 0);
}

KTF_TEST_EACH(vgic_line, is_enabled_and_ends_a_sleep, uint32_t, versions, name_version)
{
    start_without_gic(*param);
    EXPECT_FALSE(vgic_has_pending(SELF));
    for (int i = 0; i < 3; i++) {
        vgic_raise_event(SELF);
        EXPECT_TRUE(vgic_has_pending(SELF));
        handle(SELF, VGIC_EVENT_INTID);
        expect_silence(SELF);
        EXPECT_FALSE(vgic_has_pending(SELF));
    }
}

KTF_TEST_EACH(vgic_line, comes_to_a_vcpu_that_is_loaded_later, uint32_t, versions, name_version)
{
    start_without_gic(*param);
    vgic_raise_event(&vcpus[1]);
    EXPECT_TRUE(vgic_has_pending(&vcpus[1]));
    load(&vcpus[1], 1);
    handle(&vcpus[1], VGIC_EVENT_INTID);
    put(&vcpus[1]);
    EXPECT_FALSE(vgic_has_pending(&vcpus[1]));
}

KTF_TEST(vgic_line, no_sgi_comes_by_its_register)
{
    start_without_gic(3);
    vgic_write_sgi1r(SELF, 3 << 24 | 7);
    vgic_write_sgi0r(SELF, 3 << 24 | 7);
    expect_silence(SELF);
    EXPECT_FALSE(vgic_has_pending(&vcpus[1]));
}

/* --- by call --- */

static const uint32_t intids[] = {5, 20, 40, 90};

static uint32_t flags_of(uint32_t intid)
{
    return vgic_query(SELF, SELF, intid).flags;
}

static void disable_and_enable(uint32_t version, uint32_t intid)
{
    start(version, 4);
    if (intid >= 32)
        enable_spi(intid, 0, 0xA0, true);
    vgic_set_enabled(SELF, SELF, intid, false);
    EXPECT_EQ(flags_of(intid), intid < 16 && version == 2 ? (uint32_t)STILE_IRQ_ENABLED : 0u);
    if (intid < 16)
        vgic_send_sgi(SELF, SELF, intid);
    else
        vgic_inject(&vm, 0, intid);
    if (intid >= 16 || version == 3) {
        expect_silence(SELF);
        EXPECT_EQ(flags_of(intid), (uint32_t)STILE_IRQ_PENDING);
    }
    vgic_set_enabled(SELF, SELF, intid, true);
    EXPECT_EQ(flags_of(intid), STILE_IRQ_ENABLED | STILE_IRQ_PENDING);
    EXPECT_EQ(guest_ack(SELF) & 0x3FF, intid);
    EXPECT_EQ(flags_of(intid), STILE_IRQ_ENABLED | STILE_IRQ_ACTIVE);
    guest_eoi(SELF, intid);
    EXPECT_EQ(flags_of(intid), (uint32_t)STILE_IRQ_ENABLED);
}

KTF_TEST_EACH(vgic_line, a_call_disables_and_enables, uint32_t, versions, name_version)
{
    for (uint32_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++)
        disable_and_enable(*param, intids[i]);
}

KTF_TEST_EACH(vgic_line, a_call_sets_a_priority, uint32_t, versions, name_version)
{
    start(*param, 4);
    for (uint32_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        vgic_set_priority(SELF, SELF, intids[i], 0x57);
        EXPECT_EQ(vgic_query(SELF, SELF, intids[i]).priority, 0x50u);
    }
    EXPECT_EQ(private_read(SELF, GICD_IPRIORITYR + 20, 1), 0x50u);
}

KTF_TEST_EACH(vgic_line, a_call_reaches_another_vcpus_ppi, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_set_enabled(SELF, &vcpus[2], 20, false);
    vgic_set_priority(SELF, &vcpus[2], 20, 0x40);
    EXPECT_EQ(vcpus[2].vgic.bank.enabled, ~(1u << 20));
    EXPECT_EQ(vgic_query(SELF, &vcpus[2], 20).flags, 0u);
    EXPECT_EQ(vgic_query(SELF, &vcpus[2], 20).priority, 0x40u);
    EXPECT_EQ(vgic_query(SELF, SELF, 20).flags, (uint32_t)STILE_IRQ_ENABLED);
}
