/* SPDX-License-Identifier: MIT */
/*
 * dev/kick.h as sched/vcpu_kick.c and sched/sched.c use it: a storm of kicks is one interrupt for
 * each time that the CPU looks.
 */
#include "sched/vcpu_kick.c"

#include "sched_fake.h"

static uint64_t sent_set;

static void send_sgi_set(uint64_t pcpus_set, uint32_t sgi)
{
    EXPECT_EQ(sgi, IRQ_KICK);
    sent_set |= pcpus_set;
}

static const struct gic_ops both_ops = {.send_sgi = send_sgi, .send_sgi_set = send_sgi_set};

/* The first vCPU runs on CPU 0, and what follows happens on CPU 1. */
static void setup(void)
{
    sched_fake_setup();
    gic = &both_ops;
    vm.vcpus[0] = &vcpu;
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    vcpu.work = 0;
    self = &pcpus[1];
    pcpus[0].kicked = 0;
    nr_kicks[0] = nr_kicks[1] = 0;
    sent_set = 0;
}

KTF_SUITE(kick, .setup = setup);

/* What CPU 0 does when IRQ_KICK comes. */
static void take_kick(void)
{
    self = &pcpus[0];
    kick_taken();
    self = &pcpus[1];
}

KTF_TEST(kick, a_storm_is_one_interrupt_for_each_look)
{
    for (uint32_t looks = 1; looks <= 3; looks++) {
        vcpu.work = 0;
        for (int i = 0; i < 1000; i++)
            vcpu_kick(&vcpu, VCPU_WORK_VGIC);
        EXPECT_EQ(nr_kicks[0], looks);
        EXPECT_EQ(vcpu.work, VCPU_WORK_VGIC);
        take_kick();
    }
}

KTF_TEST(kick, those_who_kick_for_different_reasons_share_one)
{
    vcpu_kick(&vcpu, VCPU_WORK_VGIC);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    vcpu.state = VCPU_BLOCKED;
    sleep_kick(&vcpu);
    EXPECT_EQ(nr_kicks[0], 1);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_EQ(vcpu.work, VCPU_WORK_VGIC | VCPU_WORK_RESCHED);
}

KTF_TEST(kick, several_at_once_leave_out_who_is_kicked)
{
    vcpu_kick_set(&vm, 1, VCPU_WORK_VGIC);
    EXPECT_EQ(sent_set, 1);
    sent_set = 0;
    vcpu.work = 0;
    vcpu_kick_set(&vm, 1, VCPU_WORK_VGIC);
    vcpu_kick(&vcpu, VCPU_WORK_RESCHED);
    EXPECT_EQ(sent_set, 0);
    EXPECT_EQ(nr_kicks[0], 0);
    EXPECT_EQ(vcpu.work, VCPU_WORK_VGIC | VCPU_WORK_RESCHED);
    take_kick();
    vcpu_kick_set(&vm, 1, VCPU_WORK_VGIC);
    EXPECT_EQ(sent_set, 1);
}

/* Nobody takes a kick that nobody sends: a CPU that kicks itself is not said to be kicked. */
KTF_TEST(kick, the_own_cpu_is_not_kicked)
{
    self = &pcpus[0];
    vcpu_kick(&vcpu, VCPU_WORK_VGIC);
    vcpu_kick_set(&vm, 1, VCPU_WORK_VGIC);
    EXPECT_EQ(nr_kicks[0], 0);
    EXPECT_EQ(sent_set, 0);
    EXPECT_EQ(pcpus[0].kicked, 0);
    self = &pcpus[1];
    vcpu_kick(&vcpu, VCPU_WORK_VGIC);
    EXPECT_EQ(nr_kicks[0], 1);
}
