/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC with several vCPUs: SGIs and SPIs find theirs, loaded or not, and interrupts
 * move with their vCPU.
 */
#include "vgic_guest.h"

KTF_SUITE(vgic_smp);

KTF_TEST_EACH(vgic_smp, an_sgi_reaches_a_vcpu_that_is_not_loaded, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_send_sgi(SELF, &vcpus[1], 7);
    EXPECT_EQ(vcpus[1].work, VCPU_WORK_VGIC);
    EXPECT_TRUE(vgic_has_pending(&vcpus[1]));
    EXPECT_FALSE(vgic_has_pending(&vcpus[2]));
    load(&vcpus[1], 1);
    handle(&vcpus[1], 7);
    expect_silence(&vcpus[1]);
}

KTF_TEST_EACH(vgic_smp, an_sgi_reaches_a_vcpu_that_runs, uint32_t, versions, name_version)
{
    start(*param, 4);
    load(&vcpus[1], 1);
    for (int i = 0; i < 3; i++) {
        this_cpu = 0;
        vgic_send_sgi(SELF, &vcpus[1], 7);
        this_cpu = 1;
        handle(&vcpus[1], 7);
        expect_silence(&vcpus[1]);
    }
}

KTF_TEST(vgic_smp, sgis_of_a_gicv2_come_once_from_each_source)
{
    start(2, 4);
    load(&vcpus[1], 1);
    vgic_send_sgi(SELF, &vcpus[1], 7);
    vgic_send_sgi(&vcpus[2], &vcpus[1], 7);
    vgic_send_sgi(&vcpus[1], &vcpus[1], 7);
    EXPECT_EQ(private_read(&vcpus[1], GICD_SPENDSGIR + 4, 4), 7u << 24);
    uint32_t seen = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t iar = guest_ack(&vcpus[1]);
        EXPECT_EQ(iar & 0x3FF, 7u);
        seen |= 1u << (iar >> 10);
        guest_eoi(&vcpus[1], iar);
    }
    EXPECT_EQ(seen, 7u);
    expect_silence(&vcpus[1]);
}

KTF_TEST(vgic_smp, an_sgi_from_another_source_waits_for_the_first_to_end)
{
    start(2, 4);
    load(&vcpus[1], 1);
    vgic_send_sgi(SELF, &vcpus[1], 7);
    EXPECT_EQ(guest_ack(&vcpus[1]), 7u);
    vgic_send_sgi(&vcpus[2], &vcpus[1], 7);
    vgic_send_sgi(SELF, &vcpus[1], 7);
    expect_silence(&vcpus[1]);
    put(&vcpus[1]);
    load(&vcpus[1], 1);
    guest_eoi(&vcpus[1], 7);
    EXPECT_EQ(guest_ack(&vcpus[1]), 7u);
    guest_eoi(&vcpus[1], 7);
    EXPECT_EQ(guest_ack(&vcpus[1]), 7u | 2u << 10);
    guest_eoi(&vcpus[1], 7u | 2u << 10);
    expect_silence(&vcpus[1]);
}

KTF_TEST_EACH(vgic_smp, an_spi_goes_where_it_is_routed, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(60, 2, 0x80, true);
    vgic_inject(&vm, 0, 60);
    expect_silence(SELF);
    EXPECT_EQ(vcpus[2].work, VCPU_WORK_VGIC);
    EXPECT_TRUE(vgic_has_pending(&vcpus[2]));
    /* Rerouted while it waits. */
    if (*param == 2)
        gicd_write(SELF, GICD_ITARGETSR + 60, 1, 1u << 1);
    else
        gicd_write(SELF, GICD_IROUTER + 8 * 60, 8, 1);
    EXPECT_FALSE(vgic_has_pending(&vcpus[2]));
    EXPECT_EQ(vcpus[1].work, VCPU_WORK_VGIC);
    load(&vcpus[1], 1);
    handle(&vcpus[1], 60);
    expect_silence(&vcpus[1]);
}

KTF_TEST_EACH(vgic_smp, an_spi_rerouted_while_active_ends_where_it_began, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    enable_spi(60, 1, 0x80, true);
    load(&vcpus[1], 1);
    vgic_inject(&vm, 0, 60);
    EXPECT_EQ(guest_ack(&vcpus[1]), 60u);
    this_cpu = 0;
    if (*param == 2)
        gicd_write(SELF, GICD_ITARGETSR + 60, 1, 1u << 0);
    else
        gicd_write(SELF, GICD_IROUTER + 8 * 60, 8, 0);
    vgic_inject(&vm, 0, 60);
    expect_silence(SELF);
    this_cpu = 1;
    expect_silence(&vcpus[1]);
    guest_eoi(&vcpus[1], 60);
    expect_silence(&vcpus[1]);
    this_cpu = 0;
    handle(SELF, 60);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_smp, pending_and_active_survive_a_switch, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(60, 0, 0x80, true);
    enable_spi(61, 0, 0x90, false);
    vgic_inject(&vm, 0, 60);
    vgic_send_sgi(SELF, SELF, 1);
    EXPECT_EQ(guest_ack(SELF), 60u);
    put(SELF);
    vgic_set_level(&vm, 61, true);
    vgic_inject(&vm, 0, 60);
    EXPECT_TRUE(vgic_has_pending(SELF));
    load(SELF, 0);
    expect_silence(SELF);
    guest_eoi(SELF, 60);
    handle(SELF, 60);
    EXPECT_EQ(guest_ack(SELF), 61u);
    vgic_set_level(&vm, 61, false);
    guest_eoi(SELF, 61);
    handle(SELF, 1);
    expect_silence(SELF);
}

/* Or who waits for that may wait for ever, if it is always loaded again when he looks. */
KTF_TEST_EACH(vgic_smp, a_vcpu_put_has_been_read_back, uint32_t, versions, name_version)
{
    start(*param, 2);
    uint32_t before = vcpus[0].vgic.nr_refills;
    vgic_request_refill(SELF);
    put(SELF);
    EXPECT_NE(vcpus[0].vgic.nr_refills, before);
}

KTF_TEST_EACH(vgic_smp, what_the_interface_holds_back_does_not_wake, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    enable_spi(60, 0, 0x80, true);
    vgic_inject(&vm, 0, 60);
    enter(SELF);
    EXPECT_TRUE(vgic_has_pending(SELF));
    cpus[0].interface.vmcr = VMCR_ON & ~PMR_ALL;
    EXPECT_FALSE(vgic_has_pending(SELF));
    cpus[0].interface.vmcr = (VMCR_ON & ~PMR_ALL) | 0x80u << GIC_VMCR_PMR_SHIFT;
    EXPECT_FALSE(vgic_has_pending(SELF));
    cpus[0].interface.vmcr = (VMCR_ON & ~PMR_ALL) | 0x88u << GIC_VMCR_PMR_SHIFT;
    EXPECT_TRUE(vgic_has_pending(SELF));
    cpus[0].interface.vmcr = VMCR_ON & ~GIC_VMCR_GROUP0_ENABLE;
    EXPECT_FALSE(vgic_has_pending(SELF)); /* the SPI is in group 0 */
    gicd_write(SELF, GICD_IGROUPR + 4, 4, UINT32_MAX);
    EXPECT_TRUE(vgic_has_pending(SELF));
    put(SELF);
    EXPECT_TRUE(vgic_has_pending(SELF));
}

KTF_TEST(vgic_smp, a_redistributor_asleep_wakes_its_cpu_for_anything)
{
    start(3, 4);
    cpus[0].interface.vmcr = 0;
    vgic_send_sgi(SELF, SELF, 3);
    EXPECT_FALSE(vgic_has_pending(SELF));
    gicr_write(SELF, GICR_WAKER, 4, GICR_WAKER_PROCESSOR_SLEEP);
    EXPECT_TRUE(vgic_has_pending(SELF));
}
