/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.c on a simulated machine: does everybody get a share by weight, does nobody wait for
 * ever, does an idle CPU find work?
 */
#include "sched_machine.h"

KTF_SUITE(sched, .setup = make_machine);

KTF_TEST(sched, one_that_is_alone_runs_all_the_time_and_needs_no_timer)
{
    start_vcpus(1);
    run(100 * SLICE_TICKS);
    EXPECT_EQ(ran_ticks[0], 100 * SLICE_TICKS);
    EXPECT_EQ(deadlines[0], UINT64_MAX);
}

KTF_TEST(sched, busy_vcpus_share_equally)
{
    start_vcpus(4);
    run(400 * SLICE_TICKS);
    for (uint32_t i = 0; i < 4; i++)
        expect_share(i, 25, 400 * SLICE_TICKS);
}

KTF_TEST(sched, a_share_is_by_weight)
{
    vcpus[0].weight = 300;
    start_vcpus(2);
    run(1000 * SLICE_TICKS);
    expect_share(0, 75, 1000 * SLICE_TICKS);
    expect_share(1, 25, 1000 * SLICE_TICKS);
}

KTF_TEST(sched, one_that_slept_long_does_not_starve_the_others)
{
    start_vcpus(2);
    exit_guest();
    vcpus[1].state = VCPU_BLOCKED;
    list_remove(&vcpus[1].run_link);
    run(1000 * SLICE_TICKS);
    memset(ran_ticks, 0, sizeof(ran_ticks));
    sched_wake(&vcpus[1], VCPU_BLOCKED);
    run(10 * SLICE_TICKS);
    EXPECT_GE(ran_ticks[0], 4 * SLICE_TICKS);
    EXPECT_GE(ran_ticks[1], 4 * SLICE_TICKS);
}

KTF_TEST(sched, one_that_wakes_runs_soon)
{
    start_vcpus(3);
    exit_guest();
    vcpus[2].state = VCPU_BLOCKED;
    list_remove(&vcpus[2].run_link);
    run(101 * SLICE_TICKS);
    sched_wake(&vcpus[2], VCPU_BLOCKED);
    exit_guest();
    EXPECT_EQ(self->current, &vcpus[2]);
}

KTF_TEST(sched, sleeping_and_waking_all_the_time_gains_nothing)
{
    start_vcpus(2);
    for (uint32_t i = 0; i < 4000; i++) {
        run(SLICE_TICKS / 4);
        if (self->current == &vcpus[1]) { /* blocks, and is woken at once */
            sleep_block(&vcpus[1]);
            exit_guest();
            sched_wake(&vcpus[1], VCPU_BLOCKED);
            exit_guest();
        }
    }
    expect_share(0, 50, ran_ticks[0] + ran_ticks[1]);
}

KTF_TEST(sched, a_yield_lets_the_other_run)
{
    start_vcpus(2);
    exit_guest();
    struct vcpu *first_one = self->current;
    sched_let_others_run(first_one);
    exit_guest();
    EXPECT_NE(self->current, first_one);
}

KTF_TEST(sched, a_yield_alone_is_no_work)
{
    start_vcpus(1);
    exit_guest();
    sched_let_others_run(self->current);
    EXPECT_EQ(self->current->work, 0);
}

KTF_TEST(sched, what_became_pending_before_ends_the_block)
{
    start_vcpus(1);
    exit_guest();
    interrupt_pending = true;
    sleep_block(&vcpus[0]);
    EXPECT_EQ(vcpus[0].state, VCPU_READY);
    EXPECT_EQ(vcpus[0].work, 0);
}

KTF_TEST(sched, what_others_post_meanwhile_ends_the_block)
{
    start_vcpus(1);
    exit_guest();
    vcpus[0].vgic.bank.posted = 1;
    sleep_block(&vcpus[0]);
    EXPECT_EQ(vcpus[0].state, VCPU_READY);
    vcpus[0].vgic.bank.posted = 0;
    vcpus[0].vgic.requests = 1;
    sleep_block(&vcpus[0]);
    EXPECT_EQ(vcpus[0].state, VCPU_READY);
    vcpus[0].vgic.requests = 0;
    sleep_block(&vcpus[0]);
    EXPECT_EQ(vcpus[0].state, VCPU_BLOCKED);
    EXPECT_EQ(vcpus[0].work, VCPU_WORK_RESCHED);
}

/* One CPU sleeps, the other gives it work. */
KTF_TEST(sched, an_idle_cpu_is_given_one_vcpu_at_a_time)
{
    nr_pcpus = 2;
    start_vcpus(1);
    exit_guest();
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_wake(&vcpus[1], VCPU_OFF);
    sched_wake(&vcpus[2], VCPU_OFF);
    EXPECT_EQ(vcpus[1].pcpu, &pcpus[1]);
    EXPECT_EQ(vcpus[2].pcpu, &pcpus[0]);
    EXPECT_EQ(place_idle_pcpus, 0);
}

KTF_TEST(sched, a_parked_vcpu_that_wakes_makes_its_cpu_busy)
{
    nr_pcpus = 2;
    start_vcpus(1);
    exit_guest();
    vcpus[0].state = VCPU_BLOCKED;
    place_idle_pcpus = place_bit(&pcpus[0]);
    sched_wake(&vcpus[0], VCPU_BLOCKED);
    EXPECT_EQ(place_idle_pcpus, 0);
}

KTF_TEST(sched, one_that_sleeps_alone_stays_loaded)
{
    start_vcpus(1);
    exit_guest();
    guest_timer = now + 5000;
    sleep_block(&vcpus[0]);
    exit_guest();
    EXPECT_EQ(now, guest_timer);
    EXPECT_EQ(self->current, &vcpus[0]);
    EXPECT_EQ(vcpus[0].state, VCPU_READY);
    EXPECT_EQ(nr_puts, 0);
}

KTF_TEST(sched, one_that_sleeps_makes_way_and_wakes_in_time)
{
    start_vcpus(2);
    exit_guest();
    struct vcpu *sleeper = self->current;
    guest_timer = now + SLICE_TICKS / 2;
    sleep_block(sleeper);
    exit_guest();
    EXPECT_NE(self->current, sleeper);
    run(SLICE_TICKS / 2 + 1);
    EXPECT_EQ(self->current, sleeper);
}

KTF_TEST(sched, a_vcpu_goes_to_an_idle_cpu)
{
    nr_pcpus = 2;
    start_vcpus(1);
    exit_guest();
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_wake(&vcpus[1], VCPU_OFF);
    EXPECT_EQ(vcpus[1].pcpu, &pcpus[1]);
    EXPECT_TRUE(kicked[1]);
}

KTF_TEST(sched, a_kick_of_several_wakes_those_that_sleep)
{
    struct vm three = {0};

    if (CONFIG_NR_VCPUS < 3)
        SKIP("a VM has fewer than three vCPUs");
    for (uint32_t i = 0; i < CONFIG_NR_VCPUS; i++)
        three.vcpus[i] = &vcpus[i < 3 ? i : 0];
    start_vcpus(3);
    exit_guest();
    vcpus[2].state = VCPU_BLOCKED;
    list_remove(&vcpus[2].run_link);
    vcpus[0].work = 0;
    EXPECT_EQ(self->current, &vcpus[0]);
    EXPECT_EQ(sched_kick_set(&three, 5, VCPU_WORK_VGIC), 0u); /* it is this CPU itself */
    EXPECT_TRUE(vcpus[0].work & VCPU_WORK_VGIC);
    EXPECT_EQ(vcpus[1].work, 0u);
    EXPECT_EQ(vcpus[2].state, VCPU_READY);
    self = &pcpus[1];
    EXPECT_EQ(sched_kick_set(&three, 7, VCPU_WORK_VGIC), 1u);
    EXPECT_TRUE(vcpus[1].work & VCPU_WORK_VGIC);
    self = &pcpus[0];
}

KTF_TEST(sched, affinity_is_kept)
{
    nr_pcpus = 2;
    vcpus[1].affinity = 1;
    start_vcpus(1);
    exit_guest();
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_wake(&vcpus[1], VCPU_OFF);
    EXPECT_EQ(vcpus[1].pcpu, &pcpus[0]);
    EXPECT_NULL(sched_place(0));
}

KTF_TEST(sched, an_idle_cpu_takes_waiting_work)
{
    nr_pcpus = 1;
    start_vcpus(3);
    exit_guest();
    nr_pcpus = 2;
    self = &pcpus[1];
    EXPECT_EQ(sched_enter()->pcpu, &pcpus[1]);
    EXPECT_EQ((uint32_t)(pcpus[0].nr_vcpus + pcpus[1].nr_vcpus), 3);
}

KTF_TEST(sched, a_removed_vcpu_never_runs_again)
{
    start_vcpus(2);
    exit_guest();
    sched_remove(&vcpus[0]);
    sched_remove(&vcpus[0]);
    run(10 * SLICE_TICKS);
    memset(ran_ticks, 0, sizeof(ran_ticks));
    sched_wake(&vcpus[0], VCPU_BLOCKED);
    run(10 * SLICE_TICKS);
    EXPECT_EQ(ran_ticks[0], 0);
}

/* Everybody who is ready is somewhere, once; and gets to run. */
KTF_TEST(sched, nobody_is_lost_on_two_cpus)
{
    uint64_t last_ran[NR_VCPUS] = {0};

    nr_pcpus = NR_PCPUS;
    srand(1);
    start_vcpus(NR_VCPUS);
    for (uint32_t step = 1; step < 20000; step++) {
        struct vcpu *any = &vcpus[rand() % NR_VCPUS];

        self = &pcpus[step % NR_PCPUS];
        if (!self->current && list_empty(&pcpus[0].run_queue) && list_empty(&pcpus[1].run_queue))
            sched_wake(any, VCPU_BLOCKED); /* an idle CPU would sleep for ever in this test */
        if (!self->current && list_empty(&self->run_queue) && !run_queue_first(&pcpus[0]) &&
            !run_queue_first(&pcpus[1]))
            continue;
        take_turn();
        last_ran[self->current->index] = step;
        if (rand() % 8 == 0 && run_queue_first(self)) {
            sleep_block(self->current);
            exit_guest();
        }
        sched_wake(any, VCPU_BLOCKED);
    }
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        if (vcpus[i].state == VCPU_READY)
            EXPECT_GE(last_ran[i], 19500);
}

/* --- to a certain one ------------------------------------------------------------------------ */

KTF_TEST(sched, the_one_yielded_to_is_next)
{
    for (uint32_t target = 1; target < 4; target++) {
        make_machine();
        start_vcpus(4);
        exit_guest();
        ASSERT_EQ(self->current, &vcpus[0]);
        sched_yield_to(&vcpus[0], &vcpus[target]);
        exit_guest();
        EXPECT_EQ(self->current, &vcpus[target]);
    }
}

/* Nobody else loses by it, however often two do it. */
KTF_TEST(sched, yielding_to_one_another_gains_nothing)
{
    start_vcpus(3);
    for (uint32_t i = 0; i < 4000; i++) {
        run(SLICE_TICKS / 4);
        if (self->current->index < 2) {
            sched_yield_to(self->current, &vcpus[1 - self->current->index]);
            exit_guest();
        }
    }
    EXPECT_GE(ran_ticks[2], 1000 * SLICE_TICKS / 3 - 20 * SLICE_TICKS);
}

KTF_TEST(sched, one_that_does_not_wait_is_not_yielded_to)
{
    nr_pcpus = 2;
    start_vcpus(3);
    exit_guest();
    sched_yield_to(&vcpus[0], &vcpus[3]); /* off */
    exit_guest();
    EXPECT_EQ(self->current, &vcpus[1]);
    vcpus[2].affinity = 2; /* not this CPU */
    sched_yield_to(&vcpus[1], &vcpus[2]);
    EXPECT_EQ(vcpus[2].pcpu, &pcpus[0]);
    sched_yield_to(self->current, &vcpus[0]);
    exit_guest();
    EXPECT_EQ(self->current, &vcpus[0]);
}

KTF_TEST(sched, one_that_waits_elsewhere_comes_here)
{
    nr_pcpus = 2;
    start_vcpus(2);
    exit_guest();
    ASSERT_EQ(self->current, &vcpus[0]);
    vcpus[2].pcpu = &pcpus[1];
    pcpus[1].current = &vcpus[3]; /* busy */
    vcpus[3].pcpu = &pcpus[1];
    vcpus[3].state = VCPU_READY;
    sched_wake(&vcpus[2], VCPU_OFF);
    ASSERT_EQ(vcpus[2].pcpu, &pcpus[1]);
    sched_yield_to(&vcpus[0], &vcpus[2]);
    exit_guest();
    EXPECT_EQ(self->current, &vcpus[2]);
    EXPECT_EQ(vcpus[2].pcpu, &pcpus[0]);
    pcpus[1].current = NULL;
}

/* --- what a vCPU is told of its time --------------------------------------------------------- */

/* Of the one that runs, nothing is outstanding. */
static void expect_all_told(uint64_t start)
{
    uint32_t i = self->current->index;

    EXPECT_EQ(ran_ticks[i] + pages[i].stolen_ticks + pages[i].blocked_ticks, now - start);
}

KTF_TEST(sched, run_stolen_and_blocked_times_add_up)
{
    uint64_t start = now;
    uint32_t random = 1;

    start_vcpus(3);
    for (uint32_t i = 0; i < 5000; i++) {
        random = random * 1664525 + 1013904223;
        run(random >> 8 & 0x3FFF);
        expect_all_told(start);
        struct vcpu *current = self->current;
        switch (random >> 28) {
        case 0: /* sleeps for a while, alone or not */
        case 1:
        case 2:
        case 3:
            guest_timer = now + (random & 0xFFFFF);
            sleep_block(current);
            exit_guest();
            guest_timer = UINT64_MAX;
            break;
        case 4:
            sched_let_others_run(current);
            exit_guest();
            break;
        case 5: /* another one is paused for a while, waiting or asleep */
            sched_set_paused(&vcpus[(current->index + 1) % 3], VCPU_PAUSED_BY_VM, true);
            run(random & 0xFFFF);
            sched_set_paused(&vcpus[0], VCPU_PAUSED_BY_VM, false);
            sched_set_paused(&vcpus[1], VCPU_PAUSED_BY_VM, false);
            sched_set_paused(&vcpus[2], VCPU_PAUSED_BY_VM, false);
            break;
        default:
            break;
        }
        expect_all_told(start);
    }
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_TRUE(pages[i].stolen_ticks > 0 && pages[i].blocked_ticks > 0);
}
