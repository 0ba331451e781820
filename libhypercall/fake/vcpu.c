/* SPDX-License-Identifier: MIT */
/*
 * The fake's vCPUs: on, off, asleep. They are the test's threads, and nothing schedules them.
 */
#include <sched.h>

#include "handler.h"
#include "irq.h"
#include "time.h"
#include "vm.h"

static bool has_cause(struct fake_vcpu *vcpu, uint64_t deadline)
{
    return vcpu->kicked || vcpu->woken || fake_irq_any(vcpu) || deadline <= fake.ticks ||
           vcpu->vm->state == STILE_VM_ENDED;
}

/* When the vCPU's next timer fires, or the time it sleeps to, whichever is earlier. */
static uint64_t next_deadline(const struct fake_vcpu *vcpu, uint64_t deadline)
{
    if (vcpu->timer > fake.ticks && vcpu->timer < deadline)
        deadline = vcpu->timer;
    return vcpu->deadline < deadline ? vcpu->deadline : deadline;
}

/* Whether a kick or a bit that is polled has come before the sleep; a kick is used up. */
static bool is_called(struct fake_vcpu *vcpu)
{
    bool called = vcpu->kicked;

    vcpu->kicked = false;
    return called ||
           (__atomic_load_n(&vcpu->mailbox->words[vcpu->poll_word].pending, __ATOMIC_SEQ_CST) &
            vcpu->poll_ports) != 0;
}

/* Sleeps until something wakes the vCPU, at most to @deadline; see stile/fake.h. */
static void sleep_until(struct fake_vcpu *vcpu, uint64_t deadline)
{
    if (fake_irq_any(vcpu) || is_called(vcpu))
        return;
    vcpu->state = STILE_VCPU_BLOCKED;
    while (fake.use_threads && !has_cause(vcpu, deadline))
        (void)pthread_cond_wait(&vcpu->wake, &fake.lock);
    if (!has_cause(vcpu, deadline) && next_deadline(vcpu, deadline) != STILE_TIME_NEVER)
        fake_time_advance(next_deadline(vcpu, deadline));
    vcpu->kicked = false;
    vcpu->woken = false;
    vcpu->poll_ports = 0;
    if (vcpu->state == STILE_VCPU_BLOCKED)
        vcpu->state = STILE_VCPU_RUNNING;
}

void stile_fake_preempt(uint32_t vm, uint32_t vcpu, bool preempted)
{
    fake_lock();
    struct stile_vcpu_page *page = fake_known_vm(vm)->vcpus[vcpu].page;
    __atomic_store_n(&page->preempted, preempted, __ATOMIC_RELAXED);
    if (!preempted)
        page->nr_switches++;
    fake_unlock();
}

void stile_fake_relax(void)
{
    if (fake.use_threads)
        (void)sched_yield();
}

/* --- calls --- */

static struct fake_vcpu *target_of(struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    return target.index < vcpu->vm->config.nr_vcpus ? &vcpu->vm->vcpus[target.index] : NULL;
}

static void let_others_run(void)
{
    fake_unlock();
    (void)sched_yield();
    fake_lock();
}

struct stile_result fake_vcpu_yield(struct fake_vcpu *vcpu)
{
    (void)vcpu;
    let_others_run();
    return fake_ok();
}

struct stile_result fake_vcpu_block(struct fake_vcpu *vcpu)
{
    sleep_until(vcpu, STILE_TIME_NEVER);
    return fake_ok();
}

struct stile_result fake_vcpu_counter(struct fake_vcpu *vcpu, stile_u32_t counter)
{
    if (counter >= STILE_NR_COUNTERS)
        return fake_bad(1);
    return fake_value(counter <= STILE_COUNTER_HYPERCALLS ? vcpu->nr_calls : 0, 0, 0);
}

struct stile_result fake_vcpu_on(struct fake_vcpu *vcpu, stile_vcpu_id_t target, stile_ipa_t entry,
                                 stile_u64_t context)
{
    struct fake_vcpu *started = target_of(vcpu, target);

    if (!started)
        return fake_bad(1);
    if (entry.ipa % 4 != 0 || !fake_vm_has_memory(vcpu->vm, entry.ipa))
        return fake_bad(2);
    if (started->state != STILE_VCPU_OFF)
        return fake_error(STILE_BUSY);
    fake_vm_reset_vcpu(started);
    fake_vm_begin_vcpu(started);
    started->entry = entry.ipa;
    started->context = context;
    started->state = STILE_VCPU_STARTING;
    return fake_ok();
}

struct stile_result fake_vcpu_off(struct fake_vcpu *vcpu)
{
    struct fake_vm *vm = vcpu->vm;

    vcpu->state = STILE_VCPU_OFF;
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        if (vm->vcpus[i].state != STILE_VCPU_OFF)
            fake_leave(STILE_FAKE_VCPU_OFF);
    fake_vm_end(vm, STILE_FAKE_OFF);
    fake_leave(STILE_FAKE_OFF);
}

struct stile_result fake_vcpu_query(struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    const struct fake_vcpu *of = target_of(vcpu, target);

    return of ? fake_value((uint64_t)of->state, 0, 0) : fake_bad(1);
}

struct stile_result fake_vcpu_yield_to(struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    const struct fake_vcpu *to = target_of(vcpu, target);

    if (!to || to == vcpu)
        return fake_bad(1);
    let_others_run();
    return fake_ok();
}

struct stile_result fake_vcpu_poll(struct fake_vcpu *vcpu, stile_u32_t word, stile_u64_t ports,
                                   stile_ticks_t deadline)
{
    if (word >= STILE_PORT_WORDS)
        return fake_bad(1);
    if (deadline.ticks <= fake.ticks)
        return fake_ok();
    vcpu->poll_word = word;
    vcpu->poll_ports = ports;
    sleep_until(vcpu, deadline.ticks);
    vcpu->poll_ports = 0;
    return fake_ok();
}

struct stile_result fake_vcpu_kick(struct fake_vcpu *vcpu, stile_vcpu_id_t target)
{
    struct fake_vcpu *kicked = target_of(vcpu, target);

    if (!kicked)
        return fake_bad(1);
    kicked->kicked = true;
    fake_wake(kicked);
    return fake_ok();
}
