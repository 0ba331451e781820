/* SPDX-License-Identifier: MIT */
/*
 * The bench's loops of events between two CPUs. Each has one end of a channel within the VM; that
 * both ends are one VM's makes no difference to what a send does.
 */
#include "sensitive/measured/measured.h"

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/gicv2.h"
#include "machine/smp.h"
#include "measure/interrupt.h"
#include "measure/pair.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "stile/hypercall.h"

/* A tick is this many instructions, or fewer. */
#define TICK_MAX 16

static struct stile_mailbox *mailboxes;
static uint32_t ports[2];                /* by the CPU that has the bit */
static struct stile_port_word *words[2]; /* and where that is */

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

/* Clears a CPU's bit; whether it was set. */
static inline bool take(uint32_t cpu)
{
    uint64_t bit = bit_of(ports[cpu]);

    return __atomic_fetch_and(&words[cpu]->pending, ~bit, __ATOMIC_ACQUIRE) & bit;
}

static bool is_set(uint32_t cpu)
{
    return __atomic_load_n(&words[cpu]->pending, __ATOMIC_RELAXED) & bit_of(ports[cpu]);
}

static void set_masked(uint32_t cpu, bool masked)
{
    if (masked)
        __atomic_fetch_or(&words[cpu]->mask, bit_of(ports[cpu]), __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&words[cpu]->mask, ~bit_of(ports[cpu]), __ATOMIC_SEQ_CST);
}

static stile_port_t own_port(void)
{
    return stile_port(ports[smp_cpu()->index]);
}

bool measured_events_init(void)
{
    stile_vm_id_t self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);
    uint64_t ipa = stile_core_info(STILE_INFO_MAILBOX).value[0] - smp_cpu()->index * PAGE_SIZE;
    struct stile_result one = stile_event_alloc(self, stile_vcpu_id(0));

    mailboxes = (struct stile_mailbox *)kernel_map_device(ipa, 2 * PAGE_SIZE);
    ports[0] = (uint32_t)one.value[0];
    struct stile_result other = stile_event_bind(self, stile_port(ports[0]), stile_vcpu_id(1));
    ports[1] = (uint32_t)other.value[0];
    for (uint32_t cpu = 0; cpu < 2; cpu++)
        words[cpu] = &mailboxes[cpu].words[ports[cpu] / 64];
    (void)take(0); /* set because it was bound */
    return one.status == STILE_SUCCESS && other.status == STILE_SUCCESS;
}

/* --- there and back, each polling for the other's --- */

static inline bool await(uint32_t self)
{
    while (!take(self)) {
        if (pair_stops())
            return false;
        (void)stile_vcpu_poll(ports[self] / 64, bit_of(ports[self]), stile_ticks(STILE_TIME_NEVER));
    }
    return true;
}

static int64_t ping(uint32_t count)
{
    uint32_t self = smp_cpu()->index;
    int64_t status = 0;

    while (count-- > 0) {
        status = stile_event_send(own_port()).status;
        (void)await(self);
    }
    return status;
}

static void pong(void)
{
    uint32_t self = smp_cpu()->index;

    while (await(self))
        (void)stile_event_send(own_port());
}

/* --- one way: what it takes the sender to interrupt a vCPU that runs --- */

static inline uint64_t read_ticks(void)
{
    isb();
    return read_sysreg(cntvct_el0);
}

/* Less than a tick, and not always the same: or ticks would be off by the same each time. */
static inline void shift_phase(uint32_t count)
{
    for (uint32_t i = count % TICK_MAX; i > 0; i--)
        __asm__ volatile("");
}

static int64_t send(uint32_t count)
{
    uint32_t other = pair_other_cpu();
    stile_port_t port = own_port();
    uint64_t ticks = 0;

    while (count-- > 0) {
        shift_phase(count);
        uint64_t start = read_ticks();
        (void)stile_event_send(port);
        ticks += read_ticks() - start;
        while (is_set(other))
            cpu_wait_for_event();
    }
    return (int64_t)ticks;
}

static void take_interrupts(void)
{
    uint64_t interface = gic->version == 2 ? gicv2_cpu_interface() : 0;
    uint32_t self = smp_cpu()->index;
    uint32_t intid = (uint32_t)stile_core_info(STILE_INFO_EVENT_INTID).value[0];

    gic->enable(intid);
    set_masked(self, false);
    (void)take(self); /* an event that came while it was masked, of which nothing told */
    while (!pair_stops()) {
        cpu_wait_for_event();
        if (interrupt_came(interface))
            (void)take(self);
    }
    gic->disable(intid);
    set_masked(self, true);
}

/* --- to a vCPU that is looking at its mailbox anyway: it takes no exit --- */

static int64_t receive(uint32_t count)
{
    uint32_t self = smp_cpu()->index;

    mailboxes[self].busy = 1;
    set_masked(self, false);
    while (count > 0) {
        if (take(self))
            count--;
        else
            cpu_wait_for_event();
    }
    set_masked(self, true);
    mailboxes[self].busy = 0;
    return STILE_SUCCESS;
}

static void send_always(void)
{
    uint32_t other = pair_other_cpu();

    while (!pair_stops()) {
        (void)stile_event_send(own_port());
        while (is_set(other) && !pair_stops())
            cpu_wait_for_event();
    }
}

const struct bench_pair_row measured_event_pairs[] = {
    {{"event_send", "call", BENCH_LATE, send, 0}, take_interrupts},
    {{"event_busy", "call", BENCH_PLAIN, receive, STILE_SUCCESS}, send_always},
    {{"event_ping_pong", "call", BENCH_PLAIN, ping, STILE_SUCCESS}, pong},
};
const size_t measured_nr_event_pairs =
    sizeof(measured_event_pairs) / sizeof(measured_event_pairs[0]);
