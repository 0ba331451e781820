/* SPDX-License-Identifier: MIT */
/*
 * See vpmu.h.
 */
#include "virt/vpmu.h"

#include <string.h>

#include "arch/cpu.h"
#include "arch/iss.h"
#include "arch/pmu.h"
#include "dev/intid.h"
#include "vm/irq_controller.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define NAME_PMCR       NAME(3, 3, 9, 12, 0)
#define NAME_PMCNTENSET NAME(3, 3, 9, 12, 1)
#define NAME_PMCNTENCLR NAME(3, 3, 9, 12, 2)
#define NAME_PMOVSCLR   NAME(3, 3, 9, 12, 3)
#define NAME_PMSWINC    NAME(3, 3, 9, 12, 4)
#define NAME_PMSELR     NAME(3, 3, 9, 12, 5)
#define NAME_PMCEID0    NAME(3, 3, 9, 12, 6)
#define NAME_PMCEID1    NAME(3, 3, 9, 12, 7)
#define NAME_PMCCNTR    NAME(3, 3, 9, 13, 0)
#define NAME_PMXEVTYPER NAME(3, 3, 9, 13, 1)
#define NAME_PMXEVCNTR  NAME(3, 3, 9, 13, 2)
#define NAME_PMUSERENR  NAME(3, 3, 9, 14, 0)
#define NAME_PMINTENSET NAME(3, 0, 9, 14, 1)
#define NAME_PMINTENCLR NAME(3, 0, 9, 14, 2)
#define NAME_PMOVSSET   NAME(3, 3, 9, 14, 3)

/* PMEVCNTRn_EL0, PMEVTYPERn_EL0: n is bits 1:0 of CRm and Op2; type 31 is PMCCFILTR_EL0. */
#define NAME_COUNTER_MASK (ISS_NAME_MASK & ~NAME(0, 0, 0, 3, 7))
#define NAME_PMEVCNTR     NAME(3, 3, 14, 8, 0)
#define NAME_PMEVTYPER    NAME(3, 3, 14, 12, 0)
#define COUNTER_OF(name)  ((ISS_CRM(name) & 3) * 8 + ISS_OP2(name))

/* --- the CPU's --- */

/* Every counter the CPU has, as a set. */
static uint64_t all_counters(void)
{
    return PMU_CYCLES | ((UINT64_C(1) << pmu_nr_counters()) - 1);
}

static void select_counter(uint64_t n)
{
    write_sysreg(pmselr_el0, n);
    isb();
}

/* Has the interrupt's input be what the registers say; while it is high, the CPU's has said so. */
static void drive(struct vcpu *vcpu)
{
    struct vpmu *pmu = &vcpu->vpmu;
    bool high = (read_sysreg(pmovsset_el0) & pmu->pmintens) && (read_sysreg(pmcr_el0) & PMCR_E);

    write_sysreg(pmintenclr_el1, PMU_ALL);
    if (!high)
        write_sysreg(pmintenset_el1, pmu->pmintens);
    if (high == pmu->is_raised)
        return;
    pmu->is_raised = high;
    vcpu->vm->controller->set_ppi(vcpu, IRQ_PMU, high);
}

void vpmu_reset(struct vcpu *vcpu)
{
    if (vcpu->vpmu.is_raised)
        vcpu->vm->controller->set_ppi(vcpu, IRQ_PMU, false);
    memset(&vcpu->vpmu, 0, sizeof(vcpu->vpmu));
}

void vpmu_load(struct vcpu *vcpu)
{
    const struct vpmu *pmu = &vcpu->vpmu;

    pmu_stop(); /* what a VM with "stile,pmu-el2" left */
    for (uint32_t n = 0; n < pmu_nr_counters(); n++) {
        select_counter(n);
        write_sysreg(pmxevcntr_el0, pmu->pmevcntr[n]);
        write_sysreg(pmxevtyper_el0, pmu->pmevtyper[n]);
    }
    write_sysreg(pmccntr_el0, pmu->pmccntr);
    write_sysreg(pmccfiltr_el0, pmu->pmccfiltr);
    write_sysreg(pmuserenr_el0, pmu->pmuserenr);
    write_sysreg(pmovsset_el0, pmu->pmovs);
    write_sysreg(pmcntenset_el0, pmu->pmcntens);
    write_sysreg(pmcr_el0, pmu->pmcr);
    isb();
    drive(vcpu);
}

void vpmu_put(struct vcpu *vcpu)
{
    struct vpmu *pmu = &vcpu->vpmu;

    pmu->pmcr = read_sysreg(pmcr_el0) & PMCR_KEPT;
    pmu->pmcntens = read_sysreg(pmcntenset_el0);
    pmu->pmovs = read_sysreg(pmovsset_el0);
    pmu->pmuserenr = read_sysreg(pmuserenr_el0);
    pmu->pmccntr = read_sysreg(pmccntr_el0);
    pmu->pmccfiltr = read_sysreg(pmccfiltr_el0);
    for (uint32_t n = 0; n < pmu_nr_counters(); n++) {
        select_counter(n);
        pmu->pmevcntr[n] = read_sysreg(pmxevcntr_el0);
        pmu->pmevtyper[n] = read_sysreg(pmxevtyper_el0);
    }
    pmu_stop();
}

/* --- the guest's accesses --- */

/* The number of the event counter a register is of, by its name or by PMSELR_EL0. */
static bool find_counter(const struct vcpu *vcpu, uint64_t name, bool *is_type, uint64_t *n)
{
    bool by_selection = name == NAME_PMXEVTYPER || name == NAME_PMXEVCNTR;

    *n = by_selection ? vcpu->vpmu.pmselr : COUNTER_OF(name);
    *is_type = name == NAME_PMXEVTYPER || (name & NAME_COUNTER_MASK) == NAME_PMEVTYPER;
    if (!by_selection && !*is_type && (name & NAME_COUNTER_MASK) != NAME_PMEVCNTR)
        return false;
    return *n < pmu_nr_counters() || (*is_type && *n == PMU_CYCLE_COUNTER);
}

static bool read_counter(const struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    bool is_type;
    uint64_t n;

    if (!find_counter(vcpu, name, &is_type, &n))
        return false;
    select_counter(n);
    *value = is_type ? read_sysreg(pmxevtyper_el0) : read_sysreg(pmxevcntr_el0);
    return true;
}

static bool write_counter(const struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    bool is_type;
    uint64_t n;

    if (!find_counter(vcpu, name, &is_type, &n))
        return false;
    select_counter(n);
    if (is_type)
        write_sysreg(pmxevtyper_el0,
                     value & (n == PMU_CYCLE_COUNTER ? PMU_FILTERS : PMU_FILTERS | PMU_EVENT));
    else
        write_sysreg(pmxevcntr_el0, value);
    return true;
}

bool vpmu_read(struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    switch (name) {
#define READ(which, from)                                                                          \
    case NAME_##which:                                                                             \
        *value = (from);                                                                           \
        return true;
        READ(PMCR, read_sysreg(pmcr_el0) & (PMCR_KEPT | PMCR_ABOUT))
        READ(PMCNTENSET, read_sysreg(pmcntenset_el0))
        READ(PMCNTENCLR, read_sysreg(pmcntenset_el0))
        READ(PMOVSSET, read_sysreg(pmovsset_el0))
        READ(PMOVSCLR, read_sysreg(pmovsset_el0))
        READ(PMINTENSET, vcpu->vpmu.pmintens)
        READ(PMINTENCLR, vcpu->vpmu.pmintens)
        READ(PMSELR, vcpu->vpmu.pmselr)
        READ(PMCEID0, read_sysreg(pmceid0_el0))
        READ(PMCEID1, read_sysreg(pmceid1_el0))
        READ(PMCCNTR, read_sysreg(pmccntr_el0))
        READ(PMUSERENR, read_sysreg(pmuserenr_el0))
#undef READ
    default:
        return read_counter(vcpu, name, value);
    }
}

/* PMSWINC_EL0: done by hand, since what EL2 causes is not counted. */
static void increment(uint64_t set)
{
    set &= read_sysreg(pmcntenset_el0) & ~PMU_CYCLES;
    if (!(read_sysreg(pmcr_el0) & PMCR_E))
        return;
    for (uint32_t n = 0; n < pmu_nr_counters(); n++) {
        select_counter(n);
        if (!(set >> n & 1) || (read_sysreg(pmxevtyper_el0) & PMU_EVENT) != PMU_EVENT_SW_INCR)
            continue;
        uint32_t next = (uint32_t)read_sysreg(pmxevcntr_el0) + 1;
        write_sysreg(pmxevcntr_el0, next);
        if (next == 0)
            write_sysreg(pmovsset_el0, UINT64_C(1) << n);
    }
}

static bool write_register(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    struct vpmu *pmu = &vcpu->vpmu;

    switch (name) {
#define WRITE(which, action)                                                                       \
    case NAME_##which:                                                                             \
        action;                                                                                    \
        return true;
        WRITE(PMCR, write_sysreg(pmcr_el0, value & (PMCR_KEPT | PMCR_RESETS)))
        WRITE(PMCNTENSET, write_sysreg(pmcntenset_el0, value & all_counters()))
        WRITE(PMCNTENCLR, write_sysreg(pmcntenclr_el0, value))
        WRITE(PMOVSSET, write_sysreg(pmovsset_el0, value & all_counters()))
        WRITE(PMOVSCLR, write_sysreg(pmovsclr_el0, value))
        WRITE(PMINTENSET, pmu->pmintens |= value & all_counters())
        WRITE(PMINTENCLR, pmu->pmintens &= ~value)
        WRITE(PMSELR, pmu->pmselr = value & PMU_CYCLE_COUNTER)
        WRITE(PMSWINC, increment(value))
        WRITE(PMCCNTR, write_sysreg(pmccntr_el0, value))
        WRITE(PMUSERENR, write_sysreg(pmuserenr_el0, value & PMUSERENR_BITS))
#undef WRITE
    default:
        return write_counter(vcpu, name, value);
    }
}

bool vpmu_write(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    bool is_there = write_register(vcpu, name, value);

    isb();
    if (is_there)
        drive(vcpu);
    return is_there;
}

void vpmu_interrupt(struct vcpu *vcpu)
{
    if (vcpu && vcpu->vm->has_pmu)
        drive(vcpu);
    else
        write_sysreg(pmintenclr_el1, PMU_ALL); /* "stile,pmu-el2": it polls, or has ended */
    isb();
}
