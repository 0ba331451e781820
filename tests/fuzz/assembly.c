/* SPDX-License-Identifier: MIT */
/*
 * In C, for the host, what the hypervisor has in assembly between dispatch and handlers: checks.S
 * and multicall.S, and plain_abi.S and sve.S. The guest suites test those.
 */
#include "arch/plain_abi.h"
#include "arch/sve.h"
#include "vm/vcpu.h"
#include "hypercall/hypercall.h"
#include "hypercall/multicall.h"
#include "hypercall/widths.h"

#define RAW_PARAMS                                                                                 \
    struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x5, uint64_t x6

uint64_t sve_vector_bytes(void)
{
    return SVE_UNIT;
}

void sve_save(void *state, struct fp_state *fp)
{
    (void)state;
    (void)fp;
}

void sve_restore(const void *state, const struct fp_state *fp)
{
    (void)state;
    (void)fp;
}

void plain_abi_call(void (*function)(void *context), void *context)
{
    function(context);
}

typedef struct hcall_result call_handler(RAW_PARAMS);
typedef struct hcall_result call_check(RAW_PARAMS, call_handler *handler);

struct hcall_result hypercall_bad_register(RAW_PARAMS, uint32_t widths);

extern const struct hypercall_line {
    call_check *check;
    call_handler *handler;
} hypercall_lines[];

/* What is not of an argument that has @width halves. */
static uint64_t reserved(uint32_t width)
{
    return width == WIDTH_x ? 0 : UINT64_MAX << 32 * width;
}

static struct hcall_result check(RAW_PARAMS, call_handler *handler, uint32_t widths)
{
    uint64_t words[] = {x1, x2, x3, x4, x5, x6};

    for (uint32_t i = 0; i < 6; i++)
        if (words[i] & reserved(widths >> WIDTH_BITS * i & 3))
            return hypercall_bad_register(vcpu, x1, x2, x3, x4, x5, x6, widths);
    return handler(vcpu, x1, x2, x3, x4, x5, x6);
}

#define CHECK_NAME(a, b, c, d, e, f) hypercall_check_##a##b##c##d##e##f
#define CHECK(a, b, c, d, e, f)                                                                    \
    struct hcall_result CHECK_NAME(a, b, c, d, e, f)(RAW_PARAMS, call_handler * handler);          \
    struct hcall_result CHECK_NAME(a, b, c, d, e, f)(RAW_PARAMS, call_handler * handler)           \
    {                                                                                              \
        return check(vcpu, x1, x2, x3, x4, x5, x6, handler, WIDTHS(a, b, c, d, e, f));             \
    }
HYPERCALL_WIDTHS(CHECK)

static struct hcall_result make(struct vcpu *vcpu, const struct stile_call_entry *entry,
                                uint64_t slot)
{
    const struct hypercall_line *line = &hypercall_lines[vcpu->calls[slot]];
    const uint64_t *x = entry->x;

    return line->check(vcpu, x[0], x[1], x[2], x[3], x[4], x[5], line->handler);
}

/* Notes what came of a call; whether it failed. */
static bool note(struct vcpu *vcpu, struct stile_call_entry *entry, struct hcall_result result)
{
    bool has_more = result.status == HCALL_MORE;

    entry->status = has_more ? STILE_SUCCESS : result.status;
    entry->value[0] = result.x1;
    if (has_more) {
        entry->value[1] = vcpu->regs.x[2];
        entry->value[2] = vcpu->regs.x[3];
    }
    return entry->status < 0;
}

struct hcall_result multicall_run(struct vcpu *vcpu, struct stile_call_entry *entry, uint32_t count,
                                  uint32_t stop)
{
    uint64_t before = 0;
    uint32_t done = 0;

    while (done < count) {
        uint64_t nr = entry[done].nr;
        uint64_t slot = nr < STATS_CALL_SLOTS ? nr : STATS_CALL_SLOTS - 1;
        bool is_long = MULTICALL_LONG_GROUPS >> (slot / STILE_CALLS_PER_GROUP) & 1;

        if (done > 0 && nr != before && vcpu->work)
            break;
        before = nr;
        bool failed = note(vcpu, &entry[done], make(vcpu, &entry[done], slot));
        vcpu->stats.calls[slot]++;
        done++;
        if (is_long || (failed && stop))
            break;
    }
    vcpu->more_status = 0;
    vcpu->regs.x[2] = vcpu->regs.x[3] = 0;
    return hcall_value(done);
}
