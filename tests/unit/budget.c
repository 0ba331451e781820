/* SPDX-License-Identifier: MIT */
/*
 * memory/budget.c: what a VM needs of the pool is what it takes at most, and who gets it.
 */
#include "arch/tlb.h"

#include "dev/pcpu.h"
#include "fakes/memory.h"

#include "mm/stage2.c"
#include "mm/stage2_map.c"
#include "memory/vmem.c"
#include "memory/budget.c"
#include "vm/vsve.c"
#include "vm/refusal.c"

#include "../hv/whole.h"

#include "ktf.h"

#define RAM      UINT64_C(0x40000000)
#define NR_VCPUS 4

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;

static struct vm vm;
static struct pcpu self;

static void make_vm(struct vm *of, uint32_t id, uint64_t mib)
{
    *of = (struct vm){.id = id};
    of->config.nr_vcpus = NR_VCPUS;
    of->config.nr_memory = 1;
    of->config.memory[0] = (struct ipa_range){ipa_make(RAM), mib << 20};
    of->image.dtb.bytes = 0x3000;
}

static void setup(void)
{
    fake_memory();
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    make_vm(&vm, 1, 64);
}

KTF_SUITE(budget, .setup = setup);

KTF_TEST(budget, it_is_what_the_vm_needs_and_some_in_whole_units)
{
    /* 3 of its own, 16 for vCPUs, 5 + 1 + 32 tables, 4 for its tree, 2 that stay over */
    EXPECT_EQ(budget_need(&vm), 64);
    ASSERT_NULL(budget_reserve(&vm));
    EXPECT_EQ(page_budget(1).nr_pages, 96);
    budget_release(&vm);
    vm.config.memory[0].bytes += 1 << 30; /* now in two GiB */
    EXPECT_EQ(budget_need(&vm), 64 + 512 + 1);
}

KTF_TEST(budget, vectors_take_pages_of_their_own)
{
    vm.sve_bytes = 16;
    EXPECT_EQ(budget_need(&vm), 64 + NR_VCPUS + 4);
    vm.sve_bytes = 256; /* 8736 bytes, in four pages */
    EXPECT_EQ(budget_need(&vm), 64 + 4 * NR_VCPUS + 4);
}

KTF_TEST(budget, the_tree_may_say_another)
{
    vm.config.hv_memory_kib = 257;
    ASSERT_NULL(budget_reserve(&vm));
    EXPECT_EQ(page_budget(1).nr_pages, 64);
    budget_release(&vm);
    vm.config.hv_memory_kib = 192;
    EXPECT_STREQ(budget_reserve(&vm), "it needs 256 KiB of the hypervisor's memory, and its "
                                      "stile,hv-memory-kib is 192");
    EXPECT_EQ(page_budget(1).nr_pages, 0);
}

KTF_TEST(budget, who_does_not_fit_is_told_the_numbers)
{
    struct vm other;
    char expected[160];
    size_t before = page_nr_free();

    make_vm(&other, 2, 64);
    vm.config.hv_memory_kib = (uint32_t)((align_down(before, 16) - 96) * 4);
    ASSERT_NULL(budget_reserve(&vm)); /* one unit is missing: it is for reading a tree */
    (void)snprintf(expected, sizeof(expected),
                   "it needs 384 KiB of the hypervisor's memory, and %zu of %zu KiB are free",
                   page_nr_free() * 4, page_nr_pool() * 4);
    EXPECT_STREQ(budget_reserve(&other), expected);
    EXPECT_EQ(page_budget(2).nr_pages, 0);
    budget_release(&vm);
    EXPECT_EQ(page_nr_free(), before);
    other.config.memory[0].bytes = (page_nr_guest() << PAGE_SHIFT) + BLOCK_2M;
    EXPECT_STREQ(budget_reserve(&other),
                 "not enough memory for it: 250 MiB, and 248 MiB of 248 MiB are free");
}

/* What a VM takes before its first instruction, in the order in which it does. */
static void take_all(void *held[32], unsigned orders[32], unsigned *nr)
{
    *nr = 0;
    for (unsigned i = 0; i < 2 + 3 * NR_VCPUS; i++) {
        orders[*nr] = i >= 2 && i % 3 == 2 ? 1 : 0;
        held[*nr] = page_alloc(vm.id, orders[*nr]);
        ASSERT_NOT_NULL(held[(*nr)++]);
    }
}

/* A free page here and there: a VM's memory comes in single pages, each table is needed. */
static size_t fragment(pa_t *all)
{
    size_t nr = 0;

    while (page_alloc_guest(9, PAGE_ORDER_4K, &all[nr]))
        nr++;
    for (size_t i = 0; i < nr; i += 2)
        page_free_guest(all[i], PAGE_ORDER_4K, 9);
    return nr;
}

KTF_TEST(budget, what_it_needs_is_enough_at_the_worst)
{
    static pa_t all[FAKE_RAM_BYTES / PAGE_SIZE];
    void *held[32], *stolen = NULL, *tree;
    unsigned orders[32], nr;
    size_t nr_all;

    vm.config.hv_memory_kib = 256;
    vm.image.dtb.bytes = VM_DTB_MAX / 4 + 1;
    vm.config.hv_memory_kib = (uint32_t)(align_up(budget_need(&vm), 16) * 4);
    ASSERT_NULL(budget_reserve(&vm));
    nr_all = fragment(all);
    for (unsigned life = 0; life < 3; life++) {
        take_all(held, orders, &nr);
        ASSERT_EQ(whole_create(&vm), STILE_SUCCESS);
        ASSERT_EQ(stage2_map_pool(&vm.stage2, ipa_make(VM_SHARED_IPA), held[0], STAGE2_READ),
                  STILE_SUCCESS);
        ASSERT_EQ(stage2_map(&vm.stage2, ipa_make(BLOCK_1G * 9), pa_make(0), PAGE_SIZE,
                             STAGE2_READ | STAGE2_DEVICE),
                  STILE_SUCCESS);
        if (!stolen) /* it stays, as does what the first life began with */
            stolen = page_alloc(vm.id, 0);
        ASSERT_NOT_NULL(stolen);
        tree = page_alloc(vm.id, page_order(vm.image.dtb.bytes));
        ASSERT_NOT_NULL(tree);
        page_free(tree, page_order(vm.image.dtb.bytes));
        whole_destroy(&vm);
        while (nr > 0) {
            nr--;
            page_free(held[nr], orders[nr]);
        }
    }
    page_free(stolen, 0);
    vmem_forget(&vm);
    budget_release(&vm);
    for (size_t i = 1; i < nr_all; i += 2)
        page_free_guest(all[i], PAGE_ORDER_4K, 9);
    EXPECT_EQ(page_audit(), 0);
}
