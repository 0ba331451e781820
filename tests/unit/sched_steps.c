/* SPDX-License-Identifier: MIT */
/*
 * The end of a VM as sched/sched.c runs it, step by step, beside a VM that is busy: who pays, who
 * waits, and for how long. A tick is a microsecond.
 */
#include "sched_fake.h"

#define STEP_TICKS 60

static struct vm good;
static uint64_t nr_steps;    /* left */
static uint64_t steps_ticks; /* that all together took, as have the next */
static uint64_t guest_ticks;
static uint64_t longest_gap;
static uint32_t nr_interrupts;
static bool runs_again;

static void take_interrupt(struct vcpu *parked)
{
    EXPECT_NULL(parked);
    nr_interrupts++;
}

static bool step(struct vm *of)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(of->nr_holds, 0);
    EXPECT_EQ(sched_lock.next, sched_lock.serving);
    now += STEP_TICKS;
    steps_ticks += STEP_TICKS;
    if (--nr_steps > 0)
        return true;
    if (runs_again) {
        vcpu.state = VCPU_STARTING;
        sched_start(&vcpu);
    }
    return false;
}

/* A busy guest runs, and beside it one that is about to end. */
static void setup(void)
{
    sched_fake_setup();
    place_idle_pcpus = 0;
    while_asleep = take_interrupt;
    good = (struct vm){.state = VM_RUNNING};
    vm = (struct vm){.state = VM_ENDING, .step = step, .vcpus = {&vcpu}};
    other.vm = &good;
    vcpu.state = VCPU_STOPPED;
    nr_steps = UINT64_MAX;
    steps_ticks = guest_ticks = longest_gap = 0;
    nr_interrupts = 0;
    runs_again = false;
    sched_wake(&other, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &other);
}

KTF_SUITE(sched_steps, .setup = setup);

/* What EL2 does before it returns to the busy guest. */
static void leave_el2(void)
{
    uint64_t since = now;

    while (other.work & VCPU_WORK_RESCHED) {
        other.work = 0;
        EXPECT_EQ(sched_switch(&other), &other);
    }
    longest_gap = now - since > longest_gap ? now - since : longest_gap;
}

/* The busy guest runs up to its timer's interrupt, again and again. */
static void run(unsigned rounds)
{
    leave_el2();
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t until = deadlines[0] < now + slice_ticks ? deadlines[0] : now + slice_ticks;

        guest_ticks += until - now;
        now = until;
        sched_timer();
        leave_el2();
    }
}

KTF_TEST(sched_steps, an_end_costs_others_no_more_than_a_guest_would)
{
    sched_release_last(&vm);
    EXPECT_EQ(vm.state, VM_UNREADY);
    run(1000);
    EXPECT_GE(guest_ticks, steps_ticks - 2 * SHORT_SLICE_US);
    EXPECT_LE(guest_ticks, steps_ticks + 2 * SHORT_SLICE_US);
    EXPECT_LE(longest_gap, SHORT_SLICE_US + STEP_TICKS);
    EXPECT_EQ(nr_interrupts, steps_ticks / STEP_TICKS); /* one after each step */
}

KTF_TEST(sched_steps, its_turns_are_by_weight)
{
    vcpu.weight = 300;
    sched_release_last(&vm);
    run(1000);
    EXPECT_GE(steps_ticks, guest_ticks * 3 - 8 * SHORT_SLICE_US);
    EXPECT_LE(steps_ticks, guest_ticks * 3 + 8 * SHORT_SLICE_US);
    EXPECT_LE(longest_gap, 3 * SHORT_SLICE_US + STEP_TICKS);
}

/* It may have slept, and would be preferred when it wakes. */
KTF_TEST(sched_steps, what_it_has_not_used_is_lost)
{
    run(100);
    vcpu.virtual_ticks = 0;
    sched_release_last(&vm);
    run(100);
    EXPECT_LE(longest_gap, SHORT_SLICE_US + STEP_TICKS);
}

KTF_TEST(sched_steps, what_it_has_used_too_much_is_not)
{
    sched_release_last(&vm);
    vcpu.virtual_ticks += 10 * slice_ticks;
    run(9);
    EXPECT_EQ(steps_ticks, 0);
    run(100);
    EXPECT_GT(steps_ticks, 0);
}

KTF_TEST(sched_steps, slices_are_short_while_it_lasts_and_a_slice_longer)
{
    EXPECT_EQ(slice_end(self, now), now + slice_ticks);
    sched_release_last(&vm);
    EXPECT_EQ(slice_end(self, now), now + SHORT_SLICE_US);
    nr_steps = 1000;
    run(500);
    EXPECT_EQ(steps_ticks, 1000 * STEP_TICKS);
    EXPECT_EQ(slice_end(self, now), now + slice_ticks);
}

/* From its first guest's first turn on it waits and runs as before. */
KTF_TEST(sched_steps, after_the_last_step_its_guest_may_run)
{
    runs_again = true;
    nr_steps = 20;
    sched_release_last(&vm);
    while (nr_steps > 0) {
        now = deadlines[0];
        sched_timer();
        other.work = 0;
        struct vcpu *next = sched_switch(&other);
        EXPECT_TRUE(next == &other || nr_steps == 0);
    }
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_GE(vcpu.virtual_ticks, 20 * STEP_TICKS); /* it pays on */
    EXPECT_LE(slice_end(self, now), now + SHORT_SLICE_US);
}

KTF_TEST(sched_steps, a_vm_that_was_paused_ends_too)
{
    sched_set_paused(&vcpu, VCPU_PAUSED_BY_VM, true);
    nr_steps = 3;
    sched_release_last(&vm);
    run(10);
    EXPECT_EQ(nr_steps, 0);
}

KTF_TEST(sched_steps, it_is_taken_up_once_and_only_when_it_is_not_held)
{
    vm.nr_holds = 1;
    sched_release_last(&vm);
    EXPECT_EQ(vcpu.state, VCPU_STOPPED);
    sched_release(&vm);
    EXPECT_EQ(vcpu.state, VCPU_STEPS);
    list_remove(&vcpu.run_link);
    vcpu.state = VCPU_STOPPED;
    sched_release_last(&vm);
    EXPECT_EQ(vcpu.state, VCPU_STOPPED);
}

KTF_TEST(sched_steps, an_idle_cpu_that_it_may_use_does_it)
{
    place_idle_pcpus = place_bit(&pcpus[1]);
    vcpu.affinity = 3;
    sched_release_last(&vm);
    EXPECT_EQ(vcpu.pcpu, &pcpus[1]);
    EXPECT_EQ(nr_kicks[1], 1);
    EXPECT_EQ(place_idle_pcpus, 0);
    run(10);
    EXPECT_EQ(steps_ticks, 0); /* that CPU's to take */
}

KTF_TEST(sched_steps, an_idle_cpu_that_it_may_not_use_does_not)
{
    place_idle_pcpus = place_bit(&pcpus[1]);
    sched_release_last(&vm);
    EXPECT_EQ(vcpu.pcpu, &pcpus[0]);
    run(10);
    EXPECT_GT(steps_ticks, 0);
}

/* A step is nothing that a kick, a wake-up or a pause of its guest can take away. */
KTF_TEST(sched_steps, nothing_takes_its_turns_away)
{
    sched_release_last(&vm);
    sched_wake(&vcpu, VCPU_BLOCKED);
    sched_wake(&vcpu, VCPU_OFF);
    sleep_kick(&vcpu);
    sleep_rouse(&vcpu);
    (void)sched_kick_set(&vm, 1, VCPU_WORK_VGIC);
    sched_start(&vcpu);
    EXPECT_EQ(vcpu.state, VCPU_STEPS);
    run(100);
    EXPECT_GT(steps_ticks, 0);
}
