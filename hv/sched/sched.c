/* SPDX-License-Identifier: MIT */
/*
 * Choosing vCPUs: time slices, sleepers and the timer behind them. The order of those that wait is
 * sched/run_queue.h's, and where they wait sched/place.h's.
 *
 * A vCPU belongs to one physical CPU at a time. It changes its CPU only while it is not loaded.
 */
#include "sched/sched.h"

#include "arch/timer.h"
#include "dev/kick.h"
#include "exits/irq.h"
#include "lib/cold.h"
#include "life/serror.h"
#include "life/vcpu_life.h"
#include "sched/place.h"
#include "sched/run_queue.h"
#include "virt/vtimer.h"
#include "vm/el2_time.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* How long a slice is where a VM is taken down or loaded, so that nobody waits long for it. */
#define SHORT_SLICE_US 400

struct spinlock sched_lock;
static uint64_t slice_ticks;
static uint64_t short_slice_ticks;

void sched_init_pcpu(struct pcpu *pcpu)
{
    slice_ticks = timer_frequency() * CONFIG_TIME_SLICE_US / 1000000;
    short_slice_ticks = timer_frequency() * SHORT_SLICE_US / 1000000;
    if (short_slice_ticks > slice_ticks)
        short_slice_ticks = slice_ticks;
    list_init(&pcpu->run_queue);
    list_init(&pcpu->sleepers);
}

uint64_t sched_online(void)
{
    uint64_t online = 0;

    for (uint32_t i = 0; i < nr_pcpus; i++)
        online |= pcpus[i].online ? place_bit(&pcpus[i]) : 0;
    return online;
}

struct pcpu *sched_place(uint64_t affinity)
{
    return place_fewest(affinity);
}

/* --- under the lock ------------------------------------------------------------------------ */

/* When a vCPU that is parked has slept long enough. */
static uint64_t poll_deadline(const struct vcpu *vcpu)
{
    return vcpu->state == VCPU_BLOCKED ? vcpu->poll_ticks : TIMER_NEVER;
}

/*
 * When there is something to do: a slice that ends, a sleeper that wakes, the emulated timers of
 * the vCPU that runs.
 */
static inline uint64_t next_due(const struct pcpu *pcpu)
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
    return deadline;
}

/* Sets this CPU's timer to that. */
static inline void arm_timer(struct pcpu *pcpu)
{
    pcpu->timer_ticks = next_due(pcpu);
    timer_arm(pcpu->timer_ticks);
}

/* Sets it to what is known to be due, or to a look at the level of the loaded vCPU's timer. */
static void arm_before_look(const struct pcpu *pcpu)
{
    uint64_t look = pcpu->current ? pcpu->current->vtimer.look_ticks : TIMER_NEVER;

    timer_arm(look < pcpu->timer_ticks ? look : pcpu->timer_ticks);
}

static void arm_timer_and_look(struct pcpu *pcpu)
{
    pcpu->timer_ticks = next_due(pcpu);
    arm_before_look(pcpu);
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

    if (vcpu->paused && !place_moved(vcpu, now))
        return;
    account_blocked(vcpu, vcpu->charged_ticks, now);
    run_queue_settle(vcpu->pcpu, now);
    run_queue_catch_up(vcpu, slice_ticks);
    place_ready(vcpu, now);
    poke(vcpu->pcpu);
}

void sched_make_ready(struct vcpu *vcpu)
{
    vcpu->state = VCPU_READY;
    if (vcpu->loaded) { /* it is parked: sched_switch() sees that it is ready */
        place_set_busy(vcpu->pcpu);
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
        uint64_t bit = place_bit(pcpu);

        vcpu_add_work(vcpu, work);
        if (vcpu->state == VCPU_BLOCKED && vcpu->loaded) {
            vcpu->state = VCPU_READY; /* as sched_make_ready() does */
            woken |= bit;
        } else if (vcpu->state == VCPU_BLOCKED) {
            place_idle_pcpus &= ~woken;
            sched_make_ready(vcpu);
        }
        if (vcpu->loaded && pcpu != self && kick_begin(pcpu))
            kicks |= bit;
    }
    place_idle_pcpus &= ~woken;
    spin_unlock(&sched_lock);
    return kicks;
}

COLD void sched_start(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    if (vcpu->state == VCPU_STARTING) { /* its VM may have been stopped meanwhile */
        run_queue_settle(vcpu->pcpu, timer_now());
        run_queue_catch_up(vcpu, 0);
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

COLD void sched_set_paused(struct vcpu *vcpu, uint32_t reason, bool paused)
{
    spin_lock(&sched_lock);
    uint32_t reasons = paused ? vcpu->paused | reason : vcpu->paused & ~reason;
    bool changes = (vcpu->paused != 0) != (reasons != 0);
    vcpu->paused = (uint8_t)reasons;
    if (changes && paused && vcpu->loaded)
        poke(vcpu->pcpu);
    else if (changes && paused)
        unqueue_paused(vcpu);
    else if (changes && vcpu->state == VCPU_READY && !vcpu->loaded)
        queue_and_poke(vcpu);
    spin_unlock(&sched_lock);
}

COLD void sched_set_weight(struct vcpu *vcpu, uint32_t weight)
{
    spin_lock(&sched_lock);
    if (vcpu->loaded && vcpu->state == VCPU_READY)
        run_queue_charge(vcpu, timer_now()); /* what it ran, it ran by the old one */
    run_queue_advance(vcpu->pcpu);
    run_queue_weigh(vcpu, weight);
    spin_unlock(&sched_lock);
}

COLD void sched_set_affinity(struct vcpu *vcpu, uint64_t affinity)
{
    spin_lock(&sched_lock);
    vcpu->affinity = affinity;
    if (!vcpu->loaded) {
        if (place_again(vcpu, timer_now()))
            poke(vcpu->pcpu);
    } else if (!place_allows(affinity, vcpu->pcpu)) {
        vcpu->paused |= VCPU_PAUSED_PLACE;
        poke(vcpu->pcpu);
    }
    spin_unlock(&sched_lock);
}

/* --- VMs that have ended ------------------------------------------------------------------- */

/*
 * Its VM's turns from now on are those of a vCPU that nobody waits for: it goes to the end of the
 * queue, and slices are short there, so that it holds up nobody by what it did before.
 */
void sched_begin_steps(struct vm *vm)
{
    struct vcpu *vcpu = vm->vcpus[0];

    spin_lock(&sched_lock);
    uint64_t now = timer_now(); /* others have charged theirs before they let go of the lock */
    vcpu->state = VCPU_STEPS;
    vcpu->paused = 0;
    (void)place_moved(vcpu, now);
    run_queue_settle(vcpu->pcpu, now);
    run_queue_go_last(vcpu);
    place_ready(vcpu, now);
    vcpu->pcpu->short_until_ticks = now + slice_ticks;
    poke(vcpu->pcpu);
    spin_unlock(&sched_lock);
}

/*
 * Two may have seen no hold left: one of them from before the VM's last vCPU was loaded once more.
 */
COLD void sched_release_last(struct vm *vm)
{
    spin_lock(&vm->lock);
    bool ends = vm->state == VM_ENDING && __atomic_load_n(&vm->nr_holds, __ATOMIC_ACQUIRE) == 0;
    if (ends)
        vm->state = VM_UNREADY;
    spin_unlock(&vm->lock);
    if (ends)
        sched_begin_steps(vm);
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
    if (!list_empty(&target->run_link) && place_allows(target->affinity, vcpu->pcpu))
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

/* The next one to run here; it is in no queue any more. */
static struct vcpu *choose(struct pcpu *pcpu)
{
    struct vcpu *next = run_queue_first(pcpu);

    if (!next)
        return place_steal(pcpu);
    list_remove(&next->run_link);
    return next;
}

static uint64_t slice_end(const struct pcpu *pcpu, uint64_t now)
{
    return now + (now < pcpu->short_until_ticks ? short_slice_ticks : slice_ticks);
}

/* Has this CPU run a vCPU, or none, from now on. */
static void set_current(struct pcpu *pcpu, struct vcpu *vcpu, uint64_t now)
{
    pcpu->current = vcpu;
    if (vcpu) {
        vcpu->loaded = true;
        vcpu->charged_ticks = now;
        pcpu->slice_end_ticks = slice_end(pcpu, now);
    }
    arm_timer(pcpu);
}

/* Sleeps, without the lock, until an interrupt has been handled. */
static void sleep(const struct pcpu *pcpu, struct vcpu *parked)
{
    place_idle_pcpus |= place_bit(pcpu);
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

    arm_timer(pcpu); /* one that sleeps needs no look */
    do
        sleep(pcpu, parked);
    while (parked->state == VCPU_BLOCKED && !(next = choose(pcpu)));
    account_blocked(parked, since, timer_now());
    return next;
}

/* Queues a vCPU that has had its turn on this CPU. */
static void queue_again(const struct pcpu *pcpu, struct vcpu *vcpu, uint64_t now)
{
    place_ready(vcpu, now);
    if (vcpu->pcpu != pcpu)
        poke(vcpu->pcpu);
}

/* The loaded vCPU makes way: whoever takes it next waits until save() has been through. */
static void leave(const struct pcpu *pcpu, struct vcpu *vcpu, uint64_t now)
{
    vcpu->loaded = false;
    vcpu->saving = true;
    if (vcpu->state == VCPU_READY && (!vcpu->paused || place_moved(vcpu, timer_now()))) {
        queue_again(pcpu, vcpu, now);
    } else if (vcpu->state == VCPU_BLOCKED && vcpu->wake_ticks != TIMER_NEVER) {
        list_push_back(&vcpu->pcpu->sleepers, &vcpu->sleep_link);
    }
}

/* Takes the state of a vCPU that has left out of this CPU, after what SError it leaves behind. */
static void save(struct pcpu *pcpu, struct vcpu *vcpu)
{
    serror_blame(pcpu, vcpu);
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
    pcpu->slice_end_ticks = slice_end(pcpu, vcpu->charged_ticks);
    arm_timer_and_look(pcpu);
    trap_control_set_contended(vcpu, !list_empty(&pcpu->run_queue));
    spin_unlock(&sched_lock);
    return vcpu;
}

/* Queues a vCPU that has had a step done; here, unless others wait here and another CPU idles. */
static COLD void wait_for_turn(struct pcpu *pcpu, struct vcpu *vcpu)
{
    uint64_t now = timer_now();

    run_queue_charge(vcpu, now);
    if (list_empty(&pcpu->run_queue))
        run_queue_insert(vcpu);
    else
        queue_again(pcpu, vcpu, now);
    run_queue_advance(pcpu);
}

/*
 * A turn of a vCPU whose VM has ended, which no queue has: a step, without the lock; and then an
 * interrupt, if there is one. After the last step the vCPU is gone, or its guest's again.
 */
static COLD void take_step(struct pcpu *pcpu, struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    vcpu->charged_ticks = timer_now();
    pcpu->short_until_ticks = vcpu->charged_ticks + slice_ticks;
    spin_unlock(&sched_lock);
    bool more = vm->step(vm);
    spin_lock(&sched_lock);
    if (more)
        wait_for_turn(pcpu, vcpu);
    spin_unlock(&sched_lock);
    el2_time_end_work();
    el2_time_begin();
    (void)irq_dispatch(NULL);
    spin_lock(&sched_lock);
}

COLD struct vcpu *sched_enter(void)
{
    struct pcpu *pcpu = pcpu_self();
    struct vcpu *next;

    spin_lock(&sched_lock);
    /* Looks before the first sleep: who is put may have been waited for. */
    while (!(next = choose(pcpu)) || next->state == VCPU_STEPS) {
        if (next)
            take_step(pcpu, next);
        else
            sleep(pcpu, NULL);
    }
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
    if (next && next->state == VCPU_STEPS) {
        run_queue_insert(next); /* for sched_enter() */
        next = NULL;
    }
    /* Within a VM, the hold passes on; another VM is held before the lock is dropped. */
    if (next && next->vm != previous->vm)
        vm_hold(next->vm);
    leave(pcpu, previous, now);
    set_current(pcpu, next, now);
    spin_unlock(&sched_lock);

    save(pcpu, previous);
    if (!next || next->vm != previous->vm)
        sched_release(previous->vm);
    if (!next)
        return sched_enter();
    load(next);
    return next;
}

void sched_rearm(void)
{
    spin_lock(&sched_lock);
    arm_timer_and_look(pcpu_self());
    spin_unlock(&sched_lock);
}

/* Its emulated timer has fired, or it has polled as long as it wanted. */
static bool is_parked_too_long(const struct vcpu *vcpu, uint64_t now)
{
    return vcpu->state == VCPU_BLOCKED &&
           (vcpu->vtimer.is_raised || (vcpu->polls && vcpu->poll_ticks <= now));
}

/*
 * Has a look at the level of a timer, which is often and needs no lock. Returns whether there is
 * nothing else to do.
 */
static COLD bool look_only(struct pcpu *pcpu, uint64_t now)
{
    vtimer_look(pcpu->current);
    arm_before_look(pcpu);
    return now < pcpu->timer_ticks;
}

void sched_timer(void)
{
    struct pcpu *pcpu = pcpu_self();
    uint64_t now = timer_now();

    if (pcpu->current && pcpu->current->vtimer.look_ticks <= now && look_only(pcpu, now))
        return;
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
    arm_timer_and_look(pcpu);
    spin_unlock(&sched_lock);
}
