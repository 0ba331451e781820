/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC with a PPI that the hypervisor emulates, as the physical timer's is: its level
 * follows vgic_set_ppi(), whether the vCPU is loaded or not, and ends a sleep.
 */
#include "vgic_guest.h"

#define PPI 30

KTF_SUITE(vgic_ppi);

KTF_TEST_EACH(vgic_ppi, comes_until_its_level_falls, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_set_ppi(SELF, PPI, true);
    for (int i = 0; i < 3; i++)
        handle(SELF, PPI);
    EXPECT_EQ(guest_ack(SELF), PPI);
    vgic_set_ppi(SELF, PPI, false);
    guest_eoi(SELF, PPI);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, is_withdrawn_if_its_level_falls, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_set_ppi(SELF, PPI, true);
    enter(SELF);
    EXPECT_TRUE(private_read(SELF, GICD_ISPENDR, 4) >> PPI & 1);
    vgic_set_ppi(SELF, PPI, false);
    EXPECT_FALSE(private_read(SELF, GICD_ISPENDR, 4) >> PPI & 1);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, raised_while_active_comes_again, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_set_ppi(SELF, PPI, true);
    EXPECT_EQ(guest_ack(SELF), PPI);
    vgic_set_ppi(SELF, PPI, false);
    vgic_set_ppi(SELF, PPI, true);
    expect_silence(SELF);
    guest_eoi(SELF, PPI);
    handle(SELF, PPI);
    vgic_set_ppi(SELF, PPI, false);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, raised_before_the_vcpu_is_loaded_comes_then, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    put(SELF);
    EXPECT_FALSE(vgic_has_pending(SELF));
    vgic_set_ppi(SELF, PPI, true);
    EXPECT_TRUE(vgic_has_pending(SELF));
    load(SELF, 1);
    EXPECT_EQ(guest_ack(SELF), PPI);
    vgic_set_ppi(SELF, PPI, false);
    guest_eoi(SELF, PPI);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, the_level_moves_with_the_vcpu, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_set_ppi(SELF, PPI, true);
    EXPECT_EQ(guest_ack(SELF), PPI);
    put(SELF);
    load(SELF, 1);
    nr_running[1] = nr_running[0];
    memcpy(running[1], running[0], sizeof(running[0]));
    guest_eoi(SELF, PPI);
    handle(SELF, PPI);
    vgic_set_ppi(SELF, PPI, false);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, made_an_edge_it_comes_once, uint32_t, versions, name_version)
{
    start(*param, 4);
    private_write(SELF, GICD_ICFGR + 4, 4, UINT32_C(2) << 2 * (PPI - 16));
    vgic_set_ppi(SELF, PPI, true);
    handle(SELF, PPI);
    expect_silence(SELF);
    vgic_set_ppi(SELF, PPI, false);
    vgic_set_ppi(SELF, PPI, true);
    handle(SELF, PPI);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, disabled_it_does_not_end_a_sleep, uint32_t, versions, name_version)
{
    start(*param, 4);
    private_write(SELF, GICD_ICENABLER, 4, 1u << PPI);
    vgic_set_ppi(SELF, PPI, true);
    EXPECT_FALSE(vgic_has_pending(SELF));
    private_write(SELF, GICD_ISENABLER, 4, 1u << PPI);
    EXPECT_TRUE(vgic_has_pending(SELF));
}

/* Linux switches its interface off and tells the redistributor before it powers a CPU down. */
KTF_TEST(vgic_ppi, a_redistributor_wakes_a_cpu_that_it_knows_asleep)
{
    start(3, 4);
    vgic_set_ppi(SELF, PPI, true);
    put(SELF);
    SELF->vgic.interface.vmcr = 0;
    EXPECT_FALSE(vgic_has_pending(SELF));
    SELF->vgic.waker = GICR_WAKER_PROCESSOR_SLEEP;
    EXPECT_TRUE(vgic_has_pending(SELF));
    SELF->vgic.bank.enabled &= ~(1u << PPI);
    EXPECT_FALSE(vgic_has_pending(SELF));
}

/* --- the mailbox's --- */

KTF_TEST_EACH(vgic_ppi, the_mailboxs_comes_once, uint32_t, versions, name_version)
{
    start(*param, 4);
    EXPECT_TRUE(private_read(SELF, GICD_ICFGR + 4, 4) >> (2 * (VGIC_EVENT_INTID - 16) + 1) & 1);
    for (int i = 0; i < 3; i++) {
        vgic_raise_event(SELF);
        EXPECT_TRUE(SELF->work & VCPU_WORK_VGIC);
        vgic_raise_event(SELF);
        handle(SELF, VGIC_EVENT_INTID);
        expect_silence(SELF);
    }
}

KTF_TEST_EACH(vgic_ppi, the_mailboxs_while_active_comes_again, uint32_t, versions, name_version)
{
    start(*param, 4);
    vgic_raise_event(SELF);
    EXPECT_EQ(guest_ack(SELF), VGIC_EVENT_INTID);
    vgic_raise_event(SELF);
    expect_silence(SELF);
    guest_eoi(SELF, VGIC_EVENT_INTID);
    handle(SELF, VGIC_EVENT_INTID);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic_ppi, the_mailboxs_ends_a_sleep, uint32_t, versions, name_version)
{
    start(*param, 4);
    put(SELF);
    EXPECT_FALSE(vgic_has_pending(SELF));
    vgic_raise_event(SELF);
    EXPECT_TRUE(vgic_has_pending(SELF));
    load(SELF, 1);
    handle(SELF, VGIC_EVENT_INTID);
    EXPECT_FALSE(vgic_has_pending(SELF));
}

KTF_TEST_EACH(vgic_ppi, who_finds_the_mailboxs_posted_tells_nobody, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    put(SELF);
    vgic_raise_event(SELF);
    SELF->work = 0;
    vgic_raise_event(SELF);
    EXPECT_EQ(SELF->work, 0u);
    load(SELF, 0);
    handle(SELF, VGIC_EVENT_INTID);
}
