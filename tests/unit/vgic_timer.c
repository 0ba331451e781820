/* SPDX-License-Identifier: MIT */
/*
 * The virtual timer in the virtual GIC: its level falls without our being told, its interrupt may
 * be disabled while it is active.
 */
#include "arch/esr.h"
#include "vgic_guest.h"

#define TIMER IRQ_VIRT_TIMER

KTF_SUITE(vgic_timer);

static bool is_watched(void)
{
    return SELF->vtimer.look_ticks != TIMER_NEVER;
}

/* The hypervisor's timer has fired. */
static void look(void)
{
    EXPECT_TRUE(is_watched());
    SELF->vtimer.look_ticks = SELF->vtimer.deadline = TIMER_NEVER;
    vgic_look_at_timer(SELF);
    enter(SELF);
}

static void become_due(void)
{
    cpu_now()->timer_ctl = TIMER_DUE;
    enter(SELF);
}

KTF_TEST_EACH(vgic_timer, turned_off_before_it_is_taken_it_does_not_come, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    cpu_now()->spsr = SPSR_I;
    become_due();
    look();
    EXPECT_TRUE(is_watched());
    cpu_now()->timer_ctl = 0;
    look();
    expect_silence(SELF);
    EXPECT_FALSE(is_watched());
    EXPECT_FALSE(cpu_now()->timer_active);
    become_due();
    handle(SELF, TIMER);
}

KTF_TEST_EACH(vgic_timer, what_is_taken_at_once_is_not_watched, uint32_t, versions, name_version)
{
    start(*param, 4);
    become_due();
    EXPECT_FALSE(is_watched());
    EXPECT_EQ(guest_ack(SELF), TIMER);
}

KTF_TEST(vgic_timer, all_that_keeps_it_back_has_it_watched)
{
    for (int i = 0; i < 4; i++) {
        start(3, 4);
        if (i == 0)
            cpu_now()->interface.vmcr &= ~(uint32_t)GIC_VMCR_GROUP1_ENABLE;
        else if (i == 1)
            cpu_now()->interface.vmcr = VMCR_ON & ~PMR_ALL;
        else if (i == 2)
            cpu_now()->busy = true;
        else
            cpu_now()->spsr = SPSR_I;
        become_due();
        EXPECT_TRUE(is_watched());
    }
    start(3, 4);
    private_write(SELF, GICD_IGROUPR, 4, 0);
    cpu_now()->interface.vmcr |= GIC_VMCR_FIQEN;
    cpu_now()->spsr = SPSR_F;
    become_due();
    EXPECT_TRUE(is_watched());
}

KTF_TEST_EACH(vgic_timer, disabled_while_active_it_comes_when_it_is_enabled, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    become_due();
    uint32_t iar = guest_ack(SELF);
    EXPECT_EQ(iar, TIMER);
    private_write(SELF, GICD_ICENABLER, 4, vgic_bit(TIMER));
    guest_eoi(SELF, iar);
    expect_silence(SELF);
    EXPECT_TRUE(private_read(SELF, GICD_ISPENDR, 4) & vgic_bit(TIMER));
    EXPECT_FALSE(private_read(SELF, GICD_ISACTIVER, 4) & vgic_bit(TIMER));
    private_write(SELF, GICD_ISENABLER, 4, vgic_bit(TIMER));
    handle(SELF, TIMER);
}

/* The physical interrupt would not come again by itself: EL2 looks at its level. */
KTF_TEST(vgic_timer, where_levels_are_forgotten_its_end_is_told)
{
    start(2, 4);
    gic_limits.forgets_levels = true;
    become_due();
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        EXPECT_FALSE(cpu_now()->lr[i] & GIC_LR_HW);
    handle(SELF, TIMER);
    EXPECT_TRUE(cpu_now()->timer_active);
    EXPECT_EQ(vgic_lr_look(SELF), VGIC_LOOK_UNCLEAR);
    EXPECT_TRUE(vgic_has_pending(SELF));
    cpu_now()->timer_ctl = 0;
    EXPECT_FALSE(vgic_has_pending(SELF));
    expect_silence(SELF);
    EXPECT_FALSE(cpu_now()->timer_active);

    /* Moved on by its handler, which ends it then: its list register is free again. */
    become_due();
    uint32_t iar = guest_ack(SELF);
    EXPECT_EQ(iar, TIMER);
    cpu_now()->timer_ctl = 0;
    guest_eoi(SELF, iar);
    EXPECT_EQ(SELF->vgic.used, 0u);
    EXPECT_FALSE(cpu_now()->timer_active);
    expect_silence(SELF);
}

KTF_TEST(vgic_timer, made_inactive_while_its_vcpu_is_away_it_can_come)
{
    start(3, 4);
    private_write(SELF, GICD_ISACTIVER, 4, vgic_bit(TIMER));
    become_due();
    put(SELF);
    load(&vcpus[1], 1);
    gicr_write(&vcpus[1], GICR_SGI_FRAME + GICD_ICACTIVER, 4, vgic_bit(TIMER));
    load(SELF, 0);
    become_due();
    handle(SELF, TIMER);
}

KTF_TEST(vgic_timer, its_level_is_seen_from_other_vcpus)
{
    start(3, 4);
    load(&vcpus[1], 1);
    vcpus[2].el1.cntv_ctl_el0 = TIMER_ENABLE;
    EXPECT_EQ(gicr_read(&vcpus[1], 2 * GICR_BYTES + GICR_SGI_FRAME + GICD_ISPENDR, 4),
              vgic_bit(TIMER));
    vcpus[2].el1.cntv_ctl_el0 = TIMER_ENABLE | TIMER_IMASK;
    EXPECT_EQ(gicr_read(&vcpus[1], 2 * GICR_BYTES + GICR_SGI_FRAME + GICD_ISPENDR, 4), 0u);
}
