/* SPDX-License-Identifier: MIT */
/*
 * Decoding the exits that are no hypercall. Each class has one function that emulates or refuses.
 */
#include "arch/traps.h"

#include "arch/cpu.h"
#include "arch/el1.h"
#include "arch/esr.h"
#include "arch/inject.h"
#include "arch/sysreg.h"
#include "core/complain.h"
#include "core/pcpu.h"
#include "core/sched.h"
#include "core/trace.h"
#include "core/vcpu.h"
#include "core/vm.h"
#include "hypercall/hypercall.h"
#include "mm/stage2.h"
#include "mm/vmem.h"
#include "virt/mmio.h"

/* HCR_EL2 (Arm ARM D13.2.47) */
#define HCR_VM    (UINT64_C(1) << 0) /* stage 2 */
#define HCR_SWIO  (UINT64_C(1) << 1) /* invalidation by set/way cleans */
#define HCR_PTW   (UINT64_C(1) << 2) /* no table walks in device memory */
#define HCR_FMO   (UINT64_C(1) << 3)
#define HCR_IMO   (UINT64_C(1) << 4)
#define HCR_AMO   (UINT64_C(1) << 5)
#define HCR_FB    (UINT64_C(1) << 9)  /* maintenance is broadcast: a vCPU may move */
#define HCR_BSU   (UINT64_C(1) << 10) /* barriers reach the inner shareable domain */
#define HCR_TWI   (UINT64_C(1) << 13)
#define HCR_TWE   (UINT64_C(1) << 14)
#define HCR_TID1  (UINT64_C(1) << 16)
#define HCR_TID2  (UINT64_C(1) << 17)
#define HCR_TID3  (UINT64_C(1) << 18)
#define HCR_TSC   (UINT64_C(1) << 19)
#define HCR_TIDCP (UINT64_C(1) << 20) /* registers that only this make of CPU has */
#define HCR_TACR  (UINT64_C(1) << 21)
#define HCR_TSW   (UINT64_C(1) << 22)
#define HCR_TTLB  (UINT64_C(1) << 25)
#define HCR_TVM   (UINT64_C(1) << 26)
#define HCR_TRVM  (UINT64_C(1) << 30)
#define HCR_RW    (UINT64_C(1) << 31) /* EL1 is AArch64 */

#define HCR_ALWAYS                                                                                 \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU | HCR_TWI |      \
     HCR_TID1 | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW)
#define HCR_TRAP_EVERYTHING (HCR_TWE | HCR_TID2 | HCR_TTLB | HCR_TVM | HCR_TRVM)

/* CPTR_EL2 (D13.2.30, HCR_EL2.E2H = 0): RES1 bits; TFP; SVE and SME trap through RES1 bits. */
#define CPTR_RES1 UINT64_C(0x33FF)
#define CPTR_TFP  (UINT64_C(1) << 10)

/* MDCR_EL2 (D13.3.17) */
#define MDCR_HPMN_MASK UINT64_C(0x1F)
#define MDCR_TPMCR     (UINT64_C(1) << 5)
#define MDCR_TPM       (UINT64_C(1) << 6)
#define MDCR_TDA       (UINT64_C(1) << 9)
#define MDCR_TDOSA     (UINT64_C(1) << 10)
#define MDCR_TDRA      (UINT64_C(1) << 11)
#define MDCR_DEBUG     (MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)
#define MDCR_PMU       (MDCR_TPM | MDCR_TPMCR)
#define PMCR_N(pmcr)   ((pmcr) >> 11 & MDCR_HPMN_MASK)

/* CNTHCTL_EL2 (D13.8.2): the counter is the guest's to read, the physical timer is not its own. */
#define CNTHCTL_EL1PCTEN (UINT64_C(1) << 0)

uint64_t trap_hcr(enum vm_mode mode)
{
    return mode == VM_MODE_TRAP ? HCR_ALWAYS | HCR_TRAP_EVERYTHING : HCR_ALWAYS;
}

uint64_t trap_mdcr(bool pmu)
{
    return pmu ? MDCR_DEBUG : MDCR_DEBUG | MDCR_PMU;
}

void trap_init_pcpu(void)
{
    write_sysreg(cptr_el2, CPTR_RES1 | CPTR_TFP);
    write_sysreg(hstr_el2, 0);
    write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN);
    write_sysreg(cntvoff_el2, 0);
    write_sysreg(vpidr_el2, read_sysreg(midr_el1));
    write_sysreg(vtcr_el2, stage2_vtcr());
    isb();
}

static uint64_t hcr_of(const struct vm *vm, bool contended)
{
    return vm->hcr | (contended ? HCR_TWE : 0);
}

void trap_set_contended(const struct vcpu *vcpu, bool contended)
{
    write_sysreg(hcr_el2, hcr_of(vcpu->vm, contended));
}

void trap_load(const struct vcpu *vcpu, bool contended)
{
    const struct vm *vm = vcpu->vm;

    write_sysreg(hcr_el2, hcr_of(vm, contended));
    write_sysreg(mdcr_el2, vm->mdcr | PMCR_N(read_sysreg(pmcr_el0)));
}

/* A trapped instruction has been dealt with; after HVC alone the PC is past it already. */
static void advance_pc(void)
{
    write_sysreg(elr_el2, read_sysreg(elr_el2) + 4);
}

/*
 * SMC conduit: the standard services, as by HVC #0 (DEN 0028, section 2.9). Kept out of line, so
 * that other traps do not work out addresses for it.
 */
__attribute__((noinline)) static void trap_smc(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t *x = vcpu->regs.x;

    if (esr & ESR_ISS_MASK & 0xFFFF) {
        inject_undefined();
        return;
    }
    trace_smc(&vcpu->trace, (uint32_t)x[0], x[1]);
    advance_pc(); /* first: CPU_SUSPEND may go on elsewhere */
    struct hcall_result result =
        hypercall_standard(vcpu, x[1], x[2], x[3], x[4], x[5], x[6], (uint32_t)x[0]);
    vcpu->stats.standard_calls--; /* it came by SMC, and counts as that */
    x[0] = (uint64_t)result.status;
    x[1] = result.x1;
}

/* The first use of FP/SIMD since the vCPU was loaded. */
static void trap_fp(struct vcpu *vcpu)
{
    write_sysreg(cptr_el2, CPTR_RES1 & ~CPTR_TFP);
    isb();
    fp_restore(&vcpu->fp);
    vcpu->has_fp = true;
}

void trap_put_fp(struct vcpu *vcpu)
{
    fp_save(&vcpu->fp);
    vcpu->has_fp = false;
    write_sysreg(cptr_el2, CPTR_RES1 | CPTR_TFP);
}

static uint64_t faulting_ipa(void)
{
    uint64_t page = (read_sysreg(hpfar_el2) & HPFAR_FIPA_MASK) << HPFAR_FIPA_SHIFT;

    return page | (read_sysreg(far_el2) & PAGE_MASK);
}

/*
 * What is no device: a first touch of the VM's memory, which is ready afterwards, and the guest
 * tries again; or nothing at all. @kinds: as which to count it, by what vmem_fault() found.
 */
static void trap_memory(struct vcpu *vcpu, uint64_t esr, uint64_t ipa, const uint8_t kinds[])
{
    enum vmem_fault found = VMEM_NOT_THERE;

    if ((esr & ABORT_FSC_LEVELS) == ABORT_FSC_TRANSLATION)
        found = vmem_fault(vcpu->vm, ipa_make(ipa));
    vcpu->stats.exits[kinds[found]]++;
    if (found == VMEM_NOT_THERE)
        inject_external_abort(esr);
}

/* Stage 2 has no page there, or not for this access: a device's register, or nothing at all. */
static void trap_data_abort(struct vcpu *vcpu, uint64_t esr)
{
    static const uint8_t kinds[] = {
        [VMEM_NOT_THERE] = EXIT_BAD_ACCESS,
        [VMEM_PAGE] = EXIT_TOUCH_PAGE,
        [VMEM_BLOCK] = EXIT_TOUCH_BLOCK,
    };
    bool unmapped = (esr & ABORT_FSC_LEVELS) == ABORT_FSC_TRANSLATION;
    uint64_t ipa = faulting_ipa();

    trace_abort(&vcpu->trace, esr, read_sysreg(elr_el2), ipa);
    if (unmapped && !(esr & ABORT_S1PTW) && mmio_emulate(vcpu, ipa, esr))
        advance_pc();
    else
        trap_memory(vcpu, esr, ipa, kinds);
}

static void trap_fetch_abort(struct vcpu *vcpu, uint64_t esr)
{
    static const uint8_t kinds[] = {
        [VMEM_NOT_THERE] = EXIT_BAD_FETCH,
        [VMEM_PAGE] = EXIT_FETCH_PAGE,
        [VMEM_BLOCK] = EXIT_FETCH_BLOCK,
    };
    uint64_t ipa = faulting_ipa();

    trace_abort(&vcpu->trace, esr, read_sysreg(elr_el2), ipa);
    trap_memory(vcpu, esr, ipa, kinds);
}

static void trap_register(struct vcpu *vcpu, uint64_t esr)
{
    if (sysreg_emulate(vcpu, esr)) {
        advance_pc();
        return;
    }
    complain_register(vcpu, esr);
    inject_undefined();
}

static void trap_wait(struct vcpu *vcpu, uint64_t esr)
{
    advance_pc();
    if (esr & WFX_IS_WFE) {
        vcpu->stats.exits[EXIT_WFE]++;
        sched_let_others_run(vcpu);
    } else {
        vcpu->stats.exits[EXIT_WFI]++;
        sched_block(vcpu);
    }
}

/* All but aborts. */
static void trap_instruction(struct vcpu *vcpu, uint64_t esr)
{
    trace_trap(&vcpu->trace, esr, read_sysreg(elr_el2));
    switch (esr_class(esr)) {
    case EC_SYS64:
        trap_register(vcpu, esr);
        break;
    case EC_WFX:
        trap_wait(vcpu, esr);
        break;
    case EC_SMC64:
        vcpu->stats.exits[EXIT_SMC]++;
        trap_smc(vcpu, esr);
        break;
    case EC_FP:
        vcpu->stats.exits[EXIT_FP]++;
        trap_fp(vcpu);
        break;
    case EC_HVC64: /* an immediate that is not 0: there is no such instruction */
        vcpu->stats.exits[EXIT_REFUSED]++;
        write_sysreg(elr_el2, read_sysreg(elr_el2) - 4);
        inject_undefined();
        break;
    default:
        vcpu->stats.exits[EXIT_REFUSED]++;
        inject_undefined();
        break;
    }
}

void trap_handle(struct vcpu *vcpu, uint64_t esr)
{
    uint32_t class = esr_class(esr);

    if (class == EC_DABT_LOWER)
        trap_data_abort(vcpu, esr);
    else if (class == EC_IABT_LOWER)
        trap_fetch_abort(vcpu, esr);
    else
        trap_instruction(vcpu, esr);
}

void trap_serror(struct vcpu *vcpu)
{
    vcpu->stats.exits[EXIT_REFUSED]++;
    vm_crash(vcpu, "SError interrupt");
}
