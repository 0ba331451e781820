/* SPDX-License-Identifier: MIT */
/*
 * From raw registers to typed handlers. This is the last place where a guest's words are raw.
 *
 * The arguments stay in the registers in which the guest put them: entry.S leaves x1 to x6 alone,
 * and dispatch, check and handler call each other as tail calls.
 */
#include <string.h>

#include "core/trace.h"
#include "core/vm.h"
#include "hypercall/hypercall.h"

#define RAW_PARAMS                                                                                 \
    struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x5, uint64_t x6

typedef struct hcall_result call_check(RAW_PARAMS);

/* The number of the first register, from x1, with a bit set that must be zero. */
static struct hcall_result bad_register(uint64_t bad1, uint64_t bad2, uint64_t bad3, uint64_t bad4,
                                        uint64_t bad5)
{
    uint64_t first = bad1 ? 1 : bad2 ? 2 : bad3 ? 3 : bad4 ? 4 : bad5 ? 5 : 6;

    return hcall_bad_argument(first);
}

/* The list is one macro argument until it is expanded; this unfolds it into six. */
#define CHECK_REGISTERS(...) CHECK_REGISTERS_6(__VA_ARGS__)
#define CHECK_REGISTERS_6(r1, r2, r3, r4, r5, r6)                                                  \
    if (__builtin_expect(((x1 & (r1)) | (x2 & (r2)) | (x3 & (r3)) | (x4 & (r4)) | (x5 & (r5)) |    \
                          (x6 & (r6))) != 0,                                                       \
                         0))                                                                       \
    return bad_register(x1 & (r1), x2 & (r2), x3 & (r3), x4 & (r4), x5 & (r5))

/* One check per call: its registers, and then its handler with typed arguments. */
#define STILE_CALL(nr, since, group, name, args)                                                   \
    static struct hcall_result check_##group##_##name(RAW_PARAMS)                                  \
    {                                                                                              \
        CHECK_REGISTERS(STILE_RESERVED_##args);                                                    \
        return hcall_##group##_##name(vcpu STILE_TYPED_##args);                                    \
    }
#include "stile/calls.h"

/* In the place of a call that the VM may not make. */
static struct hcall_result check_none(RAW_PARAMS)
{
    (void)vcpu;
    (void)(x1 | x2 | x3 | x4 | x5 | x6);
    return hcall_error(STILE_NOT_SUPPORTED);
}

static call_check *const checks[STATS_CALL_SLOTS] = {
#define STILE_CALL(nr, since, group, name, args) [nr] = check_##group##_##name,
#include "stile/calls.h"
    [HYPERCALL_NONE] = check_none,
};

struct hcall_result hypercall_dispatch(struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4, uint64_t x5, uint64_t x6, uint64_t fid)
{
    /* Masking, with a power of two, bounds the index under speculation too. */
    uint64_t nr = fid % STATS_CALL_SLOTS;

    trace_hypercall(&vcpu->trace, fid, x1, x2, x3);
    if (__builtin_expect(fid - nr != STILE_FID_BASE, 0))
        return hypercall_standard(vcpu, x1, x2, x3, x4, x5, x6, fid);
    vcpu->stats.calls[nr]++;
    return checks[vcpu->calls[nr]](vcpu, x1, x2, x3, x4, x5, x6);
}

static const struct {
    uint8_t nr;
    uint8_t since;
} sinces[] = {
#define STILE_CALL(nr, since, group, name, args) {nr, since},
#include "stile/calls.h"
};

void hypercall_permit(struct vm *vm, uint32_t minor)
{
    memset(vm->calls, HYPERCALL_NONE, sizeof(vm->calls));
    for (size_t i = 0; i < sizeof(sinces) / sizeof(sinces[0]); i++) {
        uint8_t nr = sinces[i].nr;
        bool is_granted =
            nr / STILE_CALLS_PER_GROUP != STILE_GROUP_CONTROL || vm->config.privileged;

        if (sinces[i].since <= minor && is_granted)
            vm->calls[nr] = nr;
    }
    vm->minor = minor;
}

uint32_t hypercall_features(const struct vm *vm, uint32_t group)
{
    uint32_t word = 0;

    for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++)
        if (vm->calls[group * STILE_CALLS_PER_GROUP + i] != HYPERCALL_NONE)
            word |= 1u << i;
    return word;
}
