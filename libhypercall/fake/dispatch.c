/* SPDX-License-Identifier: MIT */
/*
 * From an HVC's registers to the fake's handlers, with the checks that the table promises; and the
 * handler of core_multicall, which does the same with calls from memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "handler.h"

#define GROUP_OF(call) ((uint64_t)STILE_NR_##call / STILE_CALLS_PER_GROUP)

typedef struct stile_result typed_call(struct fake_vcpu *vcpu, uint64_t x1, uint64_t x2,
                                       uint64_t x3, uint64_t x4, uint64_t x5, uint64_t x6);

/* A handler with its arguments as they were in the registers. */
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    static struct stile_result call_##group##_##name(struct fake_vcpu *vcpu, uint64_t x1,          \
                                                     uint64_t x2, uint64_t x3, uint64_t x4,        \
                                                     uint64_t x5, uint64_t x6)                     \
    {                                                                                              \
        (void)(x1 | x2 | x3 | x4 | x5 | x6);                                                       \
        if (!fake_##group##_##name)                                                                \
            return fake_error(STILE_NOT_SUPPORTED);                                                \
        return fake_##group##_##name(vcpu STILE_TYPED_##args);                                     \
    }
#include "stile/calls.h"

static const struct {
    typed_call *call;
    uint64_t reserved[6];
} calls[STILE_NR_CALLS_MAX] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    [nr] = {call_##group##_##name, {STILE_RESERVED_##args}},
#include "stile/calls.h"
};

/* Checks the registers of a call and makes it; the lock is held. */
static struct stile_result dispatch(struct fake_vcpu *vcpu, uint64_t nr, const uint64_t x[6])
{
    if (nr >= STILE_NR_CALLS_MAX || !calls[nr].call || !fake_core_permits(vcpu->vm, nr))
        return fake_error(STILE_NOT_SUPPORTED);
    fake.nr_calls_of[nr]++;
    for (unsigned i = 0; i < 6; i++)
        if ((x[i] & calls[nr].reserved[i]) != 0)
            return fake_bad(i + 1);
    if (fake.fail_times[nr] != 0) {
        fake.fail_times[nr]--;
        return fake_error(fake.fail_errors[nr]);
    }
    return calls[nr].call(vcpu, x[0], x[1], x[2], x[3], x[4], x[5]);
}

/* --- many calls by one --- */

/* One entry. The guest may change the entry meanwhile, so each word is read once. */
static int64_t call_entry(struct fake_vcpu *vcpu, struct stile_call_entry *entry, uint64_t *nr)
{
    struct stile_result result = {STILE_NOT_SUPPORTED, {0, 0, 0}};
    uint64_t x[6];

    *nr = __atomic_load_n(&entry->nr, __ATOMIC_RELAXED);
    for (int i = 0; i < 6; i++)
        x[i] = __atomic_load_n(&entry->x[i], __ATOMIC_RELAXED);
    vcpu->has_more = false;
    if (*nr != STILE_NR_core_multicall && *nr != STILE_NR_core_reset &&
        *nr != STILE_NR_core_version)
        result = dispatch(vcpu, *nr, x);
    entry->status = result.status;
    entry->value[0] = result.value[0];
    if (vcpu->has_more) {
        entry->value[1] = result.value[1];
        entry->value[2] = result.value[2];
    }
    return result.status;
}

/* Whether a multicall pauses after a call, which may have taken long. */
static bool is_long(uint64_t nr)
{
    uint64_t group = nr / STILE_CALLS_PER_GROUP;

    return group == GROUP_OF(console_write) || group == GROUP_OF(memory_map) ||
           group == GROUP_OF(power_off) || group == STILE_GROUP_CONTROL || group == STILE_GROUP_VM;
}

struct stile_result fake_core_multicall(struct fake_vcpu *vcpu, stile_u32_t first,
                                        stile_u32_t count, stile_u32_t flags)
{
    uint32_t done = 0;
    uint64_t nr = STILE_NR_core_null;

    if (first >= STILE_MULTICALL_MAX)
        return fake_bad(1);
    if (count - 1 >= STILE_MULTICALL_MAX - first)
        return fake_bad(2);
    if ((flags & ~(uint32_t)STILE_MULTICALL_STOP) != 0)
        return fake_bad(3);
    while (done < count && !is_long(nr)) {
        int64_t status = call_entry(vcpu, &vcpu->mailbox->calls[first + done++], &nr);

        if (status < 0 && (flags & STILE_MULTICALL_STOP) != 0)
            break;
    }
    return fake_value(done, 0, 0);
}

/* --- one HVC --- */

/* The services that are not Stile's: as many as stile_handshake() asks for. */
static struct stile_result standard(uint32_t fid, uint64_t x1)
{
    switch (fid) {
    case STILE_PSCI_VERSION:
        return (struct stile_result){STILE_PSCI_VERSION_1_1, {0, 0, 0}};
    case STILE_PSCI_FEATURES:
        return (struct stile_result){x1 == STILE_SMCCC_VERSION ? 0 : STILE_PSCI_NOT_SUPPORTED,
                                     {0, 0, 0}};
    case STILE_SMCCC_VERSION:
        return (struct stile_result){STILE_SMCCC_VERSION_1_2, {0, 0, 0}};
    case STILE_FID_UID:
        return (struct stile_result){STILE_UID_WORD0,
                                     {STILE_UID_WORD1, STILE_UID_WORD2, STILE_UID_WORD3}};
    case STILE_FID_REVISION:
        return (struct stile_result){STILE_VERSION_MAJOR, {STILE_VERSION_MINOR, 0, 0}};
    default:
        return fake_error(STILE_NOT_SUPPORTED);
    }
}

/* Waits until the vCPU's VM is resumed. A vCPU that is off by then does not return. */
static void wait_while_paused(struct fake_vcpu *vcpu)
{
    while (fake.use_threads && vcpu->vm->state == STILE_VM_PAUSED)
        (void)pthread_cond_wait(&vcpu->wake, &fake.lock);
    if (vcpu->vm->state == STILE_VM_ENDED || vcpu->state == STILE_VCPU_OFF)
        fake_leave(vcpu->vm->end);
}

struct stile_result stile_fake_hvc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4,
                                   uint64_t x5, uint64_t x6)
{
    const uint64_t x[6] = {x1, x2, x3, x4, x5, x6};
    struct fake_vcpu *vcpu = fake_current;
    struct stile_result result;

    if (!vcpu) {
        (void)fprintf(stderr, "stile fake: this thread is no vCPU; see stile_fake_become()\n");
        abort();
    }
    fake_lock();
    wait_while_paused(vcpu);
    fake.nr_calls++;
    vcpu->trace[vcpu->nr_calls++ % STILE_TRACE_ENTRIES] = (struct fake_trace){fid, x1, x2};
    if (fid - STILE_FID_BASE < STILE_NR_CALLS_MAX)
        result = dispatch(vcpu, fid - STILE_FID_BASE, x);
    else
        result = standard(fid, x1);
    wait_while_paused(vcpu);
    fake_unlock();
    return result;
}

uint64_t stile_fake_calls(void)
{
    fake_lock();
    uint64_t nr = fake.nr_calls;
    fake_unlock();
    return nr;
}

uint64_t stile_fake_calls_of(enum stile_nr nr)
{
    fake_lock();
    uint64_t count = fake.nr_calls_of[nr];
    fake_unlock();
    return count;
}

void stile_fake_fail(enum stile_nr nr, enum stile_error error, uint32_t times)
{
    fake_lock();
    fake.fail_errors[nr] = error;
    fake.fail_times[nr] = times;
    fake_unlock();
}
