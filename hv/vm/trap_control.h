/* SPDX-License-Identifier: MIT */
/*
 * The system registers that decide which instructions of a guest trap to EL2.
 */
#ifndef VM_TRAP_CONTROL_H
#define VM_TRAP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/vm_config.h"

struct pcpu;
struct vcpu;
struct vm;

/** trap_control_hcr() - HCR_EL2 for a VM of this mode that starts */
uint64_t trap_control_hcr(enum vm_mode mode);

/** trap_control_mdcr() - MDCR_EL2 for a VM, but for HPMN; @pmu_el2: whether it has the CPU's
 * performance monitors */
uint64_t trap_control_mdcr(bool pmu_el2);

/**
 * trap_control_release_caches() - the cache geometry does not trap any more
 * @vm: of the vCPU that is loaded
 *
 * On other CPUs it traps until they load a vCPU of this VM anew, or call this.
 */
void trap_control_release_caches(struct vm *vm);

/** trap_control_init_pcpu() - set up the trap registers that are the same for every guest */
void trap_control_init_pcpu(void);

/**
 * trap_control_load() - set up the trap registers for one vCPU's guest
 * @pcpu: the calling CPU
 * @vcpu: about to run here
 * @contended: see trap_control_set_contended()
 *
 * FP/SIMD and SVE trap: their registers are moved when the guest uses them.
 */
void trap_control_load(const struct pcpu *pcpu, const struct vcpu *vcpu, bool contended);

/** trap_control_use_fp() - the loaded vCPU uses FP/SIMD, or SVE, for the first time since it was
 * loaded */
void trap_control_use_fp(struct vcpu *vcpu);

/** trap_control_put_fp() - move FP/SIMD registers, SVE's too, of a vCPU that has them to memory;
 * they trap again */
void trap_control_put_fp(struct vcpu *vcpu);

/**
 * trap_control_set_contended() - whether another vCPU waits for the physical CPU of the loaded one
 *
 * If so, WFE traps and yields: what the guest spins on may be held by a vCPU that does not run.
 */
void trap_control_set_contended(const struct vcpu *vcpu, bool contended);

#endif
