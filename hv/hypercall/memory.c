/* SPDX-License-Identifier: MIT */
/*
 * memory: pages of the guest's own address space. What it shares with others is in share.c.
 */
#include "hypercall/hypercall.h"
#include "hypercall/range.h"
#include "memory/guest.h"
#include "memory/vmem.h"
#include "vm/vm.h"

static struct hcall_result pages_or_error(int64_t result)
{
    return result < 0 ? hcall_error((enum stile_error)result) : hcall_value((uint64_t)result);
}

struct hcall_result hcall_memory_map(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count)
{
    unsigned bad = range_bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    return pages_or_error(vmem_map(vcpu->vm, base, count.pages));
}

struct hcall_result hcall_memory_unmap(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count)
{
    unsigned bad = range_bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    return pages_or_error(vmem_unmap(vcpu->vm, base, count.pages));
}

struct hcall_result hcall_memory_discard(struct vcpu *vcpu, stile_ipa_t base,
                                         stile_nr_pages_t count)
{
    unsigned bad = range_bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    return pages_or_error(vmem_discard(vcpu->vm, base, count.pages));
}

struct hcall_result hcall_memory_protect(struct vcpu *vcpu, stile_ipa_t base,
                                         stile_nr_pages_t count, stile_u32_t access)
{
    unsigned bad = range_bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    if ((access & ~STAGE2_RIGHTS) || !(access & STILE_ACCESS_READ))
        return hcall_bad_argument(3);
    return pages_or_error(vmem_protect(vcpu->vm, base, count.pages, access));
}

struct hcall_result hcall_memory_query(struct vcpu *vcpu, stile_ipa_t address)
{
    struct vmem_place place;

    if (address.ipa >= STAGE2_IPA_END)
        return hcall_bad_argument(1);
    place = vmem_query(vcpu->vm, address);
    return hcall_values(vcpu, (uint64_t)place.owner << 32 | place.what, place.base, place.bytes);
}

struct hcall_result hcall_memory_clean(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count)
{
    unsigned bad = range_bad_argument(base, count);
    uint64_t nr_pages = count.pages < VMEM_BATCH ? count.pages : VMEM_BATCH;

    if (bad)
        return hcall_bad_argument(bad);
    nr_pages = guest_clean(vcpu->vm, base, nr_pages << PAGE_SHIFT, false) >> PAGE_SHIFT;
    return nr_pages > 0 ? hcall_value(nr_pages) : hcall_error(STILE_NOT_MAPPED);
}
