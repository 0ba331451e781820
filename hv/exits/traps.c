/* SPDX-License-Identifier: MIT */
/*
 * Decoding the exits that are no hypercall. Each class has one function that emulates or refuses.
 */
#include "exits/traps.h"

#include "arch/cpu.h"
#include "arch/el1.h"
#include "arch/esr.h"
#include "arch/iss.h"
#include "exits/coprocessor.h"
#include "exits/inject.h"
#include "exits/mmio.h"
#include "exits/skip.h"
#include "exits/sysreg.h"
#include "exits/walk.h"
#include "hypercall/hypercall.h"
#include "life/serror.h"
#include "life/vm_life.h"
#include "memory/vmem.h"
#include "mm/stage2.h"
#include "sched/sched.h"
#include "sched/sleep.h"
#include "virt/vdebug.h"
#include "virt/vid.h"
#include "vm/el2_time.h"
#include "vm/trace.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/complain.h"

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
    skip_instruction(esr); /* first: CPU_SUSPEND may go on elsewhere */
    struct hcall_result result =
        hypercall_standard(vcpu, x[1], x[2], x[3], x[4], x[5], x[6], (uint32_t)x[0]);
    vcpu->stats.standard_calls--; /* it came by SMC, and counts as that */
    vcpu->trace.nr_others--;      /* once: as the trap */
    x[0] = (uint64_t)result.status;
    x[1] = result.x1;
}

static uint64_t faulting_ipa(void)
{
    uint64_t page = (read_sysreg(hpfar_el2) & HPFAR_FIPA_MASK) << HPFAR_FIPA_SHIFT;

    return page | (read_sysreg(far_el2) & PAGE_MASK);
}

static enum complain_abort why_abort(const struct vm *vm, uint64_t esr, uint64_t ipa)
{
    if (esr & ABORT_S1PTW)
        return COMPLAIN_WALK;
    if (esr_class(esr) == EC_IABT_LOWER)
        return COMPLAIN_FETCH;
    if ((esr & ABORT_FSC_LEVELS) == ABORT_FSC_PERMISSION)
        return COMPLAIN_PERMISSION;
    return mmio_why_not(vm, ipa, esr);
}

/* What a stage-2 fault is to the guest, which knows of no stage 2: the fault's status. */
static uint64_t guests_fsc(struct vm *vm, uint64_t esr, uint64_t ipa)
{
    bool is_walk = esr & ABORT_S1PTW;
    bool is_large = ipa >> vid_pa_bits(vm) != 0;
    struct walk walk;

    if (!is_walk && !is_large)
        return ABORT_FSC_EXTERNAL;
    walk = walk_to(vm, read_sysreg(far_el2), ipa_make(is_walk ? ipa : WALK_NOWHERE));
    if (!is_large)
        return ABORT_FSC_WALK | walk.level;
    /* A table's address is too large for the level above, or for TTBR, which counts as 0. */
    return ABORT_FSC_SIZE | (!is_walk ? walk.level : walk.is_first ? 0 : walk.level - 1);
}

/*
 * What is no device: a first touch of the VM's memory, which is ready afterwards, and the guest
 * tries again; or nothing at all, of which caches have nothing to maintain. @kinds: as which to
 * count it, by what vmem_fault() found.
 */
static void trap_memory(struct vcpu *vcpu, uint64_t esr, uint64_t ipa, const uint8_t kinds[])
{
    enum vmem_fault found = VMEM_NOT_THERE;

    if ((esr & ABORT_FSC_LEVELS) == ABORT_FSC_TRANSLATION)
        found = vmem_fault(vcpu->vm, ipa_make(ipa));
    vcpu->stats.exits[kinds[found]]++;
    if (found != VMEM_NOT_THERE)
        return;
    if (esr_class(esr) == EC_DABT_LOWER && !(esr & ABORT_S1PTW) && mmio_is_maintenance(vcpu, esr)) {
        skip_instruction(esr);
        return;
    }
    complain_abort(vcpu, why_abort(vcpu->vm, esr, ipa), ipa);
    inject_abort(esr, guests_fsc(vcpu->vm, esr, ipa), read_sysreg(far_el2));
}

/* Stage 2 has no page there, or not for this access: a device's register, or nothing at all. */
static void trap_data_abort(struct vcpu *vcpu, uint64_t esr)
{
    static const uint8_t kinds[] = {
        [VMEM_NOT_THERE] = EXIT_BAD_ACCESS,
        [VMEM_PAGE] = EXIT_TOUCH_PAGE,
        [VMEM_PART] = EXIT_TOUCH_PART,
    };
    bool unmapped = (esr & ABORT_FSC_LEVELS) == ABORT_FSC_TRANSLATION;
    uint64_t ipa = faulting_ipa();
    enum mmio_result result = MMIO_NONE;

    trace_abort(&vcpu->trace, esr, read_sysreg(elr_el2), ipa);
    if (unmapped && !(esr & ABORT_S1PTW))
        result = mmio_emulate(vcpu, ipa, esr);
    if (result == MMIO_DONE)
        skip_instruction(esr);
    else if (result == MMIO_UNSUPPORTED)
        inject_abort(esr, ABORT_FSC_UNSUPPORTED, read_sysreg(far_el2));
    else if (result == MMIO_NONE)
        trap_memory(vcpu, esr, ipa, kinds);
}

static void trap_fetch_abort(struct vcpu *vcpu, uint64_t esr)
{
    static const uint8_t kinds[] = {
        [VMEM_NOT_THERE] = EXIT_BAD_FETCH,
        [VMEM_PAGE] = EXIT_FETCH_PAGE,
        [VMEM_PART] = EXIT_FETCH_PART,
    };
    uint64_t ipa = faulting_ipa();

    trace_abort(&vcpu->trace, esr, read_sysreg(elr_el2), ipa);
    trap_memory(vcpu, esr, ipa, kinds);
}

/* @name: which register it was; @esr: the syndrome of the access. */
static void refuse_register(struct vcpu *vcpu, uint64_t esr, uint64_t name)
{
    if (vdebug_is_denied(vcpu, name) || vid_is_told(vcpu->vm, esr)) {
        inject_trapped_register(esr);
        return;
    }
    complain_register(vcpu, (esr & ISS_IS_READ) | name);
    inject_undefined();
}

static void trap_register(struct vcpu *vcpu, uint64_t esr)
{
    enum sysreg_result result = sysreg_emulate(vcpu, esr);

    if (result == SYSREG_DONE)
        skip_instruction(esr);
    else if (result == SYSREG_UNDEFINED)
        refuse_register(vcpu, esr, esr & ISS_NAME_MASK);
}

static void trap_coprocessor(struct vcpu *vcpu, uint64_t esr)
{
    enum sysreg_result result = SYSREG_DONE;
    uint64_t name = 0;

    if (skip_condition_holds(read_sysreg(spsr_el2), esr))
        result = coprocessor_emulate(vcpu, esr, &name);
    if (result == SYSREG_DONE)
        skip_instruction(esr);
    else
        refuse_register(vcpu, esr, name);
}

static void trap_wait(struct vcpu *vcpu, uint64_t esr)
{
    bool waits = skip_condition_holds(read_sysreg(spsr_el2), esr);

    skip_instruction(esr);
    if (!waits)
        return;
    if (esr & WFX_IS_WFE) {
        vcpu->stats.exits[EXIT_WFE]++;
        sched_let_others_run(vcpu);
    } else {
        vcpu->stats.exits[EXIT_WFI]++;
        sleep_block(vcpu);
    }
}

/* FP/SIMD, which every guest has, and SVE, which not every one has. */
static void trap_vector(struct vcpu *vcpu, uint64_t esr)
{
    bool has = esr_class(esr) == EC_FP || vcpu->sve;

    vcpu->stats.exits[has ? EXIT_FP : EXIT_REFUSED]++;
    if (has)
        trap_control_use_fp(vcpu);
    else
        inject_undefined();
}

/* All but aborts. */
static void trap_instruction(struct vcpu *vcpu, uint64_t esr)
{
    trace_trap(&vcpu->trace, esr, read_sysreg(elr_el2));
    switch (esr_class(esr)) {
    case EC_SYS64:
        trap_register(vcpu, esr);
        break;
    case EC_CP15_32:
    case EC_CP15_64:
    case EC_CP14_32:
    case EC_CP14_64:
        trap_coprocessor(vcpu, esr);
        break;
    case EC_WFX:
        trap_wait(vcpu, esr);
        break;
    case EC_SMC64:
        vcpu->stats.exits[EXIT_SMC]++;
        trap_smc(vcpu, esr);
        break;
    case EC_FP:
    case EC_SVE:
        trap_vector(vcpu, esr);
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

    el2_time_begin();
    if (class == EC_DABT_LOWER)
        trap_data_abort(vcpu, esr);
    else if (class == EC_IABT_LOWER)
        trap_fetch_abort(vcpu, esr);
    else
        trap_instruction(vcpu, esr);
    el2_time_end(vcpu);
}

void trap_serror(struct vcpu *vcpu)
{
    vcpu->stats.exits[EXIT_REFUSED]++;
    if (!serror_was_blamed())
        vm_crash(vcpu, "SError interrupt");
}
