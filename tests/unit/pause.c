/* SPDX-License-Identifier: MIT */
/*
 * Pausing and removing vCPUs in core/sched.c, in each state a vCPU can be in.
 */
#include <string.h>

#include "core/sched.c"
#include "ktf.h"

#define NR_PCPUS 2

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = NR_PCPUS;
const struct gic_ops *gic;

static struct vm vm;
static struct vcpu vcpu, other;
static struct stile_vcpu_page page; /* of both */
static struct pcpu *self;
static uint64_t now;
static uint32_t nr_kicks[NR_PCPUS];

uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "tpidr_el2") == 0)
        return (uint64_t)(uintptr_t)self;
    return strcmp(name, "cntfrq_el0") == 0 ? 1000000 : now;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    (void)name;
    (void)value;
}

static void send_sgi(uint32_t pcpu, uint32_t sgi)
{
    EXPECT_EQ(sgi, IRQ_KICK);
    nr_kicks[pcpu]++;
}

static const struct gic_ops ops = {.send_sgi = send_sgi};

void vcpu_put(struct vcpu *put)
{
    EXPECT_TRUE(put->saving);
}

void vcpu_load(struct vcpu *loaded)
{
    EXPECT_TRUE(loaded->loaded && !loaded->paused);
}

void vm_let_go(struct vm *released)
{
    (void)released;
    EXPECT_TRUE(false); /* it is not ending */
}

void trap_set_contended(const struct vcpu *loaded, bool contended)
{
    (void)loaded;
    (void)contended;
}

bool vgic_has_pending(struct vcpu *blocking)
{
    (void)blocking;
    return false;
}

void vtimer_expire(struct vcpu *expired)
{
    (void)expired;
}

/* While a CPU idles, the test resumes what it paused. */
uint32_t irq_dispatch(struct vcpu *interrupted)
{
    EXPECT_NULL(interrupted);
    EXPECT_EQ(vm.nr_holds, 0);
    sched_set_paused(&vcpu, false);
    return 0;
}

static void init_vcpu(struct vcpu *made)
{
    *made = (struct vcpu){
        .vm = &vm, .page = &page, .weight = SCHED_WEIGHT_DEFAULT, .affinity = 1, .pcpu = &pcpus[0]};
    list_init(&made->run_link);
    list_init(&made->sleep_link);
    pcpus[0].nr_vcpus++;
}

static void setup(void)
{
    memset(pcpus, 0, sizeof(pcpus));
    memset(nr_kicks, 0, sizeof(nr_kicks));
    vm.nr_holds = 0;
    now = 1000;
    gic = &ops;
    for (uint32_t i = 0; i < NR_PCPUS; i++) {
        pcpus[i].index = i;
        pcpus[i].online = true;
        sched_init_pcpu(&pcpus[i]);
    }
    self = &pcpus[0];
    init_vcpu(&vcpu);
    init_vcpu(&other);
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
    sched_set_paused(&vcpu, true);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(vcpu.state, VCPU_READY);
    sched_set_paused(&vcpu, true);
    sched_set_paused(&vcpu, false);
    EXPECT_TRUE(is_queued(&vcpu));
    sched_set_paused(&vcpu, false);
    EXPECT_EQ(sched_enter(), &vcpu);
}

KTF_TEST(pause, a_loaded_one_is_put_and_another_runs)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_wake(&other, VCPU_OFF);
    vcpu.work = 0;
    sched_set_paused(&vcpu, true);
    EXPECT_EQ(vcpu.work, VCPU_WORK_RESCHED);
    EXPECT_EQ(sched_switch(&vcpu), &other);
    EXPECT_FALSE(vcpu.loaded);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(vm.nr_holds, 1);
    now += 5000;
    sched_set_paused(&vcpu, false);
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
    sched_set_paused(&vcpu, true);
    EXPECT_EQ(nr_kicks[0], 1);
    EXPECT_EQ(vcpu.work, VCPU_WORK_RESCHED);
}

KTF_TEST(pause, a_pause_that_ends_before_the_cpu_noticed_changes_nothing)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_set_paused(&vcpu, true);
    sched_set_paused(&vcpu, false);
    EXPECT_FALSE(is_queued(&vcpu));
    EXPECT_EQ(sched_switch(&vcpu), &vcpu);
    EXPECT_EQ(vm.nr_holds, 1);
}

KTF_TEST(pause, a_wake_up_is_kept)
{
    vcpu.state = VCPU_BLOCKED;
    sched_set_paused(&vcpu, true);
    sched_wake(&vcpu, VCPU_BLOCKED);
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, a_sleeper_wakes_and_waits)
{
    vcpu.state = VCPU_BLOCKED;
    vcpu.wake_ticks = 2000;
    list_push_back(&pcpus[0].sleepers, &vcpu.sleep_link);
    sched_set_paused(&vcpu, true);
    now = 3000;
    sched_timer();
    EXPECT_EQ(vcpu.state, VCPU_READY);
    EXPECT_TRUE(list_empty(&pcpus[0].sleepers));
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, one_that_is_blocked_or_off_stays_so)
{
    static const enum vcpu_state states[] = {VCPU_OFF, VCPU_STARTING, VCPU_BLOCKED, VCPU_STOPPED};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        vcpu.state = states[i];
        sched_set_paused(&vcpu, true);
        sched_set_paused(&vcpu, false);
        EXPECT_EQ(vcpu.state, states[i]);
        EXPECT_FALSE(is_queued(&vcpu));
    }
}

KTF_TEST(pause, one_that_is_started_meanwhile_waits)
{
    sched_set_paused(&vcpu, true);
    vcpu.state = VCPU_STARTING;
    sched_wake(&vcpu, VCPU_STARTING);
    EXPECT_FALSE(is_queued(&vcpu));
    sched_set_paused(&vcpu, false);
    EXPECT_TRUE(is_queued(&vcpu));
}

KTF_TEST(pause, an_idle_cpu_goes_on_when_it_is_resumed)
{
    sched_wake(&vcpu, VCPU_OFF);
    EXPECT_EQ(sched_enter(), &vcpu);
    sched_set_paused(&vcpu, true);
    EXPECT_EQ(sched_switch(&vcpu), &vcpu);
    EXPECT_EQ(vm.nr_holds, 1);
}

KTF_TEST(pause, removing_a_paused_one_is_for_good)
{
    sched_wake(&vcpu, VCPU_OFF);
    sched_set_paused(&vcpu, true);
    sched_remove(&vcpu);
    sched_set_paused(&vcpu, false);
    EXPECT_EQ(vcpu.state, VCPU_STOPPED);
    EXPECT_FALSE(is_queued(&vcpu));
}
