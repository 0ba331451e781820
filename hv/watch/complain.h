/* SPDX-License-Identifier: MIT */
/*
 * Lines in the log about what a guest did, of which no guest can cause many. What is left out is
 * counted for each VM, and said in one line when there is next something to say about it, or at its
 * end. None of them waits for the UART.
 */
#ifndef WATCH_COMPLAIN_H
#define WATCH_COMPLAIN_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** Why an access or a fetch got an external abort. */
enum complain_abort {
    COMPLAIN_NOTHING_THERE, /* no memory and no device */
    COMPLAIN_NO_SYNDROME,   /* a device, and an instruction that the syndrome does not describe */
    COMPLAIN_UNALIGNED,     /* a device, and no address that a register of it can have */
    COMPLAIN_PERMISSION,    /* memory that may not be used so */
    COMPLAIN_WALK,          /* the guest's own tables are where no memory is, or are read-only */
    COMPLAIN_FETCH,         /* an instruction where no memory is, or that may not be executed */
    COMPLAIN_NR_ABORTS,
};

/**
 * complain_register() - a guest used a system register that it does not have
 * @vcpu: the loaded vCPU
 * @esr: the syndrome of the trap, class EC_SYS64
 */
void complain_register(struct vcpu *vcpu, uint64_t esr);

/**
 * complain_abort() - a guest gets an external abort
 * @vcpu: the loaded vCPU
 * @ipa: what it tried to use
 *
 * Once for each VM and reason, until the VM starts anew.
 */
void complain_abort(struct vcpu *vcpu, enum complain_abort why, uint64_t ipa);

/** complain_suspended() - a guest has suspended itself, and waits for somebody who resumes it */
void complain_suspended(struct vm *vm);

/**
 * complain_may_report() - whether to say that a VM starts or ends, which may do it often
 * @vm: one that starts anew, or that another one makes: all of a maker's count together
 */
bool complain_may_report(struct vm *vm);

/** complain_finish() - a VM ends, and does not start anew: say what was left out */
void complain_finish(struct vm *vm);

#endif
