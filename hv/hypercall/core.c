/* SPDX-License-Identifier: MIT */
/*
 * Group core: agreeing on a version, and asking what there is.
 */
#include "arch/clamp.h"
#include "dev/intid.h"
#include "hypercall/hypercall.h"
#include "memory/share.h"
#include "memory/vm_pages.h"
#include "mm/page.h"
#include "vgic/mailbox.h"
#include "virt/events.h"
#include "virt/vconsole.h"
#include "virt/vring.h"
#include "vm/directory.h"
#include "vm/permit.h"
#include "vm/vm.h"

struct hcall_result hcall_core_version(struct vcpu *vcpu, stile_u32_t proposed)
{
    struct vm *vm = vcpu->vm;
    uint32_t minor = STILE_VERSION_GET_MINOR(proposed);

    if (vcpu->more_status != 0) /* in a multicall: an entry of zeros would end what may be called */
        return hcall_error(STILE_NOT_SUPPORTED);
    if (STILE_VERSION_GET_MAJOR(proposed) != STILE_VERSION_MAJOR)
        return (struct hcall_result){STILE_BAD_VERSION, STILE_VERSION_CURRENT};

    minor = minor < STILE_VERSION_MINOR ? minor : STILE_VERSION_MINOR;
    spin_lock(&vm->lock);
    permit_calls(vm, minor);
    spin_unlock(&vm->lock);
    return hcall_value(STILE_VERSION(STILE_VERSION_MAJOR, minor));
}

struct hcall_result hcall_core_features(struct vcpu *vcpu, stile_u32_t group)
{
    if (group >= STILE_NR_GROUPS)
        return hcall_bad_argument(1);
    return hcall_value(permit_features(vcpu->vm, (uint32_t)clamp(group, STILE_NR_GROUPS)));
}

/* What a guest would have to compile in, and another machine may have otherwise. */
static struct hcall_result limit(stile_u32_t item)
{
    switch (item) {
    case STILE_INFO_PAGE_BYTES:
        return hcall_value(PAGE_SIZE);
    case STILE_INFO_IPA_BITS:
        return hcall_value(STAGE2_IPA_BITS);
    case STILE_INFO_NR_PORTS:
        return hcall_value(STILE_NR_PORTS);
    case STILE_INFO_SHARES_MAX:
        return hcall_value(STILE_SHARES_MAX);
    case STILE_INFO_SHARE_PAGES_MAX:
        return hcall_value(STAGE2_IPA_END / PAGE_SIZE);
    case STILE_INFO_DIRECTORY_ENTRIES:
        return hcall_value(STILE_DIRECTORY_ENTRIES);
    default:
        return hcall_bad_argument(1);
    }
}

struct hcall_result hcall_core_info(struct vcpu *vcpu, stile_u32_t item)
{
    const struct vm_config *config = &vcpu->vm->config;

    switch (item) {
    case STILE_INFO_VM_ID:
        return hcall_value(vcpu->vm->number);
    case STILE_INFO_NR_VCPUS:
        return hcall_value(config->nr_vcpus);
    case STILE_INFO_VCPU_ID:
        return hcall_value(vcpu->index);
    case STILE_INFO_TICKS_PER_SEC:
        return hcall_value(read_sysreg(cntfrq_el0));
    case STILE_INFO_VM_PAGE:
        return hcall_value(VM_PAGE_IPA);
    case STILE_INFO_VCPU_PAGE:
        return hcall_value(VM_VCPU_PAGE_IPA(vcpu->index));
    case STILE_INFO_CONSOLE_INTID:
        return hcall_value(VCONSOLE_INTID);
    case STILE_INFO_TIMER_INTID:
        return hcall_value(IRQ_VIRT_TIMER);
    case STILE_INFO_EVENT_INTID:
        return hcall_value(VGIC_EVENT_INTID);
    case STILE_INFO_MAILBOX:
        return hcall_value(VM_MAILBOX_IPA(vcpu->index));
    case STILE_INFO_CONSOLE_RING:
        return hcall_value(VM_RING_IPA);
    case STILE_INFO_CONTROLLER:
        return hcall_value(vm_config_has_gic(config) ? STILE_CONTROLLER_GIC
                                                     : STILE_CONTROLLER_MAILBOX);
    case STILE_INFO_GIC_VERSION:
        return hcall_value(config->gic_version);
    case STILE_INFO_GICC:
        return hcall_value(config->gic_version == 2 ? config->gicc.base.ipa : 0);
    case STILE_INFO_PAGES:
        return hcall_value(vcpu->vm->stage2.nr_owned);
    case STILE_INFO_PAGES_MAX:
        return hcall_value(vcpu->vm->stage2.quota);
    case STILE_INFO_HV_PAGES:
        return hcall_value(page_budget(vcpu->vm->id).nr_used);
    case STILE_INFO_HV_PAGES_MAX:
        return hcall_value(page_budget(vcpu->vm->id).nr_pages);
    default:
        return limit(item);
    }
}

/* The number of the first argument that is wrong, or 0. */
static uint64_t bad_multicall(stile_u32_t first, stile_u32_t count, stile_u32_t flags)
{
    if (first >= STILE_MULTICALL_MAX)
        return 1;
    if (count - 1 >= STILE_MULTICALL_MAX - first)
        return 2;
    return flags & ~(uint32_t)STILE_MULTICALL_STOP ? 3 : 0;
}

struct hcall_result hcall_core_multicall(struct vcpu *vcpu, stile_u32_t first, stile_u32_t count,
                                         stile_u32_t flags)
{
    uint64_t bad = bad_multicall(first, count, flags);

    if (vcpu->more_status != 0) /* it is in one */
        return hcall_error(STILE_NOT_SUPPORTED);
    if (bad)
        return hcall_bad_argument(bad);
    vcpu->more_status = HCALL_MORE;
    return multicall_run(vcpu, &vcpu->mailbox->calls[clamp(first, STILE_MULTICALL_MAX)], count,
                         flags);
}

/* The order matters little, but for the version: without it the call cannot be made again. */
struct hcall_result hcall_core_reset(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    if (vcpu->more_status != 0) /* in a multicall: it could not go on after a step */
        return hcall_error(STILE_NOT_SUPPORTED);
    if (share_vm_reset(vm) || events_close_some(vm))
        return hcall_again(vcpu, STILE_NR_core_reset, 0, 0, 0);
    directory_vm_gone(vm->id);
    vring_use(vm, false);
    mailbox_reset(vcpu);
    spin_lock(&vm->lock);
    permit_first(vm);
    spin_unlock(&vm->lock);
    events_vms_changed();
    return hcall_ok();
}

struct hcall_result hcall_core_null(struct vcpu *vcpu)
{
    (void)vcpu;
    return hcall_ok();
}
