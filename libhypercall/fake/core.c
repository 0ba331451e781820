/* SPDX-License-Identifier: MIT */
/*
 * The fake's group core: versions, features, information, many calls at once.
 */
#include "fake.h"

#define GROUP_OF(call) ((uint64_t)STILE_NR_##call / STILE_CALLS_PER_GROUP)
#define NO_CALL        UINT32_MAX

/* The minor version that introduced a call, or NO_CALL. */
static uint32_t since_of(uint64_t nr)
{
    switch (nr) {
#define STILE_CALL(nr, since, group, name, args)                                                   \
    case nr:                                                                                       \
        return since;
#include "stile/calls.h"
    default:
        return NO_CALL;
    }
}

bool fake_core_permits(const struct fake_vm *vm, uint64_t nr)
{
    if (nr / STILE_CALLS_PER_GROUP == STILE_GROUP_CONTROL && !vm->config.privileged)
        return false;
    return since_of(nr) <= vm->minor;
}

struct stile_result fake_core_version(struct fake_vcpu *vcpu, stile_u32_t proposed)
{
    struct fake_vm *vm = vcpu->vm;
    uint32_t minor = STILE_VERSION_GET_MINOR(proposed);

    if (STILE_VERSION_GET_MAJOR(proposed) != STILE_VERSION_MAJOR)
        return (struct stile_result){STILE_BAD_VERSION, {STILE_VERSION_CURRENT, 0, 0}};
    if (!vm->agreed)
        vm->minor = minor < STILE_VERSION_MINOR ? minor : STILE_VERSION_MINOR;
    vm->agreed = true;
    return fake_value(STILE_VERSION(STILE_VERSION_MAJOR, vm->minor), 0, 0);
}

struct stile_result fake_core_features(struct fake_vcpu *vcpu, stile_u32_t group)
{
    uint64_t word = 0;

    if (group >= STILE_NR_GROUPS)
        return fake_bad(1);
    for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++)
        if (fake_core_permits(vcpu->vm, group * STILE_CALLS_PER_GROUP + i))
            word |= UINT64_C(1) << i;
    return fake_value(word, 0, 0);
}

struct stile_result fake_core_info(struct fake_vcpu *vcpu, stile_u32_t item)
{
    const struct fake_vm *vm = vcpu->vm;
    uint64_t index = vcpu->index;

    const uint64_t items[] = {
        [STILE_INFO_VM_ID] = vm->number,
        [STILE_INFO_NR_VCPUS] = vm->config.nr_vcpus,
        [STILE_INFO_VCPU_ID] = index,
        [STILE_INFO_TICKS_PER_SEC] = STILE_FAKE_TICKS_PER_SEC,
        [STILE_INFO_VM_PAGE] = FAKE_VM_PAGE_IPA,
        [STILE_INFO_VCPU_PAGE] = FAKE_VCPU_PAGE_IPA + index * STILE_PAGE_SIZE,
        [STILE_INFO_CONSOLE_INTID] = FAKE_CONSOLE_INTID,
        [STILE_INFO_TIMER_INTID] = FAKE_TIMER_INTID,
        [STILE_INFO_EVENT_INTID] = FAKE_EVENT_INTID,
        [STILE_INFO_MAILBOX] = FAKE_MAILBOX_IPA + index * STILE_PAGE_SIZE,
        [STILE_INFO_CONSOLE_RING] = FAKE_RING_IPA,
        [STILE_INFO_CONTROLLER] = (uint64_t)vm->config.controller,
        [STILE_INFO_GIC_VERSION] = 3,
        [STILE_INFO_GICC] = 0,
        [STILE_INFO_PAGES] = vm->nr_pages,
        [STILE_INFO_PAGES_MAX] = vm->quota,
    };

    return item < sizeof(items) / sizeof(items[0]) ? fake_value(items[item], 0, 0) : fake_bad(1);
}

struct stile_result fake_core_null(struct fake_vcpu *vcpu)
{
    (void)vcpu;
    return fake_ok();
}

/* One entry. The guest may change it meanwhile: everything is read once. */
static int64_t call_entry(struct fake_vcpu *vcpu, struct stile_call_entry *entry, uint64_t *nr)
{
    struct stile_result result = {STILE_NOT_SUPPORTED, {0, 0, 0}};
    uint64_t x[6];

    *nr = __atomic_load_n(&entry->nr, __ATOMIC_RELAXED);
    for (int i = 0; i < 6; i++)
        x[i] = __atomic_load_n(&entry->x[i], __ATOMIC_RELAXED);
    if (*nr != STILE_NR_core_multicall)
        result = fake_dispatch_call(vcpu, *nr, x);
    entry->status = result.status;
    entry->value[0] = result.value[0];
    if ((result.value[1] | result.value[2]) != 0) {
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
           group == GROUP_OF(power_off) || group == STILE_GROUP_CONTROL;
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
