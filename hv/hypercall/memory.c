/* SPDX-License-Identifier: MIT */
/*
 * memory: pages of the guest's own address space, populated and given back.
 */
#include "core/vm.h"
#include "hypercall/hypercall.h"
#include "mm/vmem.h"

/* The number of the first argument that is wrong, or 0. */
static unsigned bad_argument(stile_ipa_t base, stile_nr_pages_t count)
{
    if (!is_aligned(base.ipa, PAGE_SIZE) || base.ipa >= STAGE2_IPA_END)
        return 1;
    if (count.pages == 0 || count.pages > STILE_MEMORY_MAX_PAGES ||
        count.pages << PAGE_SHIFT > STAGE2_IPA_END - base.ipa)
        return 2;
    return 0;
}

static struct hcall_result pages_or_error(int64_t result)
{
    return result < 0 ? hcall_error((enum stile_error)result) : hcall_value((uint64_t)result);
}

struct hcall_result hcall_memory_map(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count)
{
    unsigned bad = bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    return pages_or_error(vmem_map(vcpu->vm, base, count.pages));
}

struct hcall_result hcall_memory_unmap(struct vcpu *vcpu, stile_ipa_t base, stile_nr_pages_t count)
{
    unsigned bad = bad_argument(base, count);

    if (bad)
        return hcall_bad_argument(bad);
    return pages_or_error(vmem_unmap(vcpu->vm, base, count.pages));
}
