/* SPDX-License-Identifier: MIT */
/*
 * From raw registers to typed handlers. This is the last place where a guest's words are raw.
 *
 * The arguments stay in the registers in which the guest put them: entry.S leaves x1 to x6 alone,
 * and dispatch, check and handler call each other as tail calls.
 */
#include "hypercall/hypercall.h"
#include "hypercall/widths.h"
#include "vm/el2_time.h"
#include "vm/permit.h"
#include "vm/trace.h"

#define RAW_PARAMS                                                                                 \
    struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x5, uint64_t x6

/*
 * A handler as the checks call it: where an argument is does not depend on its kind, because each
 * fits a register (AAPCS64, section 6.8.2).
 */
typedef struct hcall_result call_handler(RAW_PARAMS);

/* A check calls the handler, as a tail call, or refuses. */
typedef struct hcall_result call_check(RAW_PARAMS, call_handler *handler);

/* In checks.S. */
#define CHECK(a, b, c, d, e, f) call_check hypercall_check_##a##b##c##d##e##f;
HYPERCALL_WIDTHS(CHECK)
#undef CHECK

/* What is not of an argument. */
#define RESERVED(width) (UINT64_MAX << (width)*16 << (width)*16)

/* Checks end here: refuses the call for the first register with a bit set that must be zero. */
struct hcall_result hypercall_bad_register(RAW_PARAMS, uint32_t widths);

struct hcall_result hypercall_bad_register(RAW_PARAMS, uint32_t widths)
{
    uint64_t words[] = {x1, x2, x3, x4, x5, x6};
    uint64_t i = 0;

    (void)vcpu;
    while ((words[i] & RESERVED(widths >> WIDTH_BITS * i & 3)) == 0)
        i++;
    return hcall_bad_argument(i + 1);
}

/* The name of a line's check. */
#define CHECK_ARGS0()               CHECK_NAME(n, n, n, n, n, n)
#define CHECK_ARGS1(t1, a1)         CHECK_NAME(STILE_WIDTH_##t1, n, n, n, n, n)
#define CHECK_ARGS2(t1, a1, t2, a2) CHECK_NAME(STILE_WIDTH_##t1, STILE_WIDTH_##t2, n, n, n, n)
#define CHECK_ARGS3(t1, a1, t2, a2, t3, a3)                                                        \
    CHECK_NAME(STILE_WIDTH_##t1, STILE_WIDTH_##t2, STILE_WIDTH_##t3, n, n, n)
#define CHECK_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4)                                                \
    CHECK_NAME(STILE_WIDTH_##t1, STILE_WIDTH_##t2, STILE_WIDTH_##t3, STILE_WIDTH_##t4, n, n)
#define CHECK_ARGS5(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                        \
    CHECK_NAME(STILE_WIDTH_##t1, STILE_WIDTH_##t2, STILE_WIDTH_##t3, STILE_WIDTH_##t4,             \
               STILE_WIDTH_##t5, n)
#define CHECK_ARGS6(t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                                \
    CHECK_NAME(STILE_WIDTH_##t1, STILE_WIDTH_##t2, STILE_WIDTH_##t3, STILE_WIDTH_##t4,             \
               STILE_WIDTH_##t5, STILE_WIDTH_##t6)
#define CHECK_NAME(a, b, c, d, e, f)  CHECK_PASTE(a, b, c, d, e, f)
#define CHECK_PASTE(a, b, c, d, e, f) hypercall_check_##a##b##c##d##e##f

/* In the place of a call that the VM may not make. */
static struct hcall_result check_none(RAW_PARAMS, call_handler *handler)
{
    (void)vcpu;
    (void)(x1 | x2 | x3 | x4 | x5 | x6);
    (void)handler;
    return hcall_error(STILE_NOT_SUPPORTED);
}

/* The table's lines in their order, after PERMIT_NONE; those that are not compiled in stay empty.
 */
const struct hypercall_line {
    call_check *check;
    call_handler *handler;
} hypercall_lines[] = {
    {check_none, NULL},
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    {CALLS_##group ? CHECK_##args : check_none,                                                    \
     CALLS_##group ? (call_handler *)(void (*)(void))hcall_##group##_##name : NULL},
#include "stile/calls.h"
};

_Static_assert(sizeof(hypercall_lines) / sizeof(hypercall_lines[0]) <= UINT8_MAX, "vm->calls");

static inline struct hcall_result dispatch(RAW_PARAMS, uint64_t fid)
{
    /* Masking, with a power of two, bounds the index under speculation too. */
    uint64_t nr = fid % STATS_CALL_SLOTS;

    trace_hypercall(&vcpu->trace, fid, x1, x2, x3);
    if (__builtin_expect(fid - nr != STILE_FID_BASE, 0))
        return hypercall_standard(vcpu, x1, x2, x3, x4, x5, x6, fid);
    vcpu->stats.calls[nr]++;
    const struct hypercall_line *line = &hypercall_lines[vcpu->calls[nr]];
    /* Its address in one register, for one load of both. */
    __asm__("" : "+r"(line));
    return line->check(vcpu, x1, x2, x3, x4, x5, x6, line->handler);
}

/* It came by a trap, which was traced and counted; its registers are in vcpu->regs. */
struct hcall_result hypercall_by_smc(struct vcpu *vcpu, uint64_t fid)
{
    uint64_t nr = fid % STATS_CALL_SLOTS, *x = vcpu->regs.x;
    uint64_t x1 = x[1], x2 = x[2], x3 = x[3];

    if (fid - nr != STILE_FID_BASE) {
        vcpu->stats.standard_calls--; /* which counts HVCs alone */
        vcpu->trace.nr_others--;      /* once: as the trap */
        return hypercall_standard(vcpu, x1, x2, x3, x[4], x[5], x[6], fid);
    }
    x[2] = 0;
    x[3] = 0;
    const struct hypercall_line *line = &hypercall_lines[vcpu->calls[nr]];
    return line->check(vcpu, x1, x2, x3, x[4], x[5], x[6], line->handler);
}

struct hcall_result hypercall_dispatch(struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4, uint64_t x5, uint64_t x6, uint64_t fid)
{
    /* Measured, it is no tail call. */
    if (!IS_ENABLED(CONFIG_EL2_TIME))
        return dispatch(vcpu, x1, x2, x3, x4, x5, x6, fid);
    el2_time_begin();
    struct hcall_result result = dispatch(vcpu, x1, x2, x3, x4, x5, x6, fid);
    el2_time_end(vcpu);
    return result;
}
