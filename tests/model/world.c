/* SPDX-License-Identifier: MIT */
/*
 * See world.h. What is not the virtual GIC's is as short as can be here: no scheduler, no kicks
 * that are on their way.
 */
#include "world.h"

#include <string.h>

#include "arch/timer.h"
#include "dev/gic_regs.h"
#include "dev/intid.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/check.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "sched/sched.h"
#include "sched/vcpu_kick.h"
#include "model.h"
#include "vgic/vgic.h"
#include "virt/events.h"
#include "virt/vtimer.h"
#include "vm/irq_controller.h"

/* So often at most EL2 is entered again at once. */
#define MOST_ENTRIES 8

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = WORLD_NR_PCPUS;
struct machine machine;
struct ppi ppi = {25, 26, 27, 30, 23};
const struct gic_ops *gic;
struct gic_limits gic_limits;

struct vm world_vm;
jmp_buf world_failed;
const char *world_failure;

static struct vcpu vcpus[WORLD_NR_VCPUS];
static struct interface interfaces[WORLD_NR_PCPUS];
static uint32_t this_cpu;

/* While a vCPU is not loaded. */
static struct {
    uint64_t ctl;
    uint64_t cval;
} saved_timer[WORLD_NR_VCPUS];

/* Of the emulated frames. */
static const struct mmio_ops *distributor, *redistributors, *deactivation;

void world_fail(const char *why)
{
    world_failure = why;
    longjmp(world_failed, 1);
}

/* --- what the machine has --- */

static struct interface *here(void)
{
    return &interfaces[this_cpu];
}

uint64_t world_read_tpidr_el2(void)
{
    return (uint64_t)(uintptr_t)&pcpus[this_cpu];
}

/* Interrupts are masked in all guests: they are acknowledged when an action says so. */
uint64_t world_read_spsr_el2(void)
{
    return 1u << 7;
}

uint64_t world_read_cntpct_el0(void)
{
    return interface_now;
}

uint64_t world_read_cntfrq_el0(void)
{
    return 62500000;
}

uint64_t world_read_cntp_ctl_el0(void)
{
    return 0;
}

uint64_t world_read_cntv_ctl_el0(void)
{
    return interface_timer_ctl(here());
}

uint64_t world_read_cntv_cval_el0(void)
{
    return here()->timer_cval;
}

uint64_t world_read_cnthp_cval_el2(void)
{
    return here()->armed;
}

void world_write_cnthp_cval_el2(uint64_t value)
{
    here()->armed = value;
}

static uint64_t read_lr(uint32_t lr)
{
    return here()->lr[lr];
}

static void write_lr(uint32_t lr, uint64_t value)
{
    if (lr >= gic_limits.nr_lrs)
        world_fail("there is no such list register");
    here()->lr[lr] = value;
}

static uint32_t read_empty_lrs(void)
{
    return interface_empty_lrs(here());
}

static uint32_t read_hcr(void)
{
    return here()->hcr;
}

static void write_hcr(uint32_t hcr)
{
    here()->hcr = hcr;
}

static uint32_t read_vmcr(void)
{
    return here()->registers.vmcr;
}

static bool is_idle(void)
{
    return interface_running(here()) == 0xFF;
}

static void enable(uint32_t intid)
{
    (void)intid;
}

void gic_set_edge(uint32_t intid, bool edge)
{
    (void)intid;
    (void)edge;
    world_fail("there is no device");
}

static void save_interface(struct gic_interface *state)
{
    *state = here()->registers;
}

static void restore_interface(const struct gic_interface *state)
{
    here()->registers = *state;
}

static void deactivate(uint32_t intid)
{
    if (intid != ppi.virt_timer)
        world_fail("deactivates an interrupt of somebody else's");
    here()->timer_active = false;
}

static void set_active(uint32_t intid, bool active)
{
    if (intid != ppi.virt_timer)
        world_fail("activates an interrupt of somebody else's");
    here()->timer_active = active;
}

static const struct gic_ops ops = {
    .deactivate = deactivate,
    .set_active = set_active,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .read_empty_lrs = read_empty_lrs,
    .read_hcr = read_hcr,
    .write_hcr = write_hcr,
    .read_vmcr = read_vmcr,
    .is_idle = is_idle,
    .enable = enable,
    .save_interface = save_interface,
    .restore_interface = restore_interface,
};

/* --- the rest of the hypervisor --- */

void panic(const char *format, ...)
{
    world_fail(format);
}

void spin_wait(const struct spinlock *lock, uint8_t ticket)
{
    (void)lock;
    (void)ticket;
    world_fail("waits for a lock that nobody will let go of");
}

void mmio_add(struct mmio_map *map, ipa_t base, uint64_t bytes, const struct mmio_ops *frame)
{
    (void)map;
    (void)bytes;
    if (base.ipa == world_vm.config.gicd.base.ipa)
        distributor = frame;
    else if (base.ipa == world_vm.config.gicr[0].base.ipa)
        redistributors = frame;
    else
        deactivation = frame;
}

enum stile_error stage2_map(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint64_t bytes,
                            uint32_t attrs)
{
    (void)stage2;
    (void)ipa;
    (void)pa;
    (void)bytes;
    (void)attrs;
    return STILE_SUCCESS;
}

void vcpu_kick(struct vcpu *vcpu, uint32_t work)
{
    vcpu_add_work(vcpu, work);
}

bool events_timer(struct vcpu *vcpu)
{
    (void)vcpu;
    return false;
}

/* Nothing here is linked to a physical SPI. */
struct vm *vm_slot(uint32_t id)
{
    CHECK(id == world_vm.id);
    return &world_vm;
}

void sched_rearm(void)
{
    const struct vtimer *timer = &pcpu_self()->current->vtimer;

    timer_arm(timer->look_ticks < timer->deadline ? timer->look_ticks : timer->deadline);
}

static const struct controller controller = {
    .inject = vgic_inject,
    .set_level = vgic_set_level,
    .set_ppi = vgic_set_ppi,
    .timer_fired = vgic_timer_fired,
};

/* --- the life of the machine --- */

static void make_vm(uint32_t version)
{
    memset(&world_vm, 0, sizeof(world_vm));
    memset(vcpus, 0, sizeof(vcpus));
    world_vm.id = 1;
    world_vm.config.gic_version = version;
    world_vm.config.nr_vcpus = WORLD_NR_VCPUS;
    world_vm.config.gicd = (struct ipa_range){ipa_make(0x08000000), 0x10000};
    world_vm.config.gicc = (struct ipa_range){ipa_make(0x08010000), 0x2000};
    world_vm.config.gicr[0] =
        (struct ipa_range){ipa_make(0x080A0000), (uint64_t)WORLD_NR_VCPUS * GICR_BYTES};
    world_vm.controller = &controller;
    for (uint32_t i = 0; i < WORLD_NR_VCPUS; i++) {
        vcpus[i].vm = &world_vm;
        vcpus[i].index = i;
        vcpus[i].state = VCPU_READY;
        vcpus[i].pcpu = &pcpus[i];
        world_vm.vcpus[i] = &vcpus[i];
        world_vm.config.mpidr[i] = i;
    }
}

void world_start(const struct world_setup *setup)
{
    memset(interfaces, 0, sizeof(interfaces));
    memset(pcpus, 0, sizeof(pcpus));
    memset(saved_timer, 0, sizeof(saved_timer));
    this_cpu = 0;
    interface_now = 0;
    gic = &ops;
    gic_limits = (struct gic_limits){.nr_lrs = setup->nr_lrs,
                                     .nr_priority_bits = 5,
                                     .nr_aprs = 1,
                                     .hcr = GIC_HCR_EN | (setup->version == 3 ? GIC_HCR_TDIR : 0),
                                     .forgets_levels = setup->forgets_levels};
    machine.gic_version = setup->version;
    machine.gicv = (struct pa_range){pa_make(0x08040000), 0x2000};
    for (uint32_t i = 0; i < WORLD_NR_PCPUS; i++) {
        pcpus[i].index = i;
        interfaces[i].hcr = gic_limits.hcr;
        interfaces[i].armed = TIMER_NEVER;
        interfaces[i].both_is_pending = setup->both_is_pending;
    }
    make_vm(setup->version);
    if (vgic_init(&world_vm))
        world_fail("the VM cannot have its GIC");
    for (uint32_t i = 0; i < WORLD_NR_VCPUS; i++) {
        vcpus[i].vgic.waker = 0;
        vtimer_reset(&vcpus[i]);
    }
}

uint32_t world_place(uint32_t cpu)
{
    for (uint32_t i = 0; i < WORLD_NR_PCPUS; i++)
        if (pcpus[i].current == &vcpus[cpu])
            return i;
    return WORLD_NR_PCPUS;
}

bool world_is_free(uint32_t pcpu)
{
    return pcpus[pcpu].current == NULL;
}

/* The order is that of vcpu_load() and vcpu_put(), life/vcpu_life.c. */
void world_load(uint32_t cpu, uint32_t pcpu)
{
    struct vcpu *vcpu = &vcpus[cpu];

    this_cpu = pcpu;
    vcpu->pcpu = &pcpus[pcpu];
    pcpus[pcpu].current = vcpu;
    here()->timer_ctl = saved_timer[cpu].ctl;
    here()->timer_cval = saved_timer[cpu].cval;
    if (vtimer_deadline(&vcpu->vtimer) != TIMER_NEVER)
        vtimer_expire(vcpu);
    __atomic_fetch_and(&vcpu->work, ~VCPU_WORK_VGIC, __ATOMIC_ACQUIRE);
    vgic_load(vcpu);
    sched_rearm();
    world_enter(cpu);
}

void world_put(uint32_t cpu)
{
    struct interface *interface = world_visit(cpu);

    saved_timer[cpu].ctl = interface->timer_ctl;
    saved_timer[cpu].cval = interface->timer_cval;
    vcpus[cpu].el1.cntv_ctl_el0 = interface_timer_ctl(interface);
    vcpus[cpu].el1.cntv_cval_el0 = interface->timer_cval;
    interface->timer_ctl = 0;
    vgic_put(&vcpus[cpu]);
    pcpus[this_cpu].current = NULL;
    interface->armed = TIMER_NEVER;
    if (interface->timer_active)
        world_fail("the timer's interrupt is left active for the next vCPU");
    if (interface->hcr & ~gic_limits.hcr & ((1u << GIC_HCR_EOICOUNT_SHIFT) - 1))
        world_fail("maintenance interrupts are left on for the next vCPU");
    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        if (interface->lr[i] & (GIC_LR_STATE | GIC_LR_EOI))
            world_fail("a list register is left for the next vCPU");
}

struct interface *world_visit(uint32_t cpu)
{
    this_cpu = world_place(cpu);
    return here();
}

/* One reason to be at EL2, if there is one. */
static bool enter_once(struct vcpu *vcpu)
{
    if (__atomic_exchange_n(&vcpu->work, 0, __ATOMIC_ACQUIRE) & VCPU_WORK_VGIC) {
        vgic_flush(vcpu);
    } else if (interface_wants_maintenance(here())) {
        vgic_maintenance(vcpu);
    } else if (interface_timer_comes(here())) {
        vgic_timer_fired(vcpu);
    } else if (here()->armed <= interface_now) {
        vtimer_look(vcpu);
        vtimer_expire(vcpu);
        sched_rearm();
    } else {
        return false;
    }
    return true;
}

void world_enter(uint32_t cpu)
{
    const char *wrong;

    (void)world_visit(cpu);
    for (uint32_t i = 0; enter_once(&vcpus[cpu]); i++)
        if (i == MOST_ENTRIES)
            world_fail("EL2 is entered again and again");
    wrong = interface_check(here());
    if (wrong)
        world_fail(wrong);
}

/* Only what was asked for with the lock held: who waits goes on with that. */
void world_others_go_on(void)
{
    uint32_t self = this_cpu;

    for (uint32_t i = 0; i < WORLD_NR_PCPUS; i++) {
        struct vcpu *vcpu = pcpus[i].current;
        this_cpu = i;
        if (i != self && vcpu && (__atomic_exchange_n(&vcpu->work, 0, __ATOMIC_ACQUIRE)))
            vgic_flush(vcpu);
    }
    this_cpu = self;
}

/* What one does may give another something to do. */
void world_settle(void)
{
    for (uint32_t i = 0; i < 2 * WORLD_NR_VCPUS; i++)
        if (world_place(i % WORLD_NR_VCPUS) < WORLD_NR_PCPUS)
            world_enter(i % WORLD_NR_VCPUS);
}

void world_pass_time(void)
{
    uint64_t end = interface_now + timer_frequency() / 10000;

    for (uint32_t i = 0; i < WORLD_NR_VCPUS; i++)
        if (vcpus[i].vtimer.look_ticks != TIMER_NEVER && vcpus[i].vtimer.look_ticks > end)
            end = vcpus[i].vtimer.look_ticks;
    interface_now = end;
    world_settle();
}

/* --- the emulated registers --- */

uint64_t world_read(uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes)
{
    if (frame == MODEL_DISTRIBUTOR)
        return distributor->read(&vcpus[cpu], offset, bytes);
    return redistributors->read(&vcpus[cpu], frame * GICR_BYTES + GICR_SGI_FRAME + offset, bytes);
}

void world_write(uint32_t cpu, uint32_t frame, uint32_t offset, uint32_t bytes, uint64_t value)
{
    if (frame == MODEL_DISTRIBUTOR)
        distributor->write(&vcpus[cpu], offset, bytes, value);
    else
        redistributors->write(&vcpus[cpu], frame * GICR_BYTES + GICR_SGI_FRAME + offset, bytes,
                              value);
}
