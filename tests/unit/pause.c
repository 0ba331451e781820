/* SPDX-License-Identifier: MIT */
/*
 * Pausing and removing vCPUs in sched/sched.c, in each state a vCPU can be in.
 */
#include "sched_fake.h"

/* While a CPU idles, the test resumes what it paused. */
static void resume(struct vcpu *parked)
{
    EXPECT_NULL(parked);
    EXPECT_EQ(vm.nr_holds, 0);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
}

static void setup(void)
{
    sched_fake_setup();
    while_asleep = resume;
}

KTF_SUITE(pause, .setup = setup);

static bool is_queued(const struct vcpu *asked)
{
    return !list_empty(&asked->run_link);
}

KTF_TEST(pause, a_ready_one_leaves_its_queue_and_comes_back)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_TRUE(is_queued(&vcpu));
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(vcpu.state, VCPU_READY);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_TRUE(is_queued(&vcpu));
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_EQ(sched_enter(), &vcpu);
}

KTF_TEST(pause, a_loaded_one_is_put_and_another_runs)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_wake(&other, VCPU_OFF);
    vcpu.work = 0;
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    EXPECT_EQ(vcpu.work, VCPU_WORK_RESCHED);
    EXPECT_EQ(sched_switch(&vcpu), &other);
    EXPECT_FALSE(vcpu.loaded);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(vm.nr_holds, 1);
    now += 5000;
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_TRUE(is_queued(&vcpu));
    /* Time in pause is not time it was kept waiting. */
    EXPECT_EQ(vcpu.ready_since_ticks, now);
}

KTF_TEST(pause, one_loaded_elsewhere_gets_a_kick)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    self = &pcpus[1];
    nr_kicks[0] = 0;
    vcpu.work = 0;
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    EXPECT_EQ(nr_kicks[0], 1);
    EXPECT_EQ(vcpu.work, VCPU_WORK_RESCHED);
}

KTF_TEST(pause, a_pause_that_ends_before_the_cpu_noticed_changes_nothing)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(sched_switch(&vcpu), &vcpu);
    EXPECT_EQ(vm.nr_holds, 1);
}

KTF_TEST(pause, a_wake_up_is_kept)
{
    vcpu.state = VCPU_BLOCKED;
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    sched_wake(&vcpu, VCPU_BLOCKED);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, a_sleeper_wakes_and_waits)
{
    vcpu.state = VCPU_BLOCKED;
    vcpu.wake_ticks = 2000;
    list_push_back(&pcpus[0].sleepers, &vcpu.sleep_link);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    now = 3000;
    sched_timer();
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_TRUE(list_empty(&pcpus[0].sleepers));
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, one_that_is_blocked_or_off_stays_so)
{
    static const enum vcpu_state states[] = {VCPU_OFF, VCPU_STARTING, VCPU_BLOCKED, VCPU_STOPPED};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        vcpu.state = states[i];
        sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
        sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
        EXPECT_EQ(vcpu.state, states[i]);
        EXPECT_FALSE(is_queued(&vcpu));
    }
}

KTF_TEST(pause, one_that_is_started_meanwhile_waits)
{
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    vcpu.state = VCPU_STARTING;
    sched_wake(&vcpu, VCPU_STARTING);
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, an_idle_cpu_goes_on_when_it_is_resumed)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    EXPECT_EQ(sched_switch(&vcpu), &vcpu);
    EXPECT_EQ(vm.nr_holds, 1);
}

KTF_TEST(pause, removing_a_paused_one_is_for_good)
{
    sched_wake(&vcpu, VCPU_OFF);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    sched_remove(&vcpu);
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, false);
    EXPECT_EQ(vcpu.state, VCPU_STOPPED);
    EXPECT_FALSE(is_queued(&vcpu));
}
