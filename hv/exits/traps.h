/* SPDX-License-Identifier: MIT */
/*
 * What entry.S calls for the exits that are no hypercall. Which instructions exit at all is
 * vm/trap_control.h's.
 */
#ifndef EXITS_TRAPS_H
#define EXITS_TRAPS_H

#include <stdint.h>

struct vcpu;

/**
 * trap_handle() - emulate or refuse the instruction that trapped
 * @vcpu: the loaded vCPU, x0 to x30 in its regs
 * @esr: ESR_EL2
 */
void trap_handle(struct vcpu *vcpu, uint64_t esr);

/** trap_serror() - a guest's SError reached EL2: that VM cannot be trusted to go on */
void trap_serror(struct vcpu *vcpu);

#endif
