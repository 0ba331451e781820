/* SPDX-License-Identifier: MIT */
/*
 * Between the vector and the handlers: the typed prototype of every handler, expanded from the
 * call table, and how a handler says what came of it.
 *
 * A handler hcall_<group>_<name>() lives in hv/hypercall/<group>.c. It first decodes its arguments
 * against the VM's state, which may fail and changes nothing, and then acts, which cannot fail. It
 * runs on the calling vCPU's physical CPU with no lock held, and returns instead of blocking.
 */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include "arch/cpu.h"
#include "stile/abi.h"
#include "vm/vcpu.h"

/**
 * What a handler returns: x0 and x1. Two registers, so that dispatch, check and handler can be tail
 * calls; the few calls with further results use hcall_values().
 */
struct hcall_result {
    int64_t status;
    uint64_t x1;
};

#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    struct hcall_result hcall_##group##_##name(struct vcpu *vcpu STILE_MORE_PARAMS_##args);
#include "stile/calls.h"

/** The call succeeded and returns nothing. */
static inline struct hcall_result hcall_ok(void)
{
    return (struct hcall_result){STILE_SUCCESS, 0};
}

/** The call succeeded and returns @x1. */
static inline struct hcall_result hcall_value(uint64_t x1)
{
    return (struct hcall_result){STILE_SUCCESS, x1};
}

/** The call failed with @error and has changed nothing. */
static inline struct hcall_result hcall_error(enum stile_error error)
{
    return (struct hcall_result){error, 0};
}

/** The call returns @x1, or failed with @error unless that is STILE_SUCCESS. */
static inline struct hcall_result hcall_value_or(enum stile_error error, uint64_t x1)
{
    return error == STILE_SUCCESS ? hcall_value(x1) : hcall_error(error);
}

/** The call failed because of the argument in register @x, 1 to 6. */
static inline struct hcall_result hcall_bad_argument(uint64_t x)
{
    return (struct hcall_result){STILE_INVALID_ARGUMENT, x};
}

/** The call succeeded and returns @x1 to @x3; in a core_multicall the status says so. */
static inline struct hcall_result hcall_values(struct vcpu *vcpu, uint64_t x1, uint64_t x2,
                                               uint64_t x3)
{
    vcpu->regs.x[2] = x2;
    vcpu->regs.x[3] = x3;
    return (struct hcall_result){vcpu->more_status, x1};
}

/**
 * hcall_again() - the guest is to make the call again, since only a step of it was done
 * @nr: the call's number
 * @x1: to @x3: its arguments in these registers; those in x4 to x6 are still there
 *
 * The vCPU goes on at its HVC, after the interrupts that are pending. In a core_multicall the call
 * fails with BUSY.
 */
static inline struct hcall_result hcall_again(struct vcpu *vcpu, uint32_t nr, uint64_t x1,
                                              uint64_t x2, uint64_t x3)
{
    if (vcpu->more_status != 0)
        return hcall_error(STILE_BUSY);
    write_sysreg(elr_el2, read_sysreg(elr_el2) - 4);
    vcpu->regs.x[2] = x2;
    vcpu->regs.x[3] = x3;
    return (struct hcall_result){(int64_t)(STILE_FID_BASE + nr), x1};
}

/**
 * hypercall_dispatch() - answer an HVC #0 of the calling vCPU
 * @vcpu: who calls
 * @x1: to @x6: the guest's argument registers, raw
 * @fid: the function id, w0
 *
 * Called by entry.S; the result goes to the guest's x0 and x1, and x2 and x3 are
 * taken from vcpu->regs, where they are 0 on entry.
 */
struct hcall_result hypercall_dispatch(struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4, uint64_t x5, uint64_t x6, uint64_t fid);

/**
 * hypercall_by_smc() - answer an SMC #0 of the calling vCPU, as its HVC #0
 * @vcpu: who calls; its registers are saved, and its PC is behind the SMC
 * @fid: the function id, w0
 *
 * Returns x0 and x1; x2 and x3 are in vcpu->regs.
 */
struct hcall_result hypercall_by_smc(struct vcpu *vcpu, uint64_t fid);

/**
 * hypercall_standard() - answer SMCCC's general queries, PSCI, and what nobody knows
 *
 * The same arguments and result as hypercall_dispatch(). x1 to x3 keep the caller's values where
 * the standard says so.
 */
struct hcall_result hypercall_standard(struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4, uint64_t x5, uint64_t x6, uint64_t fid);

/** In vcpu->more_status while multicall_run() runs. */
#define HCALL_MORE INT64_MIN

/**
 * multicall_run() - make the calls of a core_multicall (multicall.S)
 * @vcpu: the caller, its more_status HCALL_MORE; 0 again afterwards
 * @entry: the first, in its mailbox
 * @count: 1 to what there are from there
 * @stop: not 0: to stop after a call that failed
 *
 * Returns in x1 how many were made. It stops after a call that may take long, and, at a call of
 * another number than the last one's, if the vCPU has work to do.
 */
struct hcall_result multicall_run(struct vcpu *vcpu, struct stile_call_entry *entry, uint32_t count,
                                  uint32_t stop);

#endif
