/* SPDX-License-Identifier: MIT */
/*
 * Emulation of trapped MSR, MRS and system instructions.
 */
#ifndef EXITS_SYSREG_H
#define EXITS_SYSREG_H

#include <stdint.h>

struct vcpu;

/** What became of an access. */
enum sysreg_result {
    SYSREG_UNDEFINED, /* the guest has no such register */
    SYSREG_DONE,
    SYSREG_AGAIN, /* a part is done: the guest is to execute the instruction again */
};

/**
 * sysreg_emulate() - do what a trapped system register access would have done
 * @vcpu: the loaded vCPU, x0 to x30 in its regs
 * @esr: the syndrome, class EC_SYS64
 *
 * Does not advance the PC.
 */
enum sysreg_result sysreg_emulate(struct vcpu *vcpu, uint64_t esr);

/**
 * sysreg_read(), sysreg_write() - the same for a register by its name (arch/iss.h)
 * @name: with Op0 2 or 3; or 1 to write, an instruction's
 *
 * @value is changed by SYSREG_DONE only.
 */
enum sysreg_result sysreg_read(struct vcpu *vcpu, uint64_t name, uint64_t *value);
enum sysreg_result sysreg_write(struct vcpu *vcpu, uint64_t name, uint64_t value);

#endif
