/* SPDX-License-Identifier: MIT */
#include "dev/smmu.h"
/*
 * What a VM needs of the pool, and setting that aside. Which page is whose is mm/page.c's.
 */
#include "memory/budget.h"

#include "mm/page.h"
#include "vm/refusal.h"
#include "vm/vm.h"
#include "vm/vsve.h"

/* The VM's page, its console ring, its page of stolen times. */
#define PAGES_OF_VM 3u
/* The vCPU itself takes two, and shares a page and a mailbox with its guest. */
#define PAGES_OF_VCPU 4u
/* The root; a table of 1 GiB and one of 2 MiB for the shared pages, and for a GICv2's interface. */
#define TABLES_OF_VM 5u
/* With devices behind the SMMU: its entries, a context, and what larger blocks leave unused. */
#define PAGES_OF_STREAMS ((1u << SMMU_TABLE_ORDER) + 1 + (1u << SMMU_TABLE_ORDER))
/* What there is of an ITS (life/vm_msi.c). */
#define PAGES_OF_ITS 2u
/* What its tree reserves, while the VM is loaded. */
#define PAGES_TO_LOAD 1u
/* Blocks of more than a page may leave that many single pages unused. */
#define PAGES_UNUSED     2u
#define PAGES_UNUSED_SVE 4u /* and with the registers of SVE, so many more */

#define UNIT_PAGES (UINT64_C(1) << PAGE_RESERVE_ORDER)
#define KIB(pages) ((size_t)(pages) << (PAGE_SHIFT - 10))

_Static_assert(VM_DTB_MAX <= UNIT_PAGES << PAGE_SHIFT, "a tree's copy fits one unit");

/* How many aligned blocks a range lies in, whole or in part. */
static size_t nr_blocks(const struct ipa_range *range, uint64_t block)
{
    uint64_t end = range->base.ipa + range->bytes;

    return (align_up(end, block) - align_down(range->base.ipa, block)) / block;
}

/* The tables that map a range in single pages: one for each 2 MiB, one for each GiB it is in. */
static size_t tables_of(const struct ipa_range *range)
{
    return nr_blocks(range, BLOCK_2M) + nr_blocks(range, BLOCK_1G);
}

/* Registers and windows of devices: those of 2 MiB and more are in blocks but for both ends. */
static size_t tables_of_device(const struct ipa_range *range)
{
    return nr_blocks(range, BLOCK_1G) + (nr_blocks(range, BLOCK_2M) > 1 ? 2 : 1);
}

static size_t tables_of_vm(const struct vm *vm)
{
    size_t nr = TABLES_OF_VM;

    for (uint32_t i = 0; i < vm->config.nr_memory; i++)
        nr += tables_of(&vm->config.memory[i]);
    for (uint32_t i = 0; i < vm->config.nr_device_ranges; i++)
        nr += tables_of_device(&vm->config.device_ranges[i].at);
    return nr;
}

static size_t pages_of_sve(const struct vm *vm)
{
    if (vm->sve_bytes == 0)
        return 0;
    return ((size_t)vm->config.nr_vcpus << vsve_order(vm->sve_bytes)) + PAGES_UNUSED_SVE;
}

size_t budget_need(const struct vm *vm)
{
    size_t nr_pages = PAGES_OF_VM + PAGES_OF_VCPU * vm->config.nr_vcpus;

    nr_pages += pages_of_sve(vm);
    nr_pages += vm_config_nr_virtio(&vm->config);
    nr_pages += vm_config_its(&vm->config) ? PAGES_OF_ITS : 0;
    nr_pages += IS_ENABLED(CONFIG_CALLS_VM) && vm->image.given
                    ? UINT64_C(1) << page_order(vm_files_given_bytes(&vm->image))
                    : 0;

    nr_pages += tables_of_vm(vm);
    if (vm_config_has_streams(&vm->config))
        nr_pages += PAGES_OF_STREAMS + tables_of_vm(vm); /* the twins */
    return nr_pages + (UINT64_C(1) << page_order(vm->image.dtb.bytes)) + PAGES_TO_LOAD +
           PAGES_UNUSED;
}

size_t budget_nr_pages(const struct vm *vm)
{
    bool has_twins = vm_config_has_streams(&vm->config);

    if (vm->config.hv_memory_kib > 0)
        return align_up(vm->config.hv_memory_kib / KIB(1), UNIT_PAGES);
    return align_up(budget_need(vm) + BUDGET_CALLS * (1 + has_twins), UNIT_PAGES);
}

const char *budget_reserve(const struct vm *vm)
{
    size_t need = align_up(budget_need(vm), UNIT_PAGES);
    size_t nr_pages = budget_nr_pages(vm);
    size_t nr_free = page_nr_free();

    /* So that its tables, which are in proportion, are not what is said to be too large. */
    if (vm_config_pages(&vm->config) > page_nr_guest())
        return refusal("not enough memory for it: %lu MiB, and %zu MiB of %zu MiB are free",
                       vm_config_pages(&vm->config) >> (20 - PAGE_SHIFT),
                       page_nr_free_guest() >> (20 - PAGE_SHIFT),
                       page_nr_guest() >> (20 - PAGE_SHIFT));
    if (nr_pages < need)
        return refusal(
            "it needs %zu KiB of the hypervisor's memory, and its stile,hv-memory-kib is %u",
            KIB(need), vm->config.hv_memory_kib);
    /* One unit stays, to read the next VM's device tree. */
    if (nr_pages + UNIT_PAGES > nr_free || !page_reserve(vm->id, nr_pages))
        return refusal("it needs %zu KiB of the hypervisor's memory, and %zu of %zu KiB are free",
                       KIB(nr_pages), KIB(nr_free), KIB(page_nr_pool()));
    return NULL;
}

void budget_release(const struct vm *vm)
{
    page_unreserve(vm->id);
}
