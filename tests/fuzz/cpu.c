/* SPDX-License-Identifier: MIT */
/*
 * The physical CPUs beneath the hypervisor: their system registers, timers and GIC. The rest of the
 * machine is in machine.c.
 */
#include <stdio.h>
#include <string.h>

#include "arch/at.h"
#include "arch/cpu.h"
#include "arch/timer.h"
#include "exits/irq.h"
#include "dev/pcpu.h"
#include "sched/sched.h"
#include "dev/gic.h"
#include "lib/printk.h"
#include "machine.h"
#include "dev/intid.h"

#define TICKS_PER_SEC 62500000

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = MACHINE_NR_CPUS;
const struct gic_ops *gic;
struct gic_limits gic_limits;

/* Guests have their MMUs off. */
uint64_t at_stage1(uint64_t va, bool write, bool el0)
{
    (void)write;
    (void)el0;
    return va & PAR_ADDRESS;
}

/* --- system registers ---------------------------------------------------------------------- */

#define NR_REGISTERS 256 /* a power of two, and more than there are */

static struct {
    char name[24];
    uint64_t value[MACHINE_NR_CPUS];
} registers[NR_REGISTERS];

/* As strcmp() would tell, but strcmp() is watched by the fuzzer. */
static bool is_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static uint64_t *find_register(const char *name)
{
    uint32_t at = 0;

    for (const char *character = name; *character; character++)
        at = at * 31 + (unsigned char)*character;
    while (registers[at % NR_REGISTERS].name[0] &&
           !is_same(registers[at % NR_REGISTERS].name, name))
        at++;
    if (!registers[at % NR_REGISTERS].name[0])
        snprintf(registers[at % NR_REGISTERS].name, sizeof(registers[0].name), "%s", name);
    return registers[at % NR_REGISTERS].value;
}

static bool timer_is_due(const char *control, const char *compare, uint32_t cpu)
{
    uint64_t enabled = find_register(control)[cpu] & (TIMER_ENABLE | TIMER_IMASK);

    return enabled == TIMER_ENABLE && fake.now >= find_register(compare)[cpu];
}

uint64_t fake_sysreg_read(const char *name)
{
    if (is_same(name, "tpidr_el2"))
        return (uint64_t)(uintptr_t)&pcpus[fake.cpu];
    if (is_same(name, "cntpct_el0"))
        return fake.now;
    if (is_same(name, "cntfrq_el0"))
        return TICKS_PER_SEC;
    if (is_same(name, "cntv_ctl_el0") && timer_is_due("cntv_ctl_el0", "cntv_cval_el0", fake.cpu))
        return find_register(name)[fake.cpu] | TIMER_ISTATUS;
    return find_register(name)[fake.cpu];
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    find_register(name)[fake.cpu] = value;
}

/* --- the GIC ------------------------------------------------------------------------------- */

static struct fake_gic {
    uint64_t pending; /* INTIDs below 64 */
    uint64_t lr[GIC_MAX_LRS];
    uint32_t ended; /* list registers that report an EOI */
    uint32_t hcr;
    struct gic_interface interface;
    bool timer_active; /* IRQ_VIRT_TIMER */
} gics[MACHINE_NR_CPUS];

static struct fake_gic *gic_now(void)
{
    return &gics[fake.cpu];
}

static uint64_t pending_on(uint32_t cpu)
{
    uint64_t pending = gics[cpu].pending;

    if (!gics[cpu].timer_active && timer_is_due("cntv_ctl_el0", "cntv_cval_el0", cpu))
        pending |= UINT64_C(1) << IRQ_VIRT_TIMER;
    if (timer_is_due("cnthp_ctl_el2", "cnthp_cval_el2", cpu))
        pending |= UINT64_C(1) << ppi.hyp_timer;
    if (timer_is_due("cntp_ctl_el0", "cntp_cval_el0", cpu))
        pending |= UINT64_C(1) << ppi.phys_timer;
    return pending;
}

bool machine_has_interrupt(uint32_t cpu)
{
    return pending_on(cpu) != 0;
}

void machine_interrupt(uint32_t cpu, uint32_t intid)
{
    gics[cpu].pending |= UINT64_C(1) << intid;
}

/* Nothing is pending only for a CPU that sleeps: see world.c. */
static uint32_t ack(void)
{
    uint64_t pending = pending_on(fake.cpu);

    fake.now++;
    if (pending == 0)
        longjmp(fake.sleep, 1);
    uint32_t intid = (uint32_t)__builtin_ctzll(pending);
    gic_now()->pending &= ~(UINT64_C(1) << intid);
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = true;
    return intid;
}

static void ignore(uint32_t intid)
{
    (void)intid;
}

static void deactivate(uint32_t intid)
{
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = false;
}

void gic_set_edge(uint32_t intid, bool edge)
{
    (void)intid;
    (void)edge;
    abort(); /* no VM has a device */
}

static void set_active(uint32_t intid, bool active)
{
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = active;
}

static void send_sgi(uint32_t cpu, uint32_t sgi)
{
    machine_interrupt(cpu, sgi);
}

static void send_sgi_set(uint64_t cpus, uint32_t sgi)
{
    for (; cpus; cpus &= cpus - 1)
        machine_interrupt((uint32_t)__builtin_ctzll(cpus), sgi);
}

static uint64_t read_lr(uint32_t lr)
{
    return gic_now()->lr[lr];
}

static void write_lr(uint32_t lr, uint64_t value)
{
    if (lr >= gic_limits.nr_lrs)
        panic("list register %u is written, of %u", lr, gic_limits.nr_lrs);
    gic_now()->lr[lr] = value;
    gic_now()->ended &= ~(1u << lr);
}

static uint32_t read_empty_lrs(void)
{
    uint32_t empty = 0;

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        empty |= (gic_now()->lr[i] & GIC_LR_STATE ? 0u : 1u) << i;
    return empty & ~gic_now()->ended;
}

static uint32_t read_hcr(void)
{
    return gic_now()->hcr;
}

static void write_hcr(uint32_t hcr)
{
    gic_now()->hcr = hcr;
}

static uint32_t read_vmcr(void)
{
    return gic_now()->interface.vmcr;
}

/* As if every guest were in the midst of an interrupt. */
static bool is_idle(void)
{
    return false;
}

static void save_interface(struct gic_interface *state)
{
    *state = gic_now()->interface;
}

static void restore_interface(const struct gic_interface *state)
{
    gic_now()->interface = *state;
}

static const struct gic_ops ops = {
    .ack = ack,
    .eoi = ignore,
    .deactivate = deactivate,
    .enable = ignore,
    .disable = ignore,
    .set_active = set_active,
    .send_sgi = send_sgi,
    .send_sgi_set = send_sgi_set,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .read_empty_lrs = read_empty_lrs,
    .read_hcr = read_hcr,
    .write_hcr = write_hcr,
    .read_vmcr = read_vmcr,
    .is_idle = is_idle,
    .save_interface = save_interface,
    .restore_interface = restore_interface,
};

void machine_handle_interrupts(uint32_t cpu, uint32_t lrs)
{
    struct fake_gic *its = &gics[cpu];

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        if (!(lrs >> i & 1) || !(its->lr[i] & GIC_LR_STATE))
            continue;
        its->lr[i] &= ~GIC_LR_STATE;
        if (its->lr[i] & GIC_LR_HW)
            its->timer_active = false;
        else if (its->lr[i] & GIC_LR_EOI)
            its->ended |= 1u << i;
    }
    if (its->ended)
        machine_interrupt(cpu, ppi.maintenance);
}

uint32_t *machine_vmcr(uint32_t cpu)
{
    return &gics[cpu].interface.vmcr;
}

/* --- power on ------------------------------------------------------------------------------ */

void machine_reset_cpus(uint32_t gic_version)
{
    static char stacks[MACHINE_NR_CPUS][64] __attribute__((aligned(16)));

    memset(registers, 0, sizeof(registers));
    memset(gics, 0, sizeof(gics));
    gic = &ops;
    gic_limits = (struct gic_limits){
        .nr_lrs = 4,
        .nr_priority_bits = 5,
        .nr_aprs = 1,
        .hcr = GIC_HCR_EN | (gic_version == 3 ? GIC_HCR_TDIR : 0),
    };
    for (uint32_t i = 0; i < MACHINE_NR_CPUS; i++) {
        pcpus[i] = (struct pcpu){
            .index = i,
            .stack_top = (uint64_t)(uintptr_t)(stacks[i] + sizeof(stacks[i])),
            .mpidr = i,
            .online = true,
        };
        sched_init_pcpu(&pcpus[i]);
        fake.cpu = i;
        timer_init_pcpu();
    }
    fake.cpu = 0;
}
