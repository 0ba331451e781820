/* SPDX-License-Identifier: MIT */
/*
 * What entry.S calls for the exits that are no hypercall, and the system registers that decide
 * which instructions of a guest exit at all.
 */
#ifndef ARCH_TRAPS_H
#define ARCH_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vm_config.h"

struct vcpu;

/**
 * trap_handle() - emulate or refuse the instruction that trapped
 * @vcpu: the loaded vCPU, x0 to x30 in its regs
 * @esr: ESR_EL2
 */
void trap_handle(struct vcpu *vcpu, uint64_t esr);

/** trap_serror() - a guest's SError reached EL2: that VM cannot be trusted to go on */
void trap_serror(struct vcpu *vcpu);

/** trap_hcr() - HCR_EL2 for a VM of this mode */
uint64_t trap_hcr(enum vm_mode mode);

/** trap_mdcr() - MDCR_EL2 for a VM, but for HPMN; @pmu: whether it may use the counters */
uint64_t trap_mdcr(bool pmu);

/** trap_init_pcpu() - set up the trap registers that are the same for every guest */
void trap_init_pcpu(void);

/**
 * trap_load() - set up the trap registers for one vCPU's guest
 * @vcpu: about to run here
 * @contended: see trap_set_contended()
 *
 * FP/SIMD traps: its registers are moved when the guest uses them.
 */
void trap_load(const struct vcpu *vcpu, bool contended);

/** trap_put_fp() - move FP/SIMD registers of a vCPU that has them to memory; they trap again */
void trap_put_fp(struct vcpu *vcpu);

/**
 * trap_set_contended() - whether another vCPU waits for the physical CPU of the loaded one
 *
 * If so, WFE traps and yields: what the guest spins on may be held by a vCPU that does not run.
 */
void trap_set_contended(const struct vcpu *vcpu, bool contended);

#endif
