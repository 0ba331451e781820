/* SPDX-License-Identifier: MIT */
/*
 * A machine of two CPUs and two vCPUs of one VM for tests of sched/sched.c, which this includes:
 * the clock is a variable, and what happens while a CPU sleeps is the test's to say.
 */
#ifndef SCHED_FAKE_H
#define SCHED_FAKE_H

#include <string.h>

#include "sched/sched.c"
#include "sched/sleep.c"
#include "vm/el2_time.c"
#include "vm/trace.c"
#include "ktf.h"

#define NR_PCPUS 2

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = NR_PCPUS;
const struct gic_ops *gic;

static struct vm vm;
static struct vcpu vcpu, other;
static struct stile_vcpu_page page; /* of both, as is the next */
static struct stile_mailbox mailbox;
static struct pcpu *self;
static uint64_t now;
static uint64_t deadlines[NR_PCPUS]; /* of each CPU's timer */
static uint32_t nr_kicks[NR_PCPUS];
static void (*while_asleep)(struct vcpu *parked);

uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "tpidr_el2") == 0)
        return (uint64_t)(uintptr_t)self;
    if (strcmp(name, "cntpct_el0") == 0)
        return now;
    return strcmp(name, "cntfrq_el0") == 0 ? 1000000 : 0;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    if (strcmp(name, "cnthp_cval_el2") == 0)
        deadlines[self->index] = value;
}

static void send_sgi(uint32_t pcpu, uint32_t sgi)
{
    EXPECT_EQ(sgi, IRQ_KICK);
    nr_kicks[pcpu]++;
}

static const struct gic_ops ops = {.send_sgi = send_sgi};

void serror_blame(struct pcpu *of, struct vcpu *leaving)
{
    EXPECT_EQ(leaving->saving, of != NULL);
}

void vcpu_put(struct vcpu *put)
{
    EXPECT_TRUE(put->saving);
}

void vcpu_load(struct vcpu *loaded)
{
    EXPECT_TRUE(loaded->loaded && !loaded->paused);
}

void trap_control_set_contended(const struct vcpu *loaded, bool contended)
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

void vtimer_look(struct vcpu *looked_at)
{
    (void)looked_at;
}

uint32_t irq_dispatch(struct vcpu *interrupted)
{
    while_asleep(interrupted);
    return 0;
}

static void init_vcpu(struct vcpu *made)
{
    *made = (struct vcpu){
        .vm = &vm,
        .page = &page,
        .weight = VM_WEIGHT_DEFAULT,
        .affinity = 1,
        .pcpu = &pcpus[0],
        .mailbox = &mailbox,
        .vtimer.deadline = TIMER_NEVER,
        .vtimer.look_ticks = TIMER_NEVER,
    };
    list_init(&made->run_link);
    list_init(&made->sleep_link);
    pcpus[0].nr_vcpus++;
}

static inline void sched_fake_setup(void)
{
    memset(pcpus, 0, sizeof(pcpus));
    memset(nr_kicks, 0, sizeof(nr_kicks));
    memset(&mailbox, 0, sizeof(mailbox));
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

#endif
