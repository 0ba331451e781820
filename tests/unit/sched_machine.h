/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine around sched/sched.c: time is a counter, guests are states, and each physical
 * CPU is stepped in turn.
 */
#ifndef SCHED_MACHINE_H
#define SCHED_MACHINE_H

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

/* A while passes on the CPU of a turn, and it looks at its queue. */
static void take_turn(void)
{
    now += (uint64_t)(rand() % (int)SLICE_TICKS);
    if (now >= deadlines[self->index])
        sched_timer();
    exit_guest();
    expect_holds();
    expect_idle_is_idle();
}

#endif
