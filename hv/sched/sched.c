/* SPDX-License-Identifier: MIT */
/*
 * Choosing vCPUs: time slices, sleepers and the timer behind them, who goes where. The order of
 * those that wait is sched/run_queue.h's.
 *
 * A vCPU belongs to one physical CPU at a time. It changes its CPU only while it is not loaded.
 */
#include "sched/sched.h"

#include "arch/timer.h"
#include "dev/kick.h"
#include "exits/irq.h"
#include "lib/cold.h"
#include "life/vcpu_life.h"
#include "life/vm_life.h"
#include "sched/run_queue.h"
#include "virt/vtimer.h"
#include "vm/el2_time.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

struct spinlock sched_lock;
static uint64_t slice_ticks;

/*
 * The CPUs that sleep and have nothing to run, a bit for each, under the lock. A blocked vCPU may
 * be parked there.
 */
static uint64_t idle_pcpus;

static uint64_t bit_of(const struct pcpu *pcpu)
{
    return UINT64_C(1) << pcpu->index;
}

static void set_busy(const struct pcpu *pcpu)
{
    idle_pcpus &= ~bit_of(pcpu);
}

void sched_init_pcpu(struct pcpu *pcpu)
{
    slice_ticks = timer_frequency() * CONFIG_TIME_SLICE_US / 1000000;
    list_init(&pcpu->run_queue);
    list_init(&pcpu->sleepers);
}

static bool may_use(uint64_t affinity, const struct pcpu *pcpu)
{
    return pcpu->online && (affinity & bit_of(pcpu));
}

struct pcpu *sched_place(uint64_t affinity)
{
    struct pcpu *best = NULL;

    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (may_use(affinity, &pcpus[i]) && (!best || pcpus[i].nr_vcpus < best->nr_vcpus))
            best = &pcpus[i];
    return best;
}

/* --- under the lock ------------------------------------------------------------------------ */

/* When a vCPU that is parked has slept long enough. */
static uint64_t poll_deadline(const struct vcpu *vcpu)
{
    return vcpu->state == VCPU_BLOCKED ? vcpu->poll_ticks : TIMER_NEVER;
}

/*
 * Sets this CPU's timer to the next thing to do: a slice that ends, a sleeper that wakes, or the
 * emulated timers of the vCPU that runs.
 */
static void arm_timer(const struct pcpu *pcpu)
{
    uint64_t deadline = TIMER_NEVER;

    if (pcpu->current) {
        deadline = vtimer_deadline(&pcpu->current->vtimer);
        if (pcpu->current->polls && poll_deadline(pcpu->current) < deadline)
            deadline = poll_deadline(pcpu->current);
        if (!list_empty(&pcpu->run_queue) && pcpu->slice_end_ticks < deadline)
            deadline = pcpu->slice_end_ticks;
    }
    list_for_each(node, &pcpu->sleepers) {
        uint64_t wake = list_entry(node, struct vcpu, sleep_link)->wake_ticks;
        if (wake < deadline)
            deadline = wake;
    }
    timer_arm(deadline);
}

/* Makes the CPU look at its queue again. */
static void poke(struct pcpu *pcpu)
{
    if (pcpu->current)
        vcpu_add_work(pcpu->current, VCPU_WORK_RESCHED);
    if (pcpu != pcpu_self())
        kick_send(pcpu);
}

/* --- becoming ready ------------------------------------------------------------------------ */

/* Puts a vCPU into the queue of one of these idle CPUs; if its own is one, there. */
static COLD void queue_idle(struct vcpu *vcpu, uint64_t idle, uint64_t now)
{
    if (!(idle & bit_of(vcpu->pcpu)))
        run_queue_move(vcpu, &pcpus[__builtin_ctzll(idle)], now);
    run_queue_insert(vcpu);
    set_busy(vcpu->pcpu);
}

/* Puts a vCPU that is ready, not loaded and in no queue where it will run soonest. */
static void queue_ready(struct vcpu *vcpu, uint64_t now)
{
    uint64_t idle = idle_pcpus & vcpu->affinity;

    vcpu->ready_since_ticks = now;
    if (idle)
        queue_idle(vcpu, idle, now);
    else
        run_queue_insert(vcpu);
}

/* Tells a vCPU that it did not want to run from @since to @now: it was blocked, off or paused. */
static void account_blocked(struct vcpu *vcpu, uint64_t since, uint64_t now)
{
    vcpu->page->blocked_ticks += now - since;
    vcpu->charged_ticks = now;
}

/* The same, and has that CPU look at its queue. A paused one is queued by sched_set_paused(). */
static void queue_and_poke(struct vcpu *vcpu)
{
    uint64_t now = timer_now();

    if (vcpu->paused)
        return;
    account_blocked(vcpu, vcpu->charged_ticks, now);
    run_queue_settle(vcpu->pcpu, now);
    run_queue_catch_up(vcpu, slice_ticks);
    queue_ready(vcpu, now);
    poke(vcpu->pcpu);
}

void sched_make_ready(struct vcpu *vcpu)
{
    vcpu->state = VCPU_READY;
    if (vcpu->loaded) { /* it is parked: sched_switch() sees that it is ready */
        set_busy(vcpu->pcpu);
        return;
    }
    list_remove(&vcpu->sleep_link);
    queue_and_poke(vcpu);
}

void sched_wake(struct vcpu *vcpu, enum vcpu_state from)
{
    spin_lock(&sched_lock);
    if (vcpu->state == from)
        sched_make_ready(vcpu);
    spin_unlock(&sched_lock);
}

uint64_t sched_kick_set(struct vm *vm, uint64_t vcpus, uint32_t work)
{
    const struct pcpu *self = pcpu_self();
    uint64_t woken = 0, kicks = 0;

    spin_lock(&sched_lock);
    for (; vcpus; vcpus &= vcpus - 1) {
        struct vcpu *vcpu = vm->vcpus[__builtin_ctzll(vcpus)];
        struct pcpu *pcpu = vcpu->pcpu;
        uint64_t bit = bit_of(pcpu);

        vcpu_add_work(vcpu, work);
        if (vcpu->state == VCPU_BLOCKED && vcpu->loaded) {
            vcpu->state = VCPU_READY; /* as sched_make_ready() does */
            woken |= bit;
        } else if (vcpu->state == VCPU_BLOCKED) {
            idle_pcpus &= ~woken;
            sched_make_ready(vcpu);
        }
        if (vcpu->loaded && pcpu != self && kick_begin(pcpu))
            kicks |= bit;
    }
    idle_pcpus &= ~woken;
    spin_unlock(&sched_lock);
    return kicks;
}

COLD void sched_start(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    if (vcpu->state == VCPU_STARTING) { /* its VM may have been stopped meanwhile */
        run_queue_settle(vcpu->pcpu, timer_now());
        vcpu->virtual_ticks = vcpu->pcpu->virtual_ticks + slice_ticks;
        sched_make_ready(vcpu);
    }
    spin_unlock(&sched_lock);
}

COLD void sched_remove(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    vcpu->state = VCPU_STOPPED;
    list_remove(&vcpu->run_link);
    list_remove(&vcpu->sleep_link);
    if (vcpu->loaded)
        poke(vcpu->pcpu);
    spin_unlock(&sched_lock);
}

/* A paused vCPU waits for no physical CPU: what it has waited so far is told, the rest is blocked.
 */
static void unqueue_paused(struct vcpu *vcpu)
{
    if (list_empty(&vcpu->run_link))
        return;
    list_remove(&vcpu->run_link);
    vcpu->charged_ticks = timer_now();
    vcpu->page->stolen_ticks += vcpu->charged_ticks - vcpu->ready_since_ticks;
}

COLD void sched_set_paused(struct vcpu *vcpu, bool paused)
{
    spin_lock(&sched_lock);
    bool changes = vcpu->paused != paused;
    vcpu->paused = paused;
    if (changes && paused && vcpu->loaded)
        poke(vcpu->pcpu);
    else if (changes && paused)
        unqueue_paused(vcpu);
    else if (changes && vcpu->state == VCPU_READY && !vcpu->loaded)
        queue_and_poke(vcpu);
    spin_unlock(&sched_lock);
}

/* --- ceasing to run ------------------------------------------------------------------------ */

void sched_let_others_run(struct vcpu *vcpu)
{
    if (list_empty(&vcpu->pcpu->run_queue))
        return;
    vcpu->yields = true;
    vcpu_add_work(vcpu, VCPU_WORK_RESCHED);
}

COLD void sched_yield_to(struct vcpu *vcpu, struct vcpu *target)
{
    spin_lock(&sched_lock);
    if (!list_empty(&target->run_link) && may_use(target->affinity, vcpu->pcpu))
        run_queue_put_first(vcpu, target, slice_ticks, timer_now());
    spin_unlock(&sched_lock);
    sched_let_others_run(vcpu);
}

/* --- switching ----------------------------------------------------------------------------- */

/* Whether the loaded vCPU goes on running although others may wait. */
static bool goes_on(const struct pcpu *pcpu, struct vcpu *vcpu)
{
    const struct vcpu *other = run_queue_first(pcpu);
    bool yields = vcpu->yields;

    vcpu->yields = false;
    if (vcpu->state != VCPU_READY || vcpu->paused)
        return false;
    return !other || (!yields && !run_queue_is_before(other->virtual_ticks, vcpu->virtual_ticks));
}

/* Takes a vCPU that waits for another CPU and may run here. */
static COLD struct vcpu *steal(struct pcpu *self)
{
    uint64_t now = timer_now();

    for (uint32_t i = 0; i < nr_pcpus; i++)
        list_for_each(node, &pcpus[i].run_queue) {
            struct vcpu *vcpu = list_entry(node, struct vcpu, run_link);
            if (!may_use(vcpu->affinity, self))
                continue;
            run_queue_move(vcpu, self, now);
            list_remove(node);
            set_busy(self);
            return vcpu;
        }
    return NULL;
}

/* The next one to run here; it is in no queue any more. */
static struct vcpu *choose(struct pcpu *pcpu)
{
    struct vcpu *next = run_queue_first(pcpu);

    if (!next)
        return steal(pcpu);
    list_remove(&next->run_link);
    return next;
}

/* Has this CPU run a vCPU, or none, from now on. */
static void set_current(struct pcpu *pcpu, struct vcpu *vcpu, uint64_t now)
{
    pcpu->current = vcpu;
    if (vcpu) {
        vcpu->loaded = true;
        vcpu->charged_ticks = now;
        pcpu->slice_end_ticks = now + slice_ticks;
    }
    arm_timer(pcpu);
}

/* Sleeps, without the lock, until an interrupt has been handled. */
static void sleep(const struct pcpu *pcpu, struct vcpu *parked)
{
    idle_pcpus |= bit_of(pcpu);
    spin_unlock(&sched_lock);
    el2_time_end_work();
    cpu_wait_for_interrupt();
    el2_time_begin();
    (void)irq_dispatch(parked);
    spin_lock(&sched_lock);
}

/*
 * The loaded vCPU sleeps and no other one is ready: leaves its state in this CPU, where its timer
 * can interrupt, until it or another one is to run. Returns the other one, or NULL.
 */
static COLD struct vcpu *park(struct pcpu *pcpu, struct vcpu *parked)
{
    uint64_t since = parked->charged_ticks; /* others are queued here meanwhile, and charge it */
    struct vcpu *next = NULL;

    arm_timer(pcpu);
    do
        sleep(pcpu, parked);
    while (parked->state == VCPU_BLOCKED && !(next = choose(pcpu)));
    account_blocked(parked, since, timer_now());
    return next;
}

/* The loaded vCPU makes way: whoever takes it next waits until save() has been through. */
static void leave(const struct pcpu *pcpu, struct vcpu *vcpu, uint64_t now)
{
    vcpu->loaded = false;
    vcpu->saving = true;
    if (vcpu->state == VCPU_READY && !vcpu->paused) {
        queue_ready(vcpu, now);
        if (vcpu->pcpu != pcpu)
            poke(vcpu->pcpu);
    } else if (vcpu->state == VCPU_BLOCKED && vcpu->wake_ticks != TIMER_NEVER) {
        list_push_back(&vcpu->pcpu->sleepers, &vcpu->sleep_link);
    }
}

/* Takes the state of a vCPU that has left out of this CPU. */
static void save(struct vcpu *vcpu)
{
    vcpu_put(vcpu);
    __atomic_store_n(&vcpu->saving, false, __ATOMIC_RELEASE);
}

/* Moves the state of this CPU's current vCPU into it. Another CPU may be about to let it go. */
static void load(struct vcpu *vcpu)
{
    if (__atomic_load_n(&vcpu->saving, __ATOMIC_ACQUIRE))
        cpu_wait_until((const uint8_t *)&vcpu->saving, false);
    vcpu_load(vcpu);
}

/* Lets the loaded vCPU run on. */
static struct vcpu *go_on(struct pcpu *pcpu, struct vcpu *vcpu)
{
    pcpu->slice_end_ticks = vcpu->charged_ticks + slice_ticks;
    arm_timer(pcpu);
    trap_control_set_contended(vcpu, !list_empty(&pcpu->run_queue));
    spin_unlock(&sched_lock);
    return vcpu;
}

COLD struct vcpu *sched_enter(void)
{
    struct pcpu *pcpu = pcpu_self();
    struct vcpu *next;

    spin_lock(&sched_lock);
    /* Looks before the first sleep: putting the last vCPU of a VM may have started it anew. */
    while (!(next = choose(pcpu)))
        sleep(pcpu, NULL);
    vm_hold(next->vm);
    set_current(pcpu, next, timer_now());
    spin_unlock(&sched_lock);
    load(next);
    return next;
}

struct vcpu *sched_switch(struct vcpu *previous)
{
    struct pcpu *pcpu = pcpu_self();

    spin_lock(&sched_lock);
    uint64_t now = timer_now();
    run_queue_charge(previous, now);
    run_queue_advance(pcpu);
    if (goes_on(pcpu, previous))
        return go_on(pcpu, previous);

    struct vcpu *next = choose(pcpu);
    if (!next && previous->state == VCPU_BLOCKED) {
        next = park(pcpu, previous);
        now = previous->charged_ticks;
        if (!next && goes_on(pcpu, previous))
            return go_on(pcpu, previous);
        if (!next)
            next = choose(pcpu);
    }
    /* Within a VM, the hold passes on; another VM is held before the lock is dropped. */
    if (next && next->vm != previous->vm)
        vm_hold(next->vm);
    leave(pcpu, previous, now);
    set_current(pcpu, next, now);
    spin_unlock(&sched_lock);

    save(previous);
    if (!next || next->vm != previous->vm)
        vm_release(previous->vm);
    if (!next)
        return sched_enter();
    load(next);
    return next;
}

void sched_rearm(void)
{
    spin_lock(&sched_lock);
    arm_timer(pcpu_self());
    spin_unlock(&sched_lock);
}

/* Its emulated timer has fired, or it has polled as long as it wanted. */
static bool is_parked_too_long(const struct vcpu *vcpu, uint64_t now)
{
    return vcpu->state == VCPU_BLOCKED &&
           (vcpu->vtimer.is_raised || (vcpu->polls && vcpu->poll_ticks <= now));
}

void sched_timer(void)
{
    struct pcpu *pcpu = pcpu_self();
    uint64_t now = timer_now();

    if (pcpu->current)
        vtimer_expire(pcpu->current);
    spin_lock(&sched_lock);
    list_for_each_safe(node, following, &pcpu->sleepers) {
        struct vcpu *sleeper = list_entry(node, struct vcpu, sleep_link);
        if (sleeper->wake_ticks <= now)
            sched_make_ready(sleeper);
    }
    if (pcpu->current && is_parked_too_long(pcpu->current, now))
        sched_make_ready(pcpu->current);
    if (pcpu->current && now >= pcpu->slice_end_ticks)
        vcpu_add_work(pcpu->current, VCPU_WORK_RESCHED);
    arm_timer(pcpu);
    spin_unlock(&sched_lock);
}
