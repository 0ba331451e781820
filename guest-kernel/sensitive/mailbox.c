/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller of a VM without a GIC: each CPU's mailbox, a bitmap that the hypervisor
 * sets bits in, and one line of the CPU interface that tells of them. To mask, unmask, acknowledge
 * and end an interrupt are accesses to memory. Compare with dev/gicv3.c, which it replaces.
 *
 * A kernel that is ported needs no more of the CPU interface than dev/gicv2.c or dev/gicv3.c has
 * in init_interface(), acknowledge() and end().
 */
#include "sensitive/mailbox.h"

#include <stddef.h>

#include "dev/gicv2.h"
#include "dev/gicv3.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "sensitive/sensitive.h"
#include "stile/event.h"
#include "stile/hypercall.h"

#define NR_SGIS  16
#define ALL_SGIS ((UINT64_C(1) << NR_SGIS) - 1)

static struct stile_mailbox *mailboxes; /* by CPU */
static struct stile_event_loop loops[NR_CPUS];
static const struct gic *interface; /* the driver whose CPU interface this machine has */

/* What each CPU has enabled: a CPU that starts finds everything masked. */
static uint64_t enabled[NR_CPUS][STILE_PORT_WORDS];

static uint64_t info(enum stile_info item)
{
    return stile_core_info(item).value[0];
}

/* The mailboxes follow one another, and this is the first CPU. */
static void init(void)
{
    uint64_t base = info(STILE_INFO_MAILBOX);

    mailboxes = kernel_map_shared(base, machine.nr_cpus * sizeof(struct stile_mailbox));
}

/*
 * The line is an edge: what becomes pending while we look need not raise it again. It is ended
 * before, because a handler may switch to another thread.
 */
static void handle(irq_deliver *deliver)
{
    struct stile_event_loop *loop = &loops[smp_cpu()->index];
    uint32_t ack = interface->acknowledge();
    int intid;

    if ((ack & GIC_ACK_INTID) < NR_IRQS)
        interface->end(ack);
    do {
        stile_event_begin(loop);
        while ((intid = stile_event_take(loop)) >= 0)
            deliver((uint32_t)intid);
    } while (stile_event_end(loop));
}

/*
 * Has a CPU look at its bits that became pending while they were masked, which raised nothing: what
 * an SGI that is pending raises for certain.
 */
static void have_it_look(uint32_t cpu)
{
    sensitive->send_ipi(cpu, SGI_RESCHEDULE);
    (void)stile_irq_unmask(stile_vcpu_id(cpu), stile_intid(SGI_RESCHEDULE));
}

static void init_cpu(uint32_t index)
{
    bool missed = false;

    stile_event_init(&loops[index], &mailboxes[index], NULL);
    enabled[index][0] |= ALL_SGIS;
    for (uint32_t intid = 0; intid < STILE_PORT_FIRST; intid++)
        if ((enabled[index][intid / 64] >> (intid % 64) & 1) != 0)
            missed |= stile_event_unmask(&mailboxes[index], intid);
    interface->init_interface();
    if (missed)
        have_it_look(index);
}

static uint32_t acknowledge(void)
{
    return interface->acknowledge();
}

static void end(uint32_t ack)
{
    interface->end(ack);
}

/* --- masking --- */

/* The CPU an interrupt comes to: one's own PPIs and SGIs; all others to the first. */
static uint32_t cpu_of(uint32_t intid)
{
    return intid < IRQ_FIRST_SPI ? smp_cpu()->index : 0;
}

static void enable(uint32_t intid)
{
    uint32_t cpu = cpu_of(intid);

    (void)__atomic_fetch_or(&enabled[cpu][intid / 64], UINT64_C(1) << (intid % 64),
                            __ATOMIC_RELAXED);
    if (stile_event_unmask(&mailboxes[cpu], intid))
        have_it_look(cpu);
}

static void disable(uint32_t intid)
{
    uint32_t cpu = cpu_of(intid);

    (void)__atomic_fetch_and(&enabled[cpu][intid / 64], ~(UINT64_C(1) << (intid % 64)),
                             __ATOMIC_RELAXED);
    stile_event_mask(&mailboxes[cpu], intid);
}

static void send_sgi(uint32_t target, uint32_t sgi)
{
    sensitive->send_ipi(target, sgi);
}

static struct gic controller = {
    .init = init,
    .init_cpu = init_cpu,
    .handle = handle,
    .enable = enable,
    .disable = disable,
    .acknowledge = acknowledge,
    .end = end,
    .send_sgi = send_sgi,
};

const struct gic *mailbox_controller(void)
{
    if (!sensitive_is_paravirtual() || info(STILE_INFO_CONTROLLER) != STILE_CONTROLLER_MAILBOX)
        return NULL;
    machine.gic_version = (uint32_t)info(STILE_INFO_GIC_VERSION);
    machine.timer_intid = (uint32_t)info(STILE_INFO_TIMER_INTID);
    if (machine.gic_version == 2)
        machine.gicc = (struct range){info(STILE_INFO_GICC), STILE_PAGE_SIZE};
    interface = machine.gic_version == 2 ? &gicv2 : &gicv3;
    controller.version = machine.gic_version;
    return &controller;
}
