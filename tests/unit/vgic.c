/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC with one vCPU: what becomes pending is acknowledged once. Edges, levels, SGIs to
 * self, the timer.
 */
#include "vgic_guest.h"

KTF_SUITE(vgic);

/* --- one vCPU --- */

KTF_TEST_EACH(vgic, an_edge_comes_once, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(40, 0, 0x80, true);
    vgic_inject(&vm, 0, 40);
    handle(SELF, 40);
    expect_silence(SELF);
    vgic_inject(&vm, 0, 40);
    vgic_inject(&vm, 0, 40);
    handle(SELF, 40);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic, an_edge_while_active_comes_afterwards, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(40, 0, 0x80, true);
    vgic_inject(&vm, 0, 40);
    EXPECT_EQ(guest_ack(SELF), 40u);
    vgic_inject(&vm, 0, 40);
    expect_silence(SELF);
    guest_eoi(SELF, 40);
    handle(SELF, 40);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic, a_ppi_can_be_injected, uint32_t, versions, name_version)
{
    start(*param, 4);
    EXPECT_TRUE(vgic_intid_valid(20) && vgic_target_valid(&vm, 0, 20));
    for (int i = 0; i < 3; i++) {
        vgic_inject(&vm, 0, 20);
        handle(SELF, 20);
        expect_silence(SELF);
    }
}

KTF_TEST(vgic, what_can_be_injected)
{
    start(3, 4);
    EXPECT_FALSE(vgic_intid_valid(15));
    EXPECT_TRUE(vgic_intid_valid(16));
    EXPECT_FALSE(vgic_intid_valid(IRQ_VIRT_TIMER));
    EXPECT_TRUE(vgic_intid_valid(VGIC_NR_INTIDS - 1));
    EXPECT_FALSE(vgic_intid_valid(VGIC_NR_INTIDS));
    EXPECT_TRUE(vgic_target_valid(&vm, NR_VCPUS - 1, 16));
    EXPECT_FALSE(vgic_target_valid(&vm, NR_VCPUS, 16));
    EXPECT_TRUE(vgic_target_valid(&vm, 0, 32));
    EXPECT_FALSE(vgic_target_valid(&vm, 1, 32));
}

KTF_TEST_EACH(vgic, a_level_comes_until_it_falls, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(33, 0, 0x80, false);
    vgic_set_level(&vm, 33, true);
    handle(SELF, 33);
    EXPECT_EQ(guest_ack(SELF), 33u);
    vgic_set_level(&vm, 33, false);
    guest_eoi(SELF, 33);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic, a_level_that_falls_is_withdrawn, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(33, 0, 0x80, false);
    vgic_set_level(&vm, 33, true);
    enter(SELF);
    EXPECT_TRUE(vgic_has_pending(SELF));
    vgic_set_level(&vm, 33, false);
    expect_silence(SELF);
    EXPECT_FALSE(vgic_has_pending(SELF));
}

KTF_TEST_EACH(vgic, a_level_raised_while_active_comes_afterwards, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(33, 0, 0x80, false);
    vgic_set_level(&vm, 33, true);
    EXPECT_EQ(guest_ack(SELF), 33u);
    vgic_set_level(&vm, 33, false);
    enter(SELF);
    vgic_set_level(&vm, 33, true);
    guest_eoi(SELF, 33);
    EXPECT_EQ(guest_ack(SELF), 33u);
    vgic_set_level(&vm, 33, false);
    guest_eoi(SELF, 33);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic, an_sgi_to_self_is_there_at_once, uint32_t, versions, name_version)
{
    start(*param, 4);
    for (int i = 0; i < 3; i++) {
        vgic_send_sgi(SELF, SELF, 5);
        vgic_send_sgi(SELF, SELF, 5);
        EXPECT_EQ(SELF->work, 0u);
        handle(SELF, 5);
        expect_silence(SELF);
    }
    vgic_send_sgi(SELF, SELF, 5);
    EXPECT_EQ(guest_ack(SELF), 5u);
    vgic_send_sgi(SELF, SELF, 5);
    expect_silence(SELF);
    guest_eoi(SELF, 5);
    handle(SELF, 5);
    expect_silence(SELF);
}

KTF_TEST_EACH(vgic, what_is_disabled_waits, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(50, 0, 0x80, true);
    vgic_inject(&vm, 0, 50);
    enter(SELF);
    gicd_set_bit(SELF, GICD_ICENABLER, 50);
    expect_silence(SELF);
    EXPECT_FALSE(vgic_has_pending(SELF));
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISPENDR, 50));
    gicd_set_bit(SELF, GICD_ISENABLER, 50);
    EXPECT_TRUE(vgic_has_pending(SELF));
    handle(SELF, 50);

    gicd_write(SELF, GICD_CTLR, 4, 0);
    vgic_inject(&vm, 0, 50);
    vgic_send_sgi(SELF, SELF, 3);
    expect_silence(SELF);
    gicd_write(SELF, GICD_CTLR, 4, 3);
    uint32_t first = guest_ack(SELF);
    guest_eoi(SELF, first);
    uint32_t second = guest_ack(SELF);
    guest_eoi(SELF, second);
    EXPECT_EQ(first + second, 53u);
    expect_silence(SELF);
}

/* --- the timer --- */

KTF_TEST_EACH(vgic, the_timer_is_ended_by_the_guest, uint32_t, versions, name_version)
{
    start(*param, 4);
    for (int i = 0; i < 3; i++) {
        cpus[0].timer_ctl = TIMER_DUE;
        EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
        EXPECT_TRUE(cpus[0].timer_active);
        cpus[0].timer_ctl = 0;
        guest_eoi(SELF, IRQ_VIRT_TIMER);
        EXPECT_FALSE(cpus[0].timer_active);
        expect_silence(SELF);
    }
}

KTF_TEST_EACH(vgic, the_timer_comes_again_while_it_is_due, uint32_t, versions, name_version)
{
    start(*param, 4);
    cpus[0].timer_ctl = TIMER_DUE;
    handle(SELF, IRQ_VIRT_TIMER);
    handle(SELF, IRQ_VIRT_TIMER);
    cpus[0].timer_ctl = 0;
    vgic_maintenance(SELF);
    expect_silence(SELF);
    EXPECT_FALSE(cpus[0].timer_active);
}

KTF_TEST_EACH(vgic, a_disabled_timer_waits, uint32_t, versions, name_version)
{
    start(*param, 4);
    private_write(SELF, GICD_ICENABLER, 4, VGIC_TIMER_BIT);
    cpus[0].timer_ctl = TIMER_DUE;
    expect_silence(SELF);
    EXPECT_TRUE(private_read(SELF, GICD_ISPENDR, 4) & VGIC_TIMER_BIT);
    private_write(SELF, GICD_ISENABLER, 4, VGIC_TIMER_BIT);
    EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
    cpus[0].timer_ctl = 0;
    EXPECT_FALSE(private_read(SELF, GICD_ISPENDR, 4) & VGIC_TIMER_BIT);
    EXPECT_TRUE(private_read(SELF, GICD_ISACTIVER, 4) & VGIC_TIMER_BIT);
    guest_eoi(SELF, IRQ_VIRT_TIMER);
    EXPECT_FALSE(cpus[0].timer_active);
}

KTF_TEST_EACH(vgic, a_timer_turned_off_is_forgotten, uint32_t, versions, name_version)
{
    start(*param, 4);
    private_write(SELF, GICD_ICENABLER, 4, VGIC_TIMER_BIT);
    cpus[0].timer_ctl = TIMER_DUE;
    expect_silence(SELF);
    cpus[0].timer_ctl = 0;
    private_write(SELF, GICD_ISENABLER, 4, VGIC_TIMER_BIT);
    expect_silence(SELF);
    EXPECT_FALSE(cpus[0].timer_active);
}

KTF_TEST_EACH(vgic, the_active_timer_moves_with_its_vcpu, uint32_t, versions, name_version)
{
    start(*param, 4);
    cpus[0].timer_ctl = TIMER_DUE;
    EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
    put(SELF);

    /* Another vCPU's timer works meanwhile. */
    load(&vcpus[1], 0);
    nr_running[0] = 0;
    cpus[0].timer_ctl = TIMER_DUE;
    EXPECT_EQ(guest_ack(&vcpus[1]), (uint32_t)IRQ_VIRT_TIMER);
    cpus[0].timer_ctl = 0;
    guest_eoi(&vcpus[1], IRQ_VIRT_TIMER);
    put(&vcpus[1]);

    load(SELF, 1);
    EXPECT_TRUE(cpus[1].timer_active);
    nr_running[1] = 1;
    running[1][0] = 0xA0;
    expect_silence(SELF);
    guest_eoi(SELF, IRQ_VIRT_TIMER);
    EXPECT_FALSE(cpus[1].timer_active);
    cpus[1].timer_ctl = TIMER_DUE;
    EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
}

KTF_TEST_EACH(vgic, a_pending_timer_comes_again_after_a_switch, uint32_t, versions, name_version)
{
    start(*param, 4);
    cpus[0].timer_ctl = TIMER_DUE;
    enter(SELF);
    put(SELF);
    load(SELF, 0);
    expect_silence(SELF);
    cpus[0].timer_ctl = TIMER_DUE;
    handle(SELF, IRQ_VIRT_TIMER);
}

KTF_TEST_EACH(vgic, the_timer_made_pending_by_hand, uint32_t, versions, name_version)
{
    start(*param, 4);
    private_write(SELF, GICD_ISPENDR, 4, VGIC_TIMER_BIT);
    handle(SELF, IRQ_VIRT_TIMER);
    expect_silence(SELF);

    /* On top of the real one, which is being handled. */
    cpus[0].timer_ctl = TIMER_DUE;
    EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
    private_write(SELF, GICD_ISPENDR, 4, VGIC_TIMER_BIT);
    cpus[0].timer_ctl = 0;
    guest_eoi(SELF, IRQ_VIRT_TIMER);
    handle(SELF, IRQ_VIRT_TIMER);
    expect_silence(SELF);
    EXPECT_FALSE(cpus[0].timer_active);
}

KTF_TEST_EACH(vgic, the_timer_deactivated_by_hand, uint32_t, versions, name_version)
{
    start(*param, 4);
    cpus[0].timer_ctl = TIMER_DUE;
    EXPECT_EQ(guest_ack(SELF), (uint32_t)IRQ_VIRT_TIMER);
    cpus[0].timer_ctl = 0;
    private_write(SELF, GICD_ICACTIVER, 4, VGIC_TIMER_BIT);
    EXPECT_FALSE(cpus[0].timer_active);
    EXPECT_EQ(private_read(SELF, GICD_ISACTIVER, 4), 0u);
}
