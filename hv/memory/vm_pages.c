/* SPDX-License-Identifier: MIT */
/*
 * Filling and mapping the pages shared with a guest.
 */
#include "memory/vm_pages.h"

#include <string.h>

#include "arch/timer.h"
#include "mm/page.h"
#include "vm/clock.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

bool vm_pages_alloc(struct vm *vm)
{
    vm->page = page_alloc(vm->id, PAGE_ORDER_4K);
    vm->ring = page_alloc(vm->id, PAGE_ORDER_4K);
    return vm->page && vm->ring;
}

void vm_pages_free(struct vm *vm)
{
    if (vm->page) {
        clock_hide(&vm->page->clock);
        page_free(vm->page, PAGE_ORDER_4K);
    }
    if (vm->ring)
        page_free(vm->ring, PAGE_ORDER_4K);
    vm->page = NULL;
    vm->ring = NULL;
}

static void fill(struct vm *vm)
{
    struct stile_vm_page *page = vm->page;

    clock_hide(&page->clock); /* a VM that starts anew keeps its page */
    *page = (struct stile_vm_page){
        .magic = STILE_VM_PAGE_MAGIC,
        .version = STILE_VERSION_CURRENT,
        .vm_id = vm->number,
        .nr_vcpus = vm->config.nr_vcpus,
        .ticks_per_sec = timer_frequency(),
    };
    clock_show(&page->clock);
    memcpy(page->name, vm->config.name, sizeof(page->name));
    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        page->memory[i] =
            (struct stile_memory_region){vm->config.memory[i].base.ipa, vm->config.memory[i].bytes};
    memset(vm->ring, 0, sizeof(*vm->ring));
    /* A guest that writes there before console_use_ring calls console_notify, and is told BUSY. */
    vm->ring->out_sleeps = 1;
}

static enum stile_error map(struct vm *vm, uint64_t ipa, const void *page, uint32_t attrs)
{
    return stage2_map_pool(&vm->stage2, ipa_make(ipa), page, STAGE2_READ | attrs);
}

enum stile_error vm_pages_show(struct vm *vm)
{
    fill(vm);

    enum stile_error error = map(vm, VM_PAGE_IPA, vm->page, 0);
    if (error == STILE_SUCCESS)
        error = map(vm, VM_RING_IPA, vm->ring, STAGE2_WRITE);
    for (uint32_t i = 0; i < vm->config.nr_vcpus && error == STILE_SUCCESS; i++) {
        error = map(vm, VM_VCPU_PAGE_IPA(i), vm->vcpus[i]->page, 0);
        if (error == STILE_SUCCESS)
            error = map(vm, VM_MAILBOX_IPA(i), vm->vcpus[i]->mailbox, STAGE2_WRITE);
    }
    return error;
}
