/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's side of a mailbox. The guest may write anything to it at any time: a word is
 * read once, and decides about nothing but that guest's own interrupts. A guest that keeps writing,
 * so that no bit can be changed, is stopped.
 */
#include "vgic/mailbox.h"

#include "arch/timer.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "lib/cold.h"
#include "lib/guest_word.h"
#include "sched/sched.h"
#include "sched/sleep.h"
#include "sched/vcpu_kick.h"
#include "vgic/vgic.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* The bit of a priority that makes an interrupt less urgent than others. */
#define NOT_URGENT 0x80u

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

/* On the way of every event: inlined, it needs no frame. */
#define FAST inline __attribute__((always_inline))

/* Where a port's bits are. */
static FAST struct stile_port_word *word_of(const struct vcpu *vcpu, uint32_t port)
{
    return &vcpu->mailbox->words[port / 64];
}

/*
 * Changes a bit of a word, and returns whether it was set. If the guest does not let that be done,
 * it is stopped, and the bit counts as set. All its vCPUs are told: what keeps writing is one that
 * runs.
 */
static COLD bool change_again(struct vcpu *vcpu, uint64_t *word, enum exclusive_change how,
                              uint64_t bit)
{
    uint64_t before;

    if (guest_word_change(word, how, bit, &before))
        return (before & bit) != 0;
    for (uint32_t i = 0; i < vcpu->vm->config.nr_vcpus; i++)
        vcpu_kick(vcpu->vm->vcpus[i], VCPU_WORK_CRASH);
    return true;
}

/* The same, of which the first try is all that is needed but seldom. */
static FAST bool change(struct vcpu *vcpu, uint64_t *word, enum exclusive_change how, uint64_t bit)
{
    uint64_t before;

    if (__builtin_expect(exclusive_try(word, how, bit, &before), 1))
        return (before & bit) != 0;
    return change_again(vcpu, word, how, bit);
}

/* Whether the guest wants an interrupt for a bit that is pending. */
static FAST bool wants_interrupt(const struct vcpu *vcpu, uint32_t port)
{
    return !(__atomic_load_n(&word_of(vcpu, port)->mask, __ATOMIC_RELAXED) & bit_of(port)) &&
           __atomic_load_n(&vcpu->mailbox->busy, __ATOMIC_RELAXED) == 0;
}

/* Wakes the vCPU if it has gone to sleep until this bit is set, masked or not: vcpu_poll. */
static COLD void wake_poller(struct vcpu *vcpu, uint32_t port)
{
    if (__atomic_load_n(&vcpu->poll_word, __ATOMIC_RELAXED) == port / 64 &&
        (__atomic_load_n(&vcpu->poll_ports, __ATOMIC_RELAXED) & bit_of(port)))
        sleep_rouse(vcpu);
}

/*
 * A bit was clear and is set now: returns whether to interrupt for it.
 *
 * Both sides write one word and then look at the other's: we set pending and look at mask and busy,
 * the guest clears mask or busy and looks at pending, each with a full barrier between. So at least
 * one of them sees what the other wrote, and no event is lost.
 */
static FAST bool is_to_interrupt(struct vcpu *vcpu, uint32_t port)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (wants_interrupt(vcpu, port))
        return true;
    wake_poller(vcpu, port);
    return false;
}

/* Sets a bit, and returns whether to interrupt for it. */
static FAST bool set_pending(struct vcpu *vcpu, uint32_t port)
{
    return !change(vcpu, &word_of(vcpu, port)->pending, EXCLUSIVE_SET, bit_of(port)) &&
           is_to_interrupt(vcpu, port);
}

static COLD void raise_again(struct vcpu *vcpu, uint32_t port)
{
    if (!change_again(vcpu, &word_of(vcpu, port)->pending, EXCLUSIVE_SET, bit_of(port)) &&
        is_to_interrupt(vcpu, port))
        vgic_raise_event(vcpu);
}

/* Every call but the first try is the last thing done here: so it needs no frame. */
void mailbox_raise(struct vcpu *vcpu, uint32_t port)
{
    uint64_t before;

    if (__builtin_expect(
            !exclusive_try(&word_of(vcpu, port)->pending, EXCLUSIVE_SET, bit_of(port), &before), 0))
        raise_again(vcpu, port);
    else if (!(before & bit_of(port)) && is_to_interrupt(vcpu, port))
        vgic_raise_event(vcpu);
}

COLD void mailbox_start(struct vcpu *vcpu)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        __atomic_store_n(&vcpu->mailbox->words[i].mask, UINT64_MAX, __ATOMIC_RELAXED);
    __atomic_store_n(&vcpu->mailbox->busy, 0, __ATOMIC_RELAXED);
}

bool mailbox_clear(struct vcpu *vcpu, uint32_t port)
{
    return change(vcpu, &word_of(vcpu, port)->pending, EXCLUSIVE_CLEAR, bit_of(port));
}

void mailbox_mask(struct vcpu *vcpu, uint32_t port)
{
    (void)change(vcpu, &word_of(vcpu, port)->mask, EXCLUSIVE_SET, bit_of(port));
}

/* Its words, not its calls. Atomically, as others set bits of it meanwhile. */
COLD void mailbox_reset(struct vcpu *vcpu)
{
    struct stile_mailbox *mailbox = vcpu->mailbox;

    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++) {
        __atomic_store_n(&mailbox->words[i].mask, UINT64_MAX, __ATOMIC_RELEASE);
        __atomic_store_n(&mailbox->words[i].urgent, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&mailbox->words[i].pending, 0, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&mailbox->busy, 0, __ATOMIC_RELAXED);
}

/* --- as interrupt controller --- */

void mailbox_inject(struct vm *vm, uint32_t vcpu_index, uint32_t intid)
{
    mailbox_raise(vm_vcpu(vm, vcpu_index), intid);
}

void mailbox_send_sgi(struct vcpu *source, struct vcpu *target, uint32_t sgi)
{
    (void)source;
    mailbox_raise(target, sgi);
}

void mailbox_send_sgi_set(struct vcpu *source, uint64_t targets, uint32_t sgi)
{
    struct vm *vm = source->vm;
    uint64_t self = UINT64_C(1) << source->index, kicks = 0;

    for (uint64_t bits = targets & ~self; bits; bits &= bits - 1) {
        struct vcpu *target = vm->vcpus[__builtin_ctzll(bits)];
        if (set_pending(target, sgi) && vgic_post_event(&target->vgic))
            kicks |= bits & -bits;
    }
    if (kicks)
        vcpu_kick_set(vm, kicks, VCPU_WORK_VGIC);
    if (targets & self)
        mailbox_raise(source, sgi);
}

COLD void mailbox_set_level(struct vm *vm, uint32_t intid, bool high)
{
    if (high && intid >= GIC_FIRST_SPI) /* a device may have no interrupt here */
        mailbox_raise(vm->vcpus[0], intid);
}

void mailbox_set_ppi(struct vcpu *vcpu, uint32_t intid, bool high)
{
    if (high)
        mailbox_raise(vcpu, intid);
}

void mailbox_timer_fired(struct vcpu *loaded)
{
    write_sysreg(cntv_ctl_el0, read_sysreg(cntv_ctl_el0) | TIMER_IMASK);
    isb(); /* its level falls before it can interrupt again */
    gic_deactivate(ppi.virt_timer);
    mailbox_raise(loaded, IRQ_VIRT_TIMER);
}

/* On the guest's behalf: what it could do itself. */
COLD void mailbox_set_enabled(struct vcpu *self, struct vcpu *target, uint32_t intid, bool enabled)
{
    struct stile_port_word *word = word_of(target, intid);

    (void)self;
    if (!enabled) {
        mailbox_mask(target, intid);
        return;
    }
    (void)change(target, &word->mask, EXCLUSIVE_CLEAR, bit_of(intid));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if ((__atomic_load_n(&word->pending, __ATOMIC_RELAXED) & bit_of(intid)) &&
        wants_interrupt(target, intid))
        vgic_raise_event(target);
}

COLD void mailbox_set_priority(struct vcpu *self, struct vcpu *target, uint32_t intid,
                               uint32_t priority)
{
    (void)self;
    (void)change(target, &word_of(target, intid)->urgent,
                 priority & NOT_URGENT ? EXCLUSIVE_CLEAR : EXCLUSIVE_SET, bit_of(intid));
}

static bool has(const uint64_t *word, uint32_t port)
{
    return (__atomic_load_n(word, __ATOMIC_RELAXED) & bit_of(port)) != 0;
}

COLD struct controller_status mailbox_query(struct vcpu *self, struct vcpu *target, uint32_t intid)
{
    const struct stile_port_word *word = word_of(target, intid);

    (void)self;
    return (struct controller_status){
        .flags = (has(&word->mask, intid) ? 0 : STILE_IRQ_ENABLED) |
                 (has(&word->pending, intid) ? STILE_IRQ_PENDING : 0u),
        .priority = has(&word->urgent, intid) ? 0 : NOT_URGENT,
    };
}
