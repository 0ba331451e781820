/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.c on a simulated machine: time is a counter, guests are states, and each physical CPU
 * is stepped in turn. What is asked: does everybody get a share by weight, does nobody wait for
 * ever, does an idle CPU find work?
 */
#include <stdlib.h>
#include <string.h>

#include "../../hv/sched/sched.c"
#include "../../hv/sched/sleep.c"
#include "../../hv/vm/el2_time.c"
#include "../../hv/vm/trace.c"
#include "ktf.h"

#define FREQUENCY   UINT64_C(1000000) /* a tick is a microsecond */
#define SLICE_TICKS ((uint64_t)CONFIG_TIME_SLICE_US)
#define NR_PCPUS    2
#define NR_VCPUS    6

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;
const struct gic_ops *gic;

static struct vm vms[2]; /* of vCPUs with an even number, with an odd one */
static struct vcpu vcpus[NR_VCPUS];
static struct stile_vcpu_page pages[NR_VCPUS];
static uint64_t ran_ticks[NR_VCPUS];
static uint64_t now;
static struct pcpu *self;
static uint64_t deadlines[NR_PCPUS]; /* of each CPU's timer */
static bool kicked[NR_PCPUS];
static bool interrupt_pending; /* for the vCPU that is about to block */
static uint64_t guest_timer;   /* when its virtual timer fires */
static uint32_t nr_asked;      /* for SErrors */
static uint32_t nr_puts;
static bool contended[NR_PCPUS]; /* whether WFE traps */
static uint64_t ticks_a_read;    /* the counter is further each time that it is read */
static bool steered;             /* what may run where is changed meanwhile */

/* --- the machine ----------------------------------------------------------------------------- */

uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "tpidr_el2") == 0)
        return (uint64_t)(uintptr_t)self;
    if (strcmp(name, "cntfrq_el0") == 0)
        return FREQUENCY;
    if (strcmp(name, "cntv_ctl_el0") == 0)
        return guest_timer == UINT64_MAX ? 0 : TIMER_ENABLE;
    if (strcmp(name, "cntv_cval_el0") == 0)
        return guest_timer;
    return strcmp(name, "cntpct_el0") == 0 ? now += ticks_a_read : 0;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    if (strcmp(name, "cnthp_cval_el2") == 0)
        deadlines[self->index] = value;
    if (strcmp(name, "cnthp_ctl_el2") == 0 && value == 0)
        deadlines[self->index] = UINT64_MAX;
}

static void send_sgi(uint32_t pcpu, uint32_t sgi)
{
    (void)sgi;
    kicked[pcpu] = true;
}

static const struct gic_ops ops = {.send_sgi = send_sgi};

void serror_blame(struct pcpu *of, struct vcpu *leaving)
{
    EXPECT_EQ(of, self);
    EXPECT_TRUE(leaving->saving); /* its registers are still in the CPU */
    nr_asked++;
}

void vcpu_put(struct vcpu *vcpu)
{
    nr_puts++;
    EXPECT_EQ(nr_puts, nr_asked);
    EXPECT_TRUE(vcpu->saving && !vcpu->loaded);
}

void vcpu_load(struct vcpu *vcpu)
{
    EXPECT_TRUE(vcpu->loaded && !vcpu->saving && vcpu->state == VCPU_READY);
    EXPECT_EQ(vcpu->pcpu, self);
    vcpu->page->stolen_ticks += vcpu->charged_ticks - vcpu->ready_since_ticks;
    contended[self->index] = !list_empty(&self->run_queue); /* as the real one does */
}

void trap_control_set_contended(const struct vcpu *vcpu, bool others_wait)
{
    EXPECT_EQ(vcpu, self->current);
    contended[self->index] = others_wait;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
    (void)vcpu;
    return interrupt_pending;
}

void vtimer_expire(struct vcpu *vcpu)
{
    (void)vcpu;
}

void vtimer_look(struct vcpu *vcpu)
{
    (void)vcpu;
}

/* This CPU, which nothing would ever wake, gets one that runs nowhere. */
static void give_work(void)
{
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        if (!vcpus[i].loaded) {
            sched_set_affinity(&vcpus[i], place_bit(self));
            sched_set_paused(&vcpus[i], VCPU_PAUSED_BY_VM, false);
            sched_wake(&vcpus[i], VCPU_BLOCKED);
            return;
        }
}

/* An idle CPU sleeps until its timer, or until a parked vCPU's own; the others do not run. */
uint32_t irq_dispatch(struct vcpu *vcpu)
{
    kicked[self->index] = false;
    if (vcpu && now < vcpu->wake_ticks && vcpu->wake_ticks < deadlines[self->index]) {
        now = vcpu->wake_ticks;
        sched_wake(vcpu, VCPU_BLOCKED);
        return 0;
    }
    if (deadlines[self->index] == UINT64_MAX && steered) {
        give_work();
        return 0;
    }
    if (deadlines[self->index] == UINT64_MAX)
        abort(); /* nothing will ever wake it */
    if (now < deadlines[self->index])
        now = deadlines[self->index];
    sched_timer();
    return 0;
}

/* --- running it ------------------------------------------------------------------------------ */

static void make_machine(void)
{
    memset(pcpus, 0, sizeof(pcpus));
    memset(vcpus, 0, sizeof(vcpus));
    memset(pages, 0, sizeof(pages));
    memset(ran_ticks, 0, sizeof(ran_ticks));
    memset(vms, 0, sizeof(vms));
    place_idle_pcpus = 0;
    steered = false;
    ticks_a_read = 0;
    now = 1000;
    gic = &ops;
    nr_pcpus = 1;
    interrupt_pending = false;
    guest_timer = UINT64_MAX;
    nr_asked = nr_puts = 0;
    for (uint32_t i = 0; i < NR_PCPUS; i++) {
        pcpus[i].index = i;
        pcpus[i].online = true;
        deadlines[i] = UINT64_MAX;
        sched_init_pcpu(&pcpus[i]);
    }
    self = &pcpus[0];
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        vcpus[i].vm = &vms[i % 2];
        vcpus[i].index = i;
        vcpus[i].weight = VM_WEIGHT_DEFAULT;
        vcpus[i].affinity = UINT64_MAX;
        vcpus[i].page = &pages[i];
        vcpus[i].charged_ticks = now;
        vcpus[i].pcpu = &pcpus[0];
        vcpus[i].vtimer.deadline = TIMER_NEVER;
        vcpus[i].vtimer.look_ticks = TIMER_NEVER;
        list_init(&vcpus[i].run_link);
        list_init(&vcpus[i].sleep_link);
    }
}

KTF_SUITE(sched, .setup = make_machine);

static void start_vcpus(uint32_t count)
{
    pcpus[0].nr_vcpus = count;
    for (uint32_t i = 0; i < count; i++)
        sched_wake(&vcpus[i], VCPU_OFF);
}

/* What entry.S and vcpu_work() do: switch if there is a reason to. */
static void exit_guest(void)
{
    while (!self->current || (self->current->work & VCPU_WORK_RESCHED)) {
        if (!self->current) {
            sched_enter();
            continue;
        }
        self->current->work = 0;
        sched_switch(self->current);
    }
    /* WFE of the one that runs gives way to whoever waits here, and traps for nobody else. */
    EXPECT_TRUE(contended[self->index] || list_empty(&self->run_queue));
}

/* Lets one CPU's guest run for @ticks, its timer interrupting. */
static void run(uint64_t ticks)
{
    uint64_t end = now + ticks;

    exit_guest();
    while (now < end) {
        uint64_t until = deadlines[self->index] < end ? deadlines[self->index] : end;
        if (until > now) {
            ran_ticks[self->current->index] += until - now;
            now = until;
        }
        if (now >= deadlines[self->index])
            sched_timer();
        exit_guest();
    }
}

static void expect_share(uint32_t vcpu, uint64_t percent, uint64_t total)
{
    uint64_t wanted = total * percent / 100;

    EXPECT_GE(ran_ticks[vcpu], wanted - total / 50);
    EXPECT_LE(ran_ticks[vcpu], wanted + total / 50);
}

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

/* An idle CPU has nothing to run: it would not look, and others would send it more. */
static void expect_idle_is_idle(void)
{
    for (uint32_t i = 0; i < NR_PCPUS; i++)
        if (place_idle_pcpus & place_bit(&pcpus[i])) {
            EXPECT_TRUE(list_empty(&pcpus[i].run_queue));
            EXPECT_TRUE(!pcpus[i].current || pcpus[i].current->state != VCPU_READY);
        }
}

/* A VM is held once for each of its vCPUs that is loaded. */
static void expect_holds(void)
{
    uint32_t nr_loaded[2] = {0};

    for (uint32_t i = 0; i < NR_VCPUS; i++)
        nr_loaded[i % 2] += vcpus[i].loaded;
    EXPECT_EQ(vms[0].nr_holds, nr_loaded[0]);
    EXPECT_EQ(vms[1].nr_holds, nr_loaded[1]);
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
        now += (uint64_t)(rand() % (int)SLICE_TICKS);
        if (now >= deadlines[self->index])
            sched_timer();
        exit_guest();
        expect_holds();
        expect_idle_is_idle();
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

/* --- what is changed meanwhile --------------------------------------------------------------- */

KTF_TEST(sched, a_weight_counts_from_when_it_is_set)
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
KTF_TEST(sched, one_that_gains_weight_need_not_wait_for_long)
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
KTF_TEST(sched, what_ran_is_charged_by_the_old_weight)
{
    start_vcpus(1);
    run(SLICE_TICKS);
    sched_set_weight(&vcpus[0], 1);
    EXPECT_EQ(vcpus[0].virtual_ticks, SLICE_TICKS);
}

KTF_TEST(sched, one_that_runs_leaves_a_cpu_that_it_may_use_no_longer)
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

KTF_TEST(sched, one_that_waits_goes_to_a_cpu_that_idles)
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
KTF_TEST(sched, one_that_sleeps_wakes_where_it_may_run)
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
KTF_TEST(sched, one_that_leaves_takes_no_time_back)
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
KTF_TEST(sched, one_that_stopped_starts_where_it_may_run)
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
    now += (uint64_t)(rand() % (int)SLICE_TICKS);
    if (now >= deadlines[self->index])
        sched_timer();
    exit_guest();
    expect_holds();
    expect_idle_is_idle();
    expect_places();
    if (rand() % 8 == 0) {
        sleep_block(self->current);
        exit_guest();
    }
    sched_wake(any, VCPU_BLOCKED);
}

KTF_TEST(sched, nobody_is_lost_whatever_is_changed)
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
