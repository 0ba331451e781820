/* SPDX-License-Identifier: MIT */
/*
 * Handlers: a function for each call, expanded from the table, and the results that they return.
 * Those of a group are in the file of that name, but for core_multicall, which is in dispatch.c,
 * the group memory's shares, which are in share.c, and the group vm, which is in make.c.
 */
#ifndef FAKE_HANDLER_H
#define FAKE_HANDLER_H

#include "fake.h"

/* One for each call. A call that no file handles answers NOT_SUPPORTED: hence weak. */
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    struct stile_result fake_##group##_##name(struct fake_vcpu *vcpu STILE_MORE_PARAMS_##args)     \
        __attribute__((weak));
#include "stile/calls.h"

static inline struct stile_result fake_value(uint64_t x1, uint64_t x2, uint64_t x3)
{
    return (struct stile_result){STILE_SUCCESS, {x1, x2, x3}};
}

/** Of calls that return something in x2 or x3, be it 0: a multicall then writes these, too. */
static inline struct stile_result fake_values(struct fake_vcpu *vcpu, uint64_t x1, uint64_t x2,
                                              uint64_t x3)
{
    vcpu->has_more = true;
    return fake_value(x1, x2, x3);
}

static inline struct stile_result fake_ok(void)
{
    return fake_value(0, 0, 0);
}

static inline struct stile_result fake_error(enum stile_error error)
{
    return (struct stile_result){error, {0, 0, 0}};
}

/** The argument in register @x, 1 to 6, is wrong. */
static inline struct stile_result fake_bad(uint64_t x)
{
    return (struct stile_result){STILE_INVALID_ARGUMENT, {x, 0, 0}};
}

#endif
