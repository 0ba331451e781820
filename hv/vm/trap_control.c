/* SPDX-License-Identifier: MIT */
/*
 * HCR_EL2, CPTR_EL2, MDCR_EL2 and CNTHCTL_EL2 for a VM, and moving FP/SIMD registers when they
 * trap.
 */
#include "vm/trap_control.h"

#include "arch/cache.h"
#include "arch/cpu.h"
#include "arch/debug.h"
#include "arch/el1.h"
#include "arch/errata.h"
#include "arch/id.h"
#include "arch/pauth.h"
#include "arch/pmu.h"
#include "dev/pcpu.h"
#include "mm/stage2.h"
#include "vm/baseline.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "vm/vsve.h"

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
#define HCR_APK   (UINT64_C(1) << 40) /* keys do not trap */
#define HCR_API   (UINT64_C(1) << 41) /* nor what uses them */
#define HCR_FWB   (UINT64_C(1) << 46) /* stage 2 says what is cacheable: mm/stage2_pte.h */
#define HCR_TID4  (UINT64_C(1) << 49) /* as TID2, but for CTR_EL0: FEAT_EVT */

#define HCR_ALWAYS                                                                                 \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU | HCR_TWI |      \
     HCR_TID1 | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW | BASELINE_HCR_BITS)
#define HCR_TRAP_EVERYTHING (HCR_TWE | HCR_TID2 | HCR_TTLB | HCR_TVM | HCR_TRVM)
_Static_assert(((HCR_ALWAYS | HCR_TRAP_EVERYTHING) & BASELINE_HCR_CLEAR) == 0, "hidden is hidden");

/* CPTR_EL2 (D13.2.30, HCR_EL2.E2H = 0): RES1 bits; TFP. */
#define CPTR_RES1  UINT64_C(0x32FF)
#define CPTR_TFP   (UINT64_C(1) << 10)
#define CPTR_GUEST (CPTR_RES1 | BASELINE_CPTR_BITS)

/* CNTHCTL_EL2 (D13.8.2): the counter is the guest's to read, the physical timer is not its own. */
#define CNTHCTL_EL1PCTEN (UINT64_C(1) << 0)

#define MMFR2_EVT_SHIFT 56 /* ID_AA64MMFR2_EL1.EVT */

uint64_t trap_control_hcr(enum vm_mode mode)
{
    bool has_evt = id_field(read_sysreg(id_aa64mmfr2_el1), MMFR2_EVT_SHIFT) != 0;
    uint64_t hcr = HCR_ALWAYS | (has_evt ? HCR_TID4 : HCR_TID2);

    if (mode == VM_MODE_TRAP)
        hcr |= HCR_TRAP_EVERYTHING;
    if (pauth_is_there(read_sysreg(id_aa64isar1_el1), read_sysreg(s3_0_c0_c6_2)))
        hcr |= HCR_APK | HCR_API;
    return cache_has_fwb() ? hcr | HCR_FWB : hcr;
}

void trap_control_release_caches(struct vm *vm)
{
    __atomic_and_fetch(&vm->hcr, ~HCR_TID2, __ATOMIC_RELAXED);
    write_sysreg(hcr_el2, read_sysreg(hcr_el2) & ~HCR_TID2);
}

uint64_t trap_control_mdcr(bool pmu_el2)
{
    return pmu_el2 ? BASELINE_MDCR_BITS & ~BASELINE_MDCR_PMU : BASELINE_MDCR_BITS;
}

/* All counters are a guest's: MDCR_EL2.HPMN (D13.3.17), which is not to be more than there are. */
static void init_monitors(void)
{
    struct pcpu *pcpu = pcpu_self();

    pcpu->nr_counters = 0;
    if (pmu_is_there()) {
        pcpu->nr_counters = pmu_nr_counters();
        pmu_stop();
    }
    write_sysreg(mdcr_el2, BASELINE_MDCR_BITS | pcpu->nr_counters);
}

void trap_control_init_pcpu(void)
{
    errata_init_pcpu();
    el1_forbid_walks(); /* until a vCPU is loaded there is nothing to walk */
    write_sysreg(hcr_el2, trap_control_hcr(VM_MODE_ASSISTED));
    write_sysreg(cptr_el2, CPTR_GUEST & ~BASELINE_CPTR_TZ);
    isb();
    vsve_init_pcpu();
    write_sysreg(cptr_el2, CPTR_GUEST | CPTR_TFP);
    init_monitors();
    debug_init_pcpu();
    write_sysreg(hstr_el2, 0);
    write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN);
    write_sysreg(cntvoff_el2, 0);
    write_sysreg(vpidr_el2, read_sysreg(midr_el1));
    write_sysreg(vtcr_el2, stage2_vtcr());
    pcpu_self()->switched = baseline_init_pcpu();
    isb();
}

static uint64_t hcr_of(const struct vm *vm, bool contended)
{
    return vm->hcr | (contended ? HCR_TWE : 0);
}

void trap_control_set_contended(const struct vcpu *vcpu, bool contended)
{
    write_sysreg(hcr_el2, hcr_of(vcpu->vm, contended));
}

void trap_control_load(const struct pcpu *pcpu, const struct vcpu *vcpu, bool contended)
{
    const struct vm *vm = vcpu->vm;

    write_sysreg(hcr_el2, hcr_of(vm, contended));
    write_sysreg(mdcr_el2, vm->mdcr | pcpu->nr_counters);
}

void trap_control_use_fp(struct vcpu *vcpu)
{
    write_sysreg(cptr_el2, vcpu->sve ? CPTR_GUEST & ~BASELINE_CPTR_TZ : CPTR_GUEST);
    isb();
    if (vcpu->sve)
        vsve_load(vcpu);
    else
        fp_restore(&vcpu->fp);
    vcpu->has |= VCPU_HAS_FP;
}

void trap_control_put_fp(struct vcpu *vcpu)
{
    if (vcpu->sve)
        vsve_put(vcpu);
    else
        fp_save(&vcpu->fp);
    vcpu->has &= ~VCPU_HAS_FP;
    write_sysreg(cptr_el2, CPTR_GUEST | CPTR_TFP);
}
