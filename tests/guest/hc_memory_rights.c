/* SPDX-License-Identifier: MIT */
/*
 * Group memory: what may be done with pages, changed and asked for; and cleaning caches.
 */
#include <stdio.h>
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "machine/machine.h"
#include "memory_rig.h"
#include "mm/map.h"
#include "mm/page.h"
#include "mm/space.h"
#include "support.h"

#define RX   (STILE_ACCESS_READ | STILE_ACCESS_EXECUTE)
#define BITS UINT32_MAX

/* The instruction "ret". */
#define INSN_RET 0xD65F03C0u

/* Of the address space in which pages are executed; no process has it. */
#define SCRATCH_ASID 0xFE

KTF_SUITE(hc_memory_rights, .suite_setup = support_need_hypervisor);

static struct stile_result protect(uint64_t pa, uint64_t pages, uint32_t access)
{
    return stile_memory_protect(stile_ipa(pa), stile_nr_pages(pages), access);
}

static uint64_t vm_id(void)
{
    return stile_core_info(STILE_INFO_VM_ID).value[0];
}

static void expect_place(uint64_t pa, uint64_t what, uint64_t owner, uint64_t bytes)
{
    struct stile_result result = stile_memory_query(stile_ipa(pa));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0] & BITS, what);
    EXPECT_EQ(result.value[0] >> 32, owner);
    EXPECT_EQ(result.value[1], pa & ~(bytes - 1));
    EXPECT_EQ(result.value[2], bytes);
}

/* --- protect ------------------------------------------------------------------------------- */

static void write_word(void *argument)
{
    *(volatile uint64_t *)argument = 1;
}

static void expect_read_only(uint64_t pa)
{
    struct fault fault = {0, 0, 0};

    EXPECT_EQ(*(const volatile uint64_t *)phys_to_virt(pa), 5);
    ASSERT_TRUE(exception_try(write_word, phys_to_virt(pa), &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    EXPECT_EQ(fault.far, (uint64_t)phys_to_virt(pa));
    EXPECT_EQ(*(const volatile uint64_t *)phys_to_virt(pa), 5);
}

KTF_TEST(hc_memory_rights, a_read_only_page_cannot_be_written)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    *(uint64_t *)phys_to_virt(pa) = 5;
    expect_done(protect(pa, 1, STILE_ACCESS_READ), 1);
    expect_read_only(pa);
    expect_done(protect(pa, 1, RX), 1);
    expect_read_only(pa);
    expect_done(protect(pa, 1, RWX), 1);
    write_word(phys_to_virt(pa));
    EXPECT_EQ(*(const volatile uint64_t *)phys_to_virt(pa), 1);
    page_free(pa);
}

static void call_page(void *argument)
{
    ((void (*)(void))argument)();
}

/* Executes a page of "ret"; whether that raised an exception. */
static bool execute(uint64_t pa, struct fault *fault)
{
    uint64_t root = page_alloc_zeroed();
    struct space space = {root, SCRATCH_ASID};
    bool faulted = false;

    if (map_range(root, USER_VA, pa, PAGE_SIZE, MAP_KERNEL_TEXT)) {
        uint64_t flags = irq_save();
        space_use(&space);
        faulted = exception_try(call_page, (void *)USER_VA, fault);
        space_use(NULL);
        (void)map_unmap_page(root, USER_VA);
        irq_restore(flags);
    }
    map_free_user(root);
    return faulted;
}

KTF_TEST(hc_memory_rights, a_page_without_execute_cannot_be_executed)
{
    uint64_t pa = page_alloc();
    struct fault fault = {0, 0, 0};

    ASSERT_NE(pa, 0);
    *(uint32_t *)phys_to_virt(pa) = INSN_RET;
    __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ialluis\n\tdsb ish\n\tisb"
                     :
                     : "r"(phys_to_virt(pa))
                     : "memory");
    EXPECT_FALSE(execute(pa, &fault));
    expect_done(protect(pa, 1, RW), 1);
    ASSERT_TRUE(execute(pa, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_INSTRUCTION);
    EXPECT_EQ(fault.esr & ISS_FSC, FSC_SYNCHRONOUS_ABORT);
    expect_done(protect(pa, 1, RWX), 1);
    EXPECT_FALSE(execute(pa, &fault));
    page_free(pa);
}

/* A call into a page that the guest made read-only is refused like any other write. */
KTF_TEST(hc_memory_rights, the_hypervisor_keeps_to_the_rights_too)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    expect_done(protect(pa, 1, STILE_ACCESS_READ), 1);
    EXPECT_EQ(stile_console_read_buffer(stile_ipa(pa), stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
    expect_done(protect(pa, 1, RWX), 1);
    page_free(pa);
}

KTF_TEST(hc_memory_rights, rights_that_there_are_not_are_refused)
{
    static const uint32_t rights[] = {0,
                                      STILE_ACCESS_WRITE,
                                      STILE_ACCESS_EXECUTE,
                                      8,
                                      9,
                                      STILE_MEMORY_MAPPED | STILE_ACCESS_READ,
                                      UINT32_MAX};
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        expect_bad(protect(pa, 1, rights[i]), 3);
    expect_bad(protect(pa + 8, 1, STILE_ACCESS_READ), 1);
    expect_bad(protect(pa, 0, STILE_ACCESS_READ), 2);
    expect_bad(protect(pa, 513, STILE_ACCESS_READ), 2);
    page_free(pa);
}

KTF_TEST(hc_memory_rights, only_memory_of_the_guests_is_protected)
{
    uint64_t vm_page = stile_core_info(STILE_INFO_VM_PAGE).value[0];

    EXPECT_EQ(protect(support_beyond_memory(), 1, STILE_ACCESS_READ).status, STILE_NOT_MAPPED);
    EXPECT_EQ(protect(machine.gicd.base, 1, STILE_ACCESS_READ).status, STILE_NOT_MAPPED);
    EXPECT_EQ(protect(vm_page, 1, RW).status, STILE_NOT_MAPPED);
}

/* --- blocks -------------------------------------------------------------------------------- */

KTF_TEST(hc_memory_rights, a_block_stays_one)
{
    uint64_t block = make_block();
    struct fault fault = {0, 0, 0};

    expect_place(block + 12345, RWX | STILE_MEMORY_MAPPED, vm_id(), BLOCK_SIZE);
    EXPECT_FALSE(support_touch(block + 4096, true, &fault));
    expect_done(protect(block, BLOCK_PAGES, STILE_ACCESS_READ), BLOCK_PAGES);
    expect_place(block, STILE_ACCESS_READ | STILE_MEMORY_MAPPED, vm_id(), BLOCK_SIZE);
    EXPECT_FALSE(support_touch(block + 4096, false, &fault));
    EXPECT_TRUE(support_touch(block + 4096, true, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    expect_done(protect(block, BLOCK_PAGES, RWX), BLOCK_PAGES);
    expect_place(block, RWX | STILE_MEMORY_MAPPED, vm_id(), BLOCK_SIZE);
    EXPECT_FALSE(support_touch(block + 4096, true, &fault));
    free_block(block);
}

KTF_TEST(hc_memory_rights, a_part_of_a_block_is_protected_alone)
{
    uint64_t block = make_block();
    struct fault fault = {0, 0, 0};

    expect_done(protect(block + 2 * PAGE_SIZE, 3, STILE_ACCESS_READ), 3);
    expect_place(block + PAGE_SIZE, RWX | STILE_MEMORY_MAPPED, vm_id(), PAGE_SIZE);
    expect_place(block + 4 * PAGE_SIZE, STILE_ACCESS_READ | STILE_MEMORY_MAPPED, vm_id(),
                 PAGE_SIZE);
    EXPECT_FALSE(support_touch(block + PAGE_SIZE, true, &fault));
    EXPECT_TRUE(support_touch(block + 4 * PAGE_SIZE, true, &fault));
    EXPECT_FALSE(support_touch(block + 5 * PAGE_SIZE, true, &fault));
    expect_done(stile_memory_unmap(stile_ipa(block + 4 * PAGE_SIZE), stile_nr_pages(1)), 1);
    expect_done(protect(block, BLOCK_PAGES, RWX), 4); /* up to the hole */
    EXPECT_FALSE(support_touch(block + 2 * PAGE_SIZE, true, &fault));
    expect_done(stile_memory_map(stile_ipa(block + 4 * PAGE_SIZE), stile_nr_pages(1)), 1);
    free_block(block);
}

/* --- query --------------------------------------------------------------------------------- */

KTF_TEST(hc_memory_rights, query_tells_what_there_is)
{
    uint64_t vm_page = stile_core_info(STILE_INFO_VM_PAGE).value[0];
    uint64_t mailbox = stile_core_info(STILE_INFO_MAILBOX).value[0];
    uint64_t own = page_alloc();

    ASSERT_NE(own, 0);
    EXPECT_EQ(stile_memory_query(stile_ipa(own)).value[0],
              vm_id() << 32 | RWX | STILE_MEMORY_MAPPED);
    expect_place(vm_page + 7, STILE_ACCESS_READ | STILE_MEMORY_MAPPED, 0, PAGE_SIZE);
    expect_place(mailbox, RW | STILE_MEMORY_MAPPED, 0, PAGE_SIZE);
    if (machine.gicd.bytes != 0)
        expect_place(machine.gicd.base, RW | STILE_MEMORY_MAPPED | STILE_MEMORY_DEVICE, 0,
                     PAGE_SIZE);
    if (machine.gic_version == 2)
        expect_place(machine.gicc.base, RW | STILE_MEMORY_MAPPED | STILE_MEMORY_DEVICE, 0,
                     PAGE_SIZE);
    expect_place(support_beyond_memory() + 99, 0, 0, PAGE_SIZE);
    expect_place((UINT64_C(1) << 39) - 1, 0, 0, PAGE_SIZE);
    page_free(own);
}

KTF_TEST(hc_memory_rights, addresses_outside_the_space_are_refused)
{
    expect_bad(stile_memory_query(stile_ipa(UINT64_C(1) << 39)), 1);
    expect_bad(stile_memory_query(stile_ipa(UINT64_MAX)), 1);
}

/* --- clean --------------------------------------------------------------------------------- */

KTF_TEST(hc_memory_rights, clean_goes_as_far_as_there_is_memory)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    expect_done(stile_memory_clean(stile_ipa(pa), stile_nr_pages(1)), 1);
    expect_done(
        stile_memory_clean(stile_ipa(support_beyond_memory() - 2 * PAGE_SIZE), stile_nr_pages(3)),
        2);
    EXPECT_EQ(stile_memory_clean(stile_ipa(support_beyond_memory()), stile_nr_pages(1)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(stile_memory_clean(stile_ipa(machine.gicd.base), stile_nr_pages(1)).status,
              STILE_NOT_MAPPED);
    expect_bad(stile_memory_clean(stile_ipa(pa + 1), stile_nr_pages(1)), 1);
    expect_bad(stile_memory_clean(stile_ipa(pa), stile_nr_pages(0)), 2);
    expect_bad(stile_memory_clean(stile_ipa(pa), stile_nr_pages(513)), 2);
    page_free(pa);
}
