/* SPDX-License-Identifier: MIT */
/*
 * AArch32 accesses to coprocessors 14 and 15 that trap: a program's, as EL1 is AArch64.
 */
#ifndef EXITS_COPROCESSOR_H
#define EXITS_COPROCESSOR_H

#include <stdint.h>

#include "exits/sysreg.h"

struct vcpu;

/**
 * coprocessor_emulate() - do what a trapped MCR, MRC, MCRR or MRRC would have done
 * @vcpu: the loaded vCPU, x0 to x30 in its regs
 * @esr: the syndrome, class EC_CP15_32, EC_CP15_64, EC_CP14_32 or EC_CP14_64
 * @name: becomes which system register it is (arch/iss.h), 0 if it is none
 *
 * Does not advance the PC.
 */
enum sysreg_result coprocessor_emulate(struct vcpu *vcpu, uint64_t esr, uint64_t *name);

#endif
