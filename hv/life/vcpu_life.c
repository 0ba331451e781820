/* SPDX-License-Identifier: MIT */
/*
 * The life of a vCPU: made, started, loaded, put, halted. Which one runs is decided in sched.c.
 */
#include "life/vcpu_life.h"

#include <string.h>

#include "arch/errata.h"
#include "arch/esr.h"
#include "arch/timer.h"
#include "arch/tlb.h"
#include "dev/gic.h"
#include "dev/pcpu.h"
#include "dev/predictor.h"
#include "lib/check.h"
#include "lib/cold.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "vgic/mailbox.h"
#include "vgic/vgic.h"
#include "virt/pvtime.h"
#include "virt/vdebug.h"
#include "virt/vpmu.h"
#include "virt/vtimer.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "vm/vsve.h"

/* A struct vcpu takes this many pages of the pool, as a power of two. */
#define VCPU_ORDER 1
_Static_assert(sizeof(struct vcpu) <= PAGE_SIZE << VCPU_ORDER, "a vCPU fits its pages");

/* MPIDR_EL1: RES1, beside the affinity that the guest's device tree gives its CPU. */
#define MPIDR_RES1 (UINT64_C(1) << 31)

/* The stack's last 16 bytes hold the loaded vCPU, where entry.S finds it. */
#define STACK_RESERVED 16

static void free_pages(struct vcpu *vcpu)
{
    if (vcpu->page)
        page_free(vcpu->page, PAGE_ORDER_4K);
    if (vcpu->mailbox)
        page_free(vcpu->mailbox, PAGE_ORDER_4K);
    if (vcpu->sve)
        page_free(vcpu->sve, vsve_order(vcpu->vm->sve_bytes));
    page_free(vcpu, VCPU_ORDER);
}

struct vcpu *vcpu_create(struct vm *vm, uint32_t index)
{
    struct vcpu *vcpu = page_alloc(vm->id, VCPU_ORDER);

    if (!vcpu)
        return NULL;
    vcpu->page = page_alloc(vm->id, PAGE_ORDER_4K);
    vcpu->mailbox = page_alloc(vm->id, PAGE_ORDER_4K);
    if (vm->sve_bytes > 0)
        vcpu->sve = page_alloc(vm->id, vsve_order(vm->sve_bytes));
    vcpu->vm = vm;
    if (!vcpu->page || !vcpu->mailbox || (vm->sve_bytes > 0 && !vcpu->sve)) {
        free_pages(vcpu);
        return NULL;
    }
    vcpu->page->vcpu_id = index;
    vcpu->calls = vm->calls;
    vcpu->ids = vm->ids;
    vcpu->index = index;
    vcpu->mpidr = vm->config.mpidr[index];
    vcpu->state = VCPU_OFF;
    list_init(&vcpu->run_link);
    list_init(&vcpu->sleep_link);
    vcpu->weight = vm->config.weight;
    vcpu->affinity = vm->config.affinity;
    spin_lock(&sched_lock);
    vcpu->pcpu = sched_place(vcpu->affinity);
    vcpu->pcpu->nr_vcpus++;
    spin_unlock(&sched_lock);
    return vcpu;
}

void vcpu_reset(struct vcpu *vcpu)
{
    memset(vcpu->page, 0, PAGE_SIZE);
    memset(vcpu->mailbox, 0, PAGE_SIZE);
    mailbox_start(vcpu); /* all masked: what comes before the vCPU is on interrupts nobody */
    vcpu->page->vcpu_id = vcpu->index;
    vcpu->trace = (struct trace){0};
    vcpu->vgic = (struct vgic_vcpu){0};
    vcpu->vtimer = (struct vtimer){0};
    vcpu->fp = (struct fp_state){0};
    vcpu->zcr = 0;
    if (vcpu->sve)
        memset(vcpu->sve, 0, PAGE_SIZE << vsve_order(vcpu->vm->sve_bytes));
    vcpu->stats = (struct vcpu_stats){0};
    vcpu->more_status = 0;
    vcpu->yields = false;
    vcpu->polls = false;
    vcpu->poll_ports = 0;
    spin_lock(&sched_lock);
    vcpu->paused &= VCPU_PAUSED_PLACE;
    if (vcpu->state == VCPU_STOPPED) /* else it is the one whose turns this takes */
        vcpu->state = VCPU_OFF;
    spin_unlock(&sched_lock);
}

void vcpu_destroy(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    CHECK(!vcpu->loaded && !vcpu->saving && list_empty(&vcpu->run_link) &&
          list_empty(&vcpu->sleep_link));
    vcpu->pcpu->nr_vcpus--;
    spin_unlock(&sched_lock);
    free_pages(vcpu);
}

/* Under sched_lock. One that stopped itself is on until it has been put. */
static enum vcpu_power power_locked(const struct vcpu *vcpu)
{
    bool gone = !vcpu->loaded && !__atomic_load_n(&vcpu->saving, __ATOMIC_ACQUIRE);

    if (vcpu->state == VCPU_STARTING)
        return VCPU_POWER_ON_PENDING;
    return (vcpu->state == VCPU_OFF || vcpu->state == VCPU_STEPS) && gone ? VCPU_POWER_OFF
                                                                          : VCPU_POWER_ON;
}

enum vcpu_power vcpu_power(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    enum vcpu_power power = power_locked(vcpu);
    spin_unlock(&sched_lock);
    return power;
}

static enum stile_vcpu_state state_locked(const struct vcpu *vcpu)
{
    if (power_locked(vcpu) == VCPU_POWER_OFF)
        return STILE_VCPU_OFF;
    if (vcpu->state == VCPU_STARTING)
        return STILE_VCPU_STARTING;
    if (vcpu->state == VCPU_BLOCKED)
        return STILE_VCPU_BLOCKED;
    return vcpu->loaded && !vcpu->paused ? STILE_VCPU_RUNNING : STILE_VCPU_WAITING;
}

enum stile_vcpu_state vcpu_activity(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    enum stile_vcpu_state state = state_locked(vcpu);
    spin_unlock(&sched_lock);
    return state;
}

/* What a vCPU has from its start on; it may be moved to any CPU. */
static uint32_t what_it_has(const struct vm *vm)
{
    uint32_t has = vm->has_pmu ? VCPU_HAS_PMU : 0;

    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (pcpus[i].switched)
            has |= VCPU_HAS_MORE;
    return has;
}

enum vcpu_start_result vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    spin_lock(&sched_lock);
    enum vcpu_power power = power_locked(vcpu);
    if (power == VCPU_POWER_OFF)
        vcpu->state = VCPU_STARTING; /* ours alone from here on */
    spin_unlock(&sched_lock);
    if (power != VCPU_POWER_OFF)
        return power == VCPU_POWER_ON ? VCPU_ALREADY_ON : VCPU_ON_PENDING;

    vcpu->regs = (struct vcpu_regs){.elr = entry, .spsr = SPSR_M_EL1H | SPSR_DAIF};
    vcpu->regs.x[0] = context;
    vcpu->work = 0;
    vcpu->kicked = false;
    el1_reset(&vcpu->el1);
    vcpu->more = (struct baseline_state){0};
    vgic_vcpu_reset(vcpu);
    vtimer_reset(vcpu);
    vcpu->has = what_it_has(vcpu->vm);
    vdebug_reset(vcpu);
    vpmu_reset(vcpu);
    mailbox_start(vcpu);
    if (vcpu->page->start_ticks == 0) { /* what follows its stop counts as blocked */
        vcpu->charged_ticks = timer_now();
        vcpu->page->start_ticks = vcpu->charged_ticks;
    }

    sched_start(vcpu);
    return VCPU_STARTED;
}

/* Under sched_lock, so that of several that stop at once one is the last. */
static bool all_off(const struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        if (vm->vcpus[i]->state != VCPU_OFF)
            return false;
    return true;
}

bool vcpu_stop_self(struct vcpu *vcpu)
{
    spin_lock(&sched_lock);
    if (vcpu->state == VCPU_READY)
        vcpu->state = VCPU_OFF;
    bool was_last = all_off(vcpu->vm);
    spin_unlock(&sched_lock);
    vcpu_add_work(vcpu, VCPU_WORK_RESCHED);
    return was_last;
}

void vcpu_reset_self(struct vcpu *vcpu, uint64_t entry)
{
    if (errata_have(ERRATUM_SPECULATIVE_AT))
        el1_forbid_walks();
    el1_reset(&vcpu->el1);
    vcpu->el1.cntv_cval_el0 = read_sysreg(cntv_cval_el0);
    vcpu->el1.cntv_ctl_el0 = read_sysreg(cntv_ctl_el0);
    el1_restore(&vcpu->el1);
    vcpu->more = (struct baseline_state){0};
    baseline_restore(&vcpu->more, vcpu->pcpu->switched);
    vdebug_put();
    vdebug_reset(vcpu);
    if (vcpu->vm->has_pmu) {
        vpmu_reset(vcpu);
        vpmu_load(vcpu);
    }
    write_sysreg(elr_el2, entry);
    write_sysreg(spsr_el2, SPSR_M_EL1H | SPSR_DAIF);
}

/* How long the guest was ready and did not run, told to it. */
static void account_wait(struct vcpu *vcpu)
{
    struct stile_vcpu_page *page = vcpu->page;

    page->preempted = 0;
    page->stolen_ticks += vcpu->charged_ticks - vcpu->ready_since_ticks;
    page->nr_switches++;
    if (vcpu->has_asked_stolen)
        pvtime_update(vcpu);
}

/*
 * vCPUs of one VM share its VMID, but each is a CPU with a TLB of its own to its guest: what one
 * left in this CPU's TLB must not serve another.
 */
static void enter_address_space(struct vcpu *vcpu)
{
    uint32_t *last = &vcpu->vm->last_loaded[vcpu->pcpu->index];

    write_sysreg(vttbr_el2, vcpu->vm->stage2.vttbr);
    if (*last == vcpu->index + 1)
        return;
    *last = vcpu->index + 1;
    isb();
    tlb_flush_guest_local();
}

/*
 * What few vCPUs have is kept out of line, so that the others need not make room for it, and ask
 * once whether there is any of it.
 */
static COLD void load_what_few_have(const struct pcpu *pcpu, struct vcpu *vcpu)
{
    if (vcpu->has & VCPU_HAS_MORE)
        baseline_restore(&vcpu->more, pcpu->switched);
    if (vcpu->has & VCPU_HAS_DEBUG)
        vdebug_load(vcpu);
    if (vcpu->has & VCPU_HAS_PMU)
        vpmu_load(vcpu);
}

static COLD void put_what_few_have(struct vcpu *vcpu)
{
    if (vcpu->has & VCPU_HAS_MORE)
        baseline_save(&vcpu->more, pcpu_self()->switched);
    if (vcpu->has & VCPU_HAS_FP)
        trap_control_put_fp(vcpu);
    if (vcpu->has & VCPU_HAS_DEBUG)
        vdebug_put();
    if (vcpu->has & VCPU_HAS_PMU)
        vpmu_put(vcpu);
}

void vcpu_load(struct vcpu *vcpu)
{
    struct pcpu *pcpu = pcpu_self();
    struct vcpu **stack = (struct vcpu **)(pcpu->stack_top - STACK_RESERVED);

    CHECK(vcpu->pcpu == pcpu);
    stack[0] = vcpu;
    vcpu->el2_stack = (uint64_t)(uintptr_t)stack;
    account_wait(vcpu);
    if (pcpu->trained_by != vcpu->vm) {
        pcpu->trained_by = vcpu->vm;
        predictor_clean(pcpu);
    }
    trap_control_load(pcpu, vcpu, !list_empty(&pcpu->run_queue));
    enter_address_space(vcpu);
    write_sysreg(vmpidr_el2, MPIDR_RES1 | vcpu->mpidr);
    el1_restore(&vcpu->el1);
    if (vcpu->has)
        load_what_few_have(pcpu, vcpu); /* before the list registers are filled */
    uint64_t elr = vcpu->regs.elr, spsr = vcpu->regs.spsr;
    write_sysreg(elr_el2, elr);
    write_sysreg(spsr_el2, spsr);
    if (vtimer_deadline(&vcpu->vtimer) != TIMER_NEVER)
        vtimer_expire(vcpu); /* before the list registers are filled */
    /* Which is all that was to be done for interrupts; what becomes pending from here on asks anew.
     */
    if (__atomic_load_n(&vcpu->work, __ATOMIC_RELAXED) & VCPU_WORK_VGIC)
        __atomic_fetch_and(&vcpu->work, ~VCPU_WORK_VGIC, __ATOMIC_ACQUIRE);
    vgic_load(vcpu);
    isb();
}

void vcpu_put(struct vcpu *vcpu)
{
    uint64_t elr = read_sysreg(elr_el2), spsr = read_sysreg(spsr_el2);

    vcpu->regs.elr = elr;
    vcpu->regs.spsr = spsr;
    el1_save(&vcpu->el1);
    if (errata_have(ERRATUM_SPECULATIVE_AT))
        el1_forbid_walks();
    write_sysreg(cntv_ctl_el0, 0); /* its timer must not interrupt whoever is next */
    if (vcpu->has)
        put_what_few_have(vcpu);
    vgic_put(vcpu);
    if (vcpu->state == VCPU_READY)
        vcpu->page->preempted = 1;
}
