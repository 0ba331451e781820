/* SPDX-License-Identifier: MIT */
/*
 * Emulation of trapped MSR, MRS and system instructions.
 */
#ifndef EXITS_SYSREG_H
#define EXITS_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/**
 * sysreg_emulate() - do what a trapped system register access would have done
 * @vcpu: the loaded vCPU, x0 to x30 in its regs
 * @esr: the syndrome, class EC_SYS64
 *
 * Returns false if the guest has no such register: the access is undefined. Does not advance the
 * PC.
 */
bool sysreg_emulate(struct vcpu *vcpu, uint64_t esr);

#endif
