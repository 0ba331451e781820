/* SPDX-License-Identifier: MIT */
/*
 * See event_rig.h.
 */
#include "event_rig.h"

#include "arch/cpu.h"
#include "dev/gic.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

/* Of the first vCPU; the others' follow. */
static struct stile_mailbox *mailboxes;
static const struct stile_vcpu_page *vcpu_pages;

static uint32_t taken[NR_CPUS];

static struct {
    void (*function)(uint32_t cpu);
    uint32_t nr_arrived;
} each;

uint64_t event_rig_info(uint32_t item)
{
    return stile_core_info(item).value[0];
}

/* What the item of core_info is of the first vCPU, mapped for all of them. */
static uint64_t map_all(uint32_t item)
{
    uint64_t flags = irq_save();
    uint64_t first = event_rig_info(item) - smp_cpu()->index * PAGE_SIZE;

    irq_restore(flags);
    return kernel_map_device(first, machine.nr_cpus * PAGE_SIZE);
}

void event_rig_init(void)
{
    support_need_hypervisor();
    if (!sensitive_is_paravirtual() || mailboxes)
        return;
    if (gic_distributor() == 0)
        SKIP("the mailboxes are this kernel's interrupt controller");
    mailboxes = (struct stile_mailbox *)map_all(STILE_INFO_MAILBOX);
    vcpu_pages = (const struct stile_vcpu_page *)map_all(STILE_INFO_VCPU_PAGE);
}

const volatile struct stile_vcpu_page *event_rig_vcpu_page(uint32_t cpu)
{
    return &vcpu_pages[cpu];
}

struct stile_mailbox *event_rig_mailbox(uint32_t cpu)
{
    return &mailboxes[cpu];
}

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

bool event_rig_is_pending(uint32_t cpu, uint32_t port)
{
    return __atomic_load_n(&mailboxes[cpu].words[port / 64].pending, __ATOMIC_ACQUIRE) &
           bit_of(port);
}

bool event_rig_is_masked(uint32_t cpu, uint32_t port)
{
    return __atomic_load_n(&mailboxes[cpu].words[port / 64].mask, __ATOMIC_RELAXED) & bit_of(port);
}

bool event_rig_clear(uint32_t cpu, uint32_t port)
{
    return __atomic_fetch_and(&mailboxes[cpu].words[port / 64].pending, ~bit_of(port),
                              __ATOMIC_ACQUIRE) &
           bit_of(port);
}

void event_rig_mask(uint32_t cpu, uint32_t port)
{
    __atomic_fetch_or(&mailboxes[cpu].words[port / 64].mask, bit_of(port), __ATOMIC_SEQ_CST);
}

void event_rig_unmask(uint32_t cpu, uint32_t port)
{
    __atomic_fetch_and(&mailboxes[cpu].words[port / 64].mask, ~bit_of(port), __ATOMIC_SEQ_CST);
}

bool event_rig_await(uint32_t cpu, uint32_t port, uint64_t ms)
{
    uint64_t deadline = cpu_ticks() + time_ms_to_ticks(ms);

    while (!event_rig_is_pending(cpu, port) && cpu_ticks() < deadline)
        EXPECT_EQ(stile_vcpu_poll(port / 64, bit_of(port), stile_ticks(deadline)).status,
                  STILE_SUCCESS);
    return event_rig_clear(cpu, port);
}

uint32_t event_rig_port(struct stile_result made)
{
    EXPECT_EQ(made.status, STILE_SUCCESS);
    EXPECT_GE(made.value[0], STILE_PORT_FIRST);
    EXPECT_LT(made.value[0], STILE_NR_PORTS);
    return (uint32_t)made.value[0];
}

/* --- on each CPU ----------------------------------------------------------------------------- */

static void run(void *argument)
{
    (void)argument;
    uint64_t flags = irq_save(); /* so that it stays here, and no other of these runs here */

    each.function(smp_cpu()->index);
    __atomic_fetch_add(&each.nr_arrived, 1, __ATOMIC_RELEASE);
    cpu_send_event();
    while (__atomic_load_n(&each.nr_arrived, __ATOMIC_ACQUIRE) < smp_nr_online())
        cpu_wait_for_event();
    irq_restore(flags);
}

void event_rig_on_each(void (*function)(uint32_t cpu))
{
    struct thread *threads[NR_CPUS];

    each.function = function;
    each.nr_arrived = 0;
    for (uint32_t i = 0; i < smp_nr_online(); i++)
        threads[i] = thread_create("each", run, NULL, NULL);
    for (uint32_t i = 0; i < smp_nr_online(); i++)
        thread_join(threads[i]);
}

/* --- the interrupt --------------------------------------------------------------------------- */

static void count(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    __atomic_fetch_add(&taken[smp_cpu()->index], 1, __ATOMIC_RELEASE);
}

static void enable(uint32_t cpu)
{
    (void)cpu;
    irq_register((uint32_t)event_rig_info(STILE_INFO_EVENT_INTID), count, NULL);
}

static void disable(uint32_t cpu)
{
    irq_unregister((uint32_t)event_rig_info(STILE_INFO_EVENT_INTID));
    taken[cpu] = 0;
    mailboxes[cpu].busy = 0;
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++)
        __atomic_store_n(&mailboxes[cpu].words[i].mask, UINT64_MAX, __ATOMIC_RELAXED);
}

uint32_t event_rig_taken(uint32_t cpu)
{
    return __atomic_load_n(&taken[cpu], __ATOMIC_ACQUIRE);
}

void event_rig_start(void)
{
    event_rig_on_each(enable);
}

void event_rig_stop(void)
{
    for (uint32_t port = STILE_PORT_FIRST; port < STILE_NR_PORTS; port++)
        (void)stile_event_close(stile_port(port));
    event_rig_on_each(disable);
}
