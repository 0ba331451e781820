/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of the fake: by a GIC of which only the CPU interface is there, or by the mailbox.
 */
#include "handler.h"
#include "irq.h"

#define PRIORITY_MASK 0xF8u /* what a GIC keeps */
#define URGENT_BELOW  0x80u
#define PRIORITY_MAX  0xFFu

static bool has_mailbox(const struct fake_vm *vm)
{
    return vm->config.controller == STILE_CONTROLLER_MAILBOX;
}

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

static void pend(struct fake_vcpu *vcpu, uint32_t intid)
{
    vcpu->interrupts[intid].pending = true;
    fake_wake(vcpu);
}

void fake_irq_set_port(struct fake_vcpu *vcpu, uint32_t port)
{
    struct stile_mailbox *mailbox = vcpu->mailbox;
    uint32_t word = port / 64;
    uint64_t bit = bit_of(port);

    if (__atomic_fetch_or(&mailbox->words[word].pending, bit, __ATOMIC_SEQ_CST) & bit)
        return;
    if ((__atomic_load_n(&mailbox->words[word].mask, __ATOMIC_SEQ_CST) & bit) == 0 &&
        __atomic_load_n(&mailbox->busy, __ATOMIC_SEQ_CST) == 0)
        pend(vcpu, FAKE_EVENT_INTID);
    if (vcpu->poll_word == word && (vcpu->poll_ports & bit) != 0) {
        vcpu->woken = true;
        fake_wake(vcpu);
    }
}

void fake_irq_raise(struct fake_vcpu *vcpu, uint32_t intid)
{
    if (has_mailbox(vcpu->vm))
        fake_irq_set_port(vcpu, intid);
    else
        pend(vcpu, intid);
}

/* The virtual timer's line is level: up as long as its deadline has passed. */
static bool is_pending(const struct fake_vcpu *vcpu, uint32_t intid)
{
    if (intid == FAKE_TIMER_INTID && vcpu->timer <= fake.ticks && !has_mailbox(vcpu->vm))
        return true;
    return vcpu->interrupts[intid].pending;
}

/* The most urgent that may be taken, or FAKE_NR_INTIDS. SPIs are vCPU 0's. */
static uint32_t most_urgent(const struct fake_vcpu *vcpu)
{
    uint32_t best = FAKE_NR_INTIDS;

    for (uint32_t i = 0; i < (vcpu->index == 0 ? FAKE_NR_INTIDS : FAKE_NR_PPIS); i++) {
        const struct fake_interrupt *interrupt = &vcpu->interrupts[i];

        if (!is_pending(vcpu, i) || !interrupt->enabled || interrupt->active)
            continue;
        if (best == FAKE_NR_INTIDS || interrupt->priority < vcpu->interrupts[best].priority)
            best = i;
    }
    return best;
}

bool fake_irq_any(struct fake_vcpu *vcpu)
{
    return most_urgent(vcpu) != FAKE_NR_INTIDS;
}

uint32_t stile_fake_acknowledge(void)
{
    fake_lock();
    uint32_t intid = most_urgent(fake_current);
    if (intid < FAKE_NR_INTIDS) {
        fake_current->interrupts[intid].pending = false;
        fake_current->interrupts[intid].active = true;
    }
    fake_unlock();
    return intid < FAKE_NR_INTIDS ? intid : STILE_FAKE_NO_INTERRUPT;
}

void stile_fake_end_interrupt(uint32_t intid)
{
    fake_lock();
    fake_current->interrupts[intid].active = false;
    fake_unlock();
}

/* --- calls --- */

static bool has_vcpu(const struct fake_vm *vm, stile_vcpu_id_t target)
{
    return target.index < vm->config.nr_vcpus;
}

/* Which argument of a vCPU and an interrupt, in x1 and x2, is wrong, or 0. */
static unsigned bad_interrupt(const struct fake_vm *vm, stile_vcpu_id_t target, stile_intid_t intid)
{
    if (!has_vcpu(vm, target) || (intid.intid >= FAKE_NR_PPIS && target.index != 0))
        return 1;
    return intid.intid < FAKE_NR_INTIDS ? 0 : 2;
}

struct stile_result fake_irq_inject(struct fake_vcpu *vcpu, stile_vcpu_id_t target,
                                    stile_intid_t intid)
{
    unsigned bad = bad_interrupt(vcpu->vm, target, intid);

    if (!bad && (intid.intid < 16 || intid.intid == FAKE_TIMER_INTID))
        bad = 2;
    if (bad)
        return fake_bad(bad);
    fake_irq_raise(&vcpu->vm->vcpus[target.index], intid.intid);
    return fake_ok();
}

struct stile_result fake_irq_ipi(struct fake_vcpu *vcpu, stile_vcpu_id_t target, stile_intid_t sgi)
{
    if (!has_vcpu(vcpu->vm, target))
        return fake_bad(1);
    if (sgi.intid >= 16)
        return fake_bad(2);
    fake_irq_raise(&vcpu->vm->vcpus[target.index], sgi.intid);
    return fake_ok();
}

struct stile_result fake_irq_ipi_set(struct fake_vcpu *vcpu, stile_vcpu_set_t targets,
                                     stile_intid_t sgi)
{
    struct fake_vm *vm = vcpu->vm;

    if (targets.bits == 0 || targets.bits >> vm->config.nr_vcpus != 0)
        return fake_bad(1);
    if (sgi.intid >= 16)
        return fake_bad(2);
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        if ((targets.bits >> i & 1) != 0)
            fake_irq_raise(&vm->vcpus[i], sgi.intid);
    return fake_ok();
}

struct stile_result fake_irq_mask(struct fake_vcpu *vcpu, stile_vcpu_id_t target,
                                  stile_intid_t intid)
{
    struct fake_vm *vm = vcpu->vm;
    unsigned bad = bad_interrupt(vm, target, intid);

    if (bad)
        return fake_bad(bad);
    struct fake_vcpu *of = &vm->vcpus[target.index];
    if (has_mailbox(vm))
        (void)__atomic_fetch_or(&of->mailbox->words[intid.intid / 64].mask, bit_of(intid.intid),
                                __ATOMIC_SEQ_CST);
    else
        of->interrupts[intid.intid].enabled = false;
    return fake_ok();
}

struct stile_result fake_irq_unmask(struct fake_vcpu *vcpu, stile_vcpu_id_t target,
                                    stile_intid_t intid)
{
    struct fake_vm *vm = vcpu->vm;
    unsigned bad = bad_interrupt(vm, target, intid);

    if (bad)
        return fake_bad(bad);
    struct fake_vcpu *of = &vm->vcpus[target.index];
    if (!has_mailbox(vm)) {
        of->interrupts[intid.intid].enabled = true;
        fake_wake(of);
        return fake_ok();
    }
    uint32_t word = intid.intid / 64;
    (void)__atomic_fetch_and(&of->mailbox->words[word].mask, ~bit_of(intid.intid),
                             __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&of->mailbox->words[word].pending, __ATOMIC_SEQ_CST) & bit_of(intid.intid))
        pend(of, FAKE_EVENT_INTID);
    return fake_ok();
}

struct stile_result fake_irq_set_priority(struct fake_vcpu *vcpu, stile_vcpu_id_t target,
                                          stile_intid_t intid, stile_u32_t priority)
{
    struct fake_vm *vm = vcpu->vm;
    unsigned bad = bad_interrupt(vm, target, intid);

    if (!bad && priority > PRIORITY_MAX)
        bad = 3;
    if (bad)
        return fake_bad(bad);
    struct fake_vcpu *of = &vm->vcpus[target.index];
    uint64_t *urgent = &of->mailbox->words[intid.intid / 64].urgent;
    if (!has_mailbox(vm))
        of->interrupts[intid.intid].priority = (uint8_t)(priority & PRIORITY_MASK);
    else if (priority < URGENT_BELOW)
        (void)__atomic_fetch_or(urgent, bit_of(intid.intid), __ATOMIC_RELAXED);
    else
        (void)__atomic_fetch_and(urgent, ~bit_of(intid.intid), __ATOMIC_RELAXED);
    return fake_ok();
}

static struct stile_result query_mailbox(struct fake_vcpu *caller, const struct fake_vcpu *vcpu,
                                         uint32_t intid)
{
    const struct stile_mailbox *mailbox = vcpu->mailbox;
    uint64_t bit = bit_of(intid);
    uint32_t word = intid / 64;

    return fake_values(
        caller,
        ((mailbox->words[word].mask & bit) == 0 ? (uint64_t)STILE_IRQ_ENABLED : 0) |
            ((mailbox->words[word].pending & bit) != 0 ? (uint64_t)STILE_IRQ_PENDING : 0),
        (mailbox->words[word].urgent & bit) != 0 ? 0 : URGENT_BELOW, 0);
}

struct stile_result fake_irq_query(struct fake_vcpu *vcpu, stile_vcpu_id_t target,
                                   stile_intid_t intid)
{
    unsigned bad = bad_interrupt(vcpu->vm, target, intid);

    if (bad)
        return fake_bad(bad);
    const struct fake_vcpu *of = &vcpu->vm->vcpus[target.index];
    const struct fake_interrupt *interrupt = &of->interrupts[intid.intid];
    if (has_mailbox(vcpu->vm))
        return query_mailbox(vcpu, of, intid.intid);
    return fake_values(vcpu,
                       (interrupt->enabled ? (uint64_t)STILE_IRQ_ENABLED : 0) |
                           (is_pending(of, intid.intid) ? (uint64_t)STILE_IRQ_PENDING : 0) |
                           (interrupt->active ? (uint64_t)STILE_IRQ_ACTIVE : 0),
                       interrupt->priority, 0);
}
