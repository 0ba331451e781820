/* SPDX-License-Identifier: MIT */
/*
 * The fake's group core: versions, features, information. Many calls at once are in dispatch.c.
 */
#include "core.h"
#include "directory.h"
#include "event.h"
#include "handler.h"
#include "share.h"
#include "vm.h"

#define NO_CALL UINT32_MAX

/* The minor version that introduced a call, or NO_CALL. */
static uint32_t since_of(uint64_t nr)
{
    switch (nr) {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    case nr:                                                                                       \
        return since;
#include "stile/calls.h"
    default:
        return NO_CALL;
    }
}

/* Whether a VM has the privilege that a call needs, if that needs one. */
static bool is_privileged(const struct fake_vm *vm, uint64_t nr)
{
    uint64_t group = nr / STILE_CALLS_PER_GROUP;

    if (group != STILE_GROUP_CONTROL && group != STILE_GROUP_VM)
        return true;
    return vm->config.privileged ||
           (vm->config.quota_vcpus != 0 && nr != STILE_NR_control_set_wall_clock);
}

bool fake_core_permits(const struct fake_vm *vm, uint64_t nr)
{
    if (!is_privileged(vm, nr))
        return false;
    if (nr == STILE_NR_core_version || nr == STILE_NR_core_features)
        return true;
    return vm->agreed && since_of(nr) <= vm->minor;
}

struct stile_result fake_core_version(struct fake_vcpu *vcpu, stile_u32_t proposed)
{
    struct fake_vm *vm = vcpu->vm;
    uint32_t minor = STILE_VERSION_GET_MINOR(proposed);

    if (STILE_VERSION_GET_MAJOR(proposed) != STILE_VERSION_MAJOR)
        return (struct stile_result){STILE_BAD_VERSION, {STILE_VERSION_CURRENT, 0, 0}};
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
        /* The fake's own memory is the program's: a VM uses none of a hypervisor's. */
        [STILE_INFO_HV_PAGES] = 0,
        [STILE_INFO_HV_PAGES_MAX] = 0,
        [STILE_INFO_PAGE_BYTES] = STILE_PAGE_SIZE,
        [STILE_INFO_IPA_BITS] = FAKE_IPA_BITS,
        [STILE_INFO_NR_PORTS] = STILE_NR_PORTS,
        [STILE_INFO_SHARES_MAX] = STILE_SHARES_MAX,
        [STILE_INFO_SHARE_PAGES_MAX] = FAKE_IPA_END / STILE_PAGE_SIZE,
        [STILE_INFO_DIRECTORY_ENTRIES] = STILE_DIRECTORY_ENTRIES,
    };

    return item < sizeof(items) / sizeof(items[0]) ? fake_value(items[item], 0, 0) : fake_bad(1);
}

/* Its words, not its calls. Atomically, as others set bits of it meanwhile. */
static void reset_mailbox(struct stile_mailbox *mailbox)
{
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++) {
        __atomic_store_n(&mailbox->words[i].mask, UINT64_MAX, __ATOMIC_SEQ_CST);
        __atomic_store_n(&mailbox->words[i].urgent, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&mailbox->words[i].pending, 0, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&mailbox->busy, 0, __ATOMIC_SEQ_CST);
}

struct stile_result fake_core_reset(struct fake_vcpu *vcpu)
{
    struct fake_vm *vm = vcpu->vm;

    fake_share_vm_reset(vm);
    fake_event_vm_gone(vm);
    fake_directory_vm_gone(vm);
    (void)fake_console_use_ring(vcpu, 0);
    reset_mailbox(vcpu->mailbox);
    vm->agreed = false;
    vm->minor = 0;
    fake_vm_tell_peers(NULL);
    return fake_ok();
}

struct stile_result fake_core_null(struct fake_vcpu *vcpu)
{
    (void)vcpu;
    return fake_ok();
}
