/* SPDX-License-Identifier: MIT */
/*
 * Weight and affinity, changed while vCPUs run, wait and sleep on a simulated machine: each change
 * holds from then on, and nobody is lost by it.
 */
#include "sched_machine.h"

KTF_SUITE(sched_settings, .setup = make_machine);

KTF_TEST(sched_settings, a_weight_counts_from_when_it_is_set)
{
    start_vcpus(2);
    run(400 * SLICE_TICKS);
    expect_share(0, 50, 400 * SLICE_TICKS);
    sched_set_weight(&vcpus[0], 3 * VM_WEIGHT_DEFAULT);
    memset(ran_ticks, 0, sizeof(ran_ticks));
    run(1000 * SLICE_TICKS);
    expect_share(0, 75, 1000 * SLICE_TICKS);
}

/* A slice of little weight is long; of much weight it is as long as it was, not as it counted. */
KTF_TEST(sched_settings, one_that_gains_weight_need_not_wait_for_long)
{
    sched_set_weight(&vcpus[0], 1);
    sched_set_weight(&vcpus[1], VM_WEIGHT_MAX);
    start_vcpus(2);
    run(10 * SLICE_TICKS);
    EXPECT_GT(ran_ticks[0], 0);
    sched_set_weight(&vcpus[0], VM_WEIGHT_MAX);
    memset(ran_ticks, 0, sizeof(ran_ticks));
    run(100 * SLICE_TICKS);
    expect_share(0, 49, 100 * SLICE_TICKS);
}

/* What a slice took counts by the weight of its time, though that changes within it. */
KTF_TEST(sched_settings, what_ran_is_charged_by_the_old_weight)
{
    start_vcpus(1);
    run(SLICE_TICKS);
    sched_set_weight(&vcpus[0], 1);
    EXPECT_EQ(vcpus[0].virtual_ticks, SLICE_TICKS);
}

KTF_TEST(sched_settings, one_that_runs_leaves_a_cpu_that_it_may_use_no_longer)
{
    nr_pcpus = 2;
    start_vcpus(1);
    exit_guest();
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_set_affinity(&vcpus[0], 2);
    sched_wake(&vcpus[1], VCPU_OFF); /* by its affinity to the one that idles */
    sched_set_affinity(&vcpus[1], 1);
    exit_guest();
    EXPECT_EQ(self->current, &vcpus[1]);
    EXPECT_EQ(vcpus[0].pcpu, &pcpus[1]);
    EXPECT_FALSE(list_empty(&vcpus[0].run_link));
    EXPECT_TRUE(kicked[1]);
}

KTF_TEST(sched_settings, one_that_waits_goes_to_a_cpu_that_idles)
{
    nr_pcpus = 2;
    vcpus[1].affinity = 1;
    start_vcpus(2);
    exit_guest();
    EXPECT_EQ(vcpus[1].pcpu, &pcpus[0]);
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_set_affinity(&vcpus[1], UINT64_MAX);
    EXPECT_EQ(vcpus[1].pcpu, &pcpus[1]);
    EXPECT_EQ(place_idle_pcpus, 0);
    EXPECT_TRUE(kicked[1]);
}

/* Loaded but asleep, and then off its CPU; it wakes where it may run. */
KTF_TEST(sched_settings, one_that_sleeps_wakes_where_it_may_run)
{
    nr_pcpus = 2;
    start_vcpus(2);
    exit_guest();
    struct vcpu *sleeper = self->current;
    sleeper->state = VCPU_BLOCKED;
    sleeper->wake_ticks = now + 10;
    sched_set_affinity(sleeper, 2);
    exit_guest();
    EXPECT_NE(self->current, sleeper);
    EXPECT_EQ(sleeper->pcpu, &pcpus[0]);
    now += 20;
    sched_timer();
    EXPECT_EQ(sleeper->pcpu, &pcpus[1]);
    EXPECT_FALSE(list_empty(&sleeper->run_link));
}

/* One that leaves takes no time back that was charged while another one was taken from elsewhere.
 */
KTF_TEST(sched_settings, one_that_leaves_takes_no_time_back)
{
    nr_pcpus = 2;
    ticks_a_read = 1;
    vcpus[0].affinity = 1;
    start_vcpus(1);
    exit_guest();
    for (uint32_t i = 1; i < 3; i++) {
        vcpus[i].pcpu = &pcpus[1];
        pcpus[1].nr_vcpus++;
        sched_wake(&vcpus[i], VCPU_OFF);
    }
    self = &pcpus[1];
    exit_guest();
    self = &pcpus[0];
    sched_set_affinity(&vcpus[0], 2);
    exit_guest(); /* and has one of the other CPU's */
    EXPECT_EQ(vcpus[0].pcpu, &pcpus[1]);
    EXPECT_EQ(self->current, &vcpus[2]);
    for (uint32_t i = 0; i < 2; i++)
        EXPECT_LT(pcpus[i].virtual_ticks, UINT64_C(1) << 40);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_LT(vcpus[i].virtual_ticks, UINT64_C(1) << 40);
}

/* Off while it was to leave: the next life of it begins where it may run. */
KTF_TEST(sched_settings, one_that_stopped_starts_where_it_may_run)
{
    nr_pcpus = 2;
    start_vcpus(2);
    exit_guest();
    struct vcpu *first = self->current;
    sched_set_affinity(first, 2);
    first->state = VCPU_OFF;
    exit_guest();
    EXPECT_EQ(first->pcpu, &pcpus[0]);
    first->state = VCPU_STARTING;
    sched_start(first);
    EXPECT_EQ(first->pcpu, &pcpus[1]);
    EXPECT_EQ(first->paused, 0);
}

/* Whoever is not loaded is where it may run, or asleep; whoever is loaded where it may not leaves.
 */
static void expect_places(void)
{
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        EXPECT_TRUE(place_allows(vcpus[i].affinity, vcpus[i].pcpu) ||
                    (vcpus[i].paused & VCPU_PAUSED_PLACE));
    EXPECT_TRUE(place_allows(self->current->affinity, self));
    EXPECT_EQ(pcpus[0].nr_vcpus + pcpus[1].nr_vcpus, NR_VCPUS);
}

static void steer(struct vcpu *any)
{
    switch (rand() % 8) {
    case 0:
    case 1:
        sched_set_affinity(any, 1 + (uint64_t)(rand() % 3));
        break;
    case 2:
        sched_set_weight(any, 1 + (uint32_t)rand() % VM_WEIGHT_MAX);
        break;
    case 3:
        sched_set_paused(any, VCPU_PAUSED_BY_VM, rand() % 2);
        break;
    default:
        break;
    }
}

static void step(uint32_t nr)
{
    struct vcpu *any = &vcpus[rand() % NR_VCPUS];

    self = &pcpus[nr % NR_PCPUS];
    take_turn();
    expect_places();
    if (rand() % 8 == 0) {
        sleep_block(self->current);
        exit_guest();
    }
    sched_wake(any, VCPU_BLOCKED);
}

KTF_TEST(sched_settings, nobody_is_lost_whatever_is_changed)
{
    uint64_t last_ran[NR_VCPUS] = {0};

    nr_pcpus = NR_PCPUS;
    steered = true;
    ticks_a_read = 1;
    srand(2);
    start_vcpus(NR_VCPUS);
    for (uint32_t nr = 0; nr < 100000; nr++) {
        step(nr);
        steer(&vcpus[rand() % NR_VCPUS]);
    }
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        sched_set_affinity(&vcpus[i], UINT64_MAX);
        sched_set_weight(&vcpus[i], VM_WEIGHT_DEFAULT);
        sched_set_paused(&vcpus[i], VCPU_PAUSED_BY_VM, false);
    }
    for (uint32_t nr = 0; nr < 1000; nr++) {
        step(nr);
        last_ran[self->current->index] = nr;
    }
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        if (vcpus[i].state == VCPU_READY)
            EXPECT_GE(last_ran[i], 500);
}
