/* SPDX-License-Identifier: MIT */
/*
 * The page of stolen times, and the calls that tell where it is.
 */
#include "virt/pvtime.h"

#include <string.h>

#include "arch/timer.h"
#include "mm/page.h"
#include "stile/smccc.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define NS_PER_SEC UINT64_C(1000000000)

static uint64_t ns_per_tick; /* 32 bits are a fraction */

_Static_assert(CONFIG_NR_VCPUS * sizeof(struct pvtime_stolen) <= PAGE_SIZE, "all are in one page");

enum stile_error pvtime_init(struct vm *vm)
{
    if (!vm->stolen)
        vm->stolen = page_alloc(vm->id, PAGE_ORDER_4K);
    if (!vm->stolen)
        return STILE_NO_MEMORY;
    memset(vm->stolen, 0, PAGE_SIZE);
    ns_per_tick = (NS_PER_SEC << 32) / timer_frequency();
    return stage2_map_pool(&vm->stage2, ipa_make(VM_STOLEN_IPA), vm->stolen, STAGE2_READ);
}

void pvtime_free(struct vm *vm)
{
    if (vm->stolen)
        page_free(vm->stolen, PAGE_ORDER_4K);
    vm->stolen = NULL;
}

/* The product of a fraction of 32 bits is exact enough: it is off by 2^-32, and never goes back. */
void pvtime_update(struct vcpu *vcpu)
{
    __extension__ unsigned __int128 product =
        (unsigned __int128)vcpu->page->stolen_ticks * ns_per_tick;

    __atomic_store_n(&vcpu->vm->stolen[vcpu->index].stolen_ns, (uint64_t)(product >> 32),
                     __ATOMIC_RELAXED);
}

static bool has(uint32_t function)
{
    return function == STILE_PV_TIME_FEATURES || function == STILE_PV_TIME_ST;
}

int64_t pvtime_call(struct vcpu *vcpu, uint32_t function, uint64_t x1)
{
    switch (function) {
    case STILE_PV_TIME_FEATURES:
        return has((uint32_t)x1) ? STILE_SUCCESS : STILE_NOT_SUPPORTED;
    case STILE_PV_TIME_ST:
        vcpu->has_asked_stolen = true;
        pvtime_update(vcpu);
        return (int64_t)(VM_STOLEN_IPA + vcpu->index * sizeof(struct pvtime_stolen));
    default:
        return STILE_NOT_SUPPORTED;
    }
}
