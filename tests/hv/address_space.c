/* SPDX-License-Identifier: MIT */
/*
 * EL2's own address space: what may be written, what may be executed, what is not there.
 *
 * Asked of the hardware's table walker with AT, so that nothing has to fault.
 */
#include "arch/cpu.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "ktf.h"
#include "mm/layout.h"
#include "mm/page.h"

KTF_SUITE(address_space);

#define PAR_F       UINT64_C(1)
#define SCTLR_WXN   (UINT64_C(1) << 19)
#define PAR_PA_MASK UINT64_C(0xFFFFFFFFF000)

extern char __text_start[];
extern char __rodata_start[];
extern char __data_start[];
extern char __image_end[];

static uint64_t probe_read(uintptr_t address)
{
    __asm__ volatile("at s1e2r, %0\n\tisb" : : "r"(address) : "memory");
    return read_sysreg(par_el1);
}

static bool can_read(uintptr_t address)
{
    return !(probe_read(address) & PAR_F);
}

static bool can_write(uintptr_t address)
{
    __asm__ volatile("at s1e2w, %0\n\tisb" : : "r"(address) : "memory");
    return !(read_sysreg(par_el1) & PAR_F);
}

KTF_TEST(address_space, text_and_constants_cannot_be_written)
{
    EXPECT_TRUE(can_read((uintptr_t)__text_start));
    EXPECT_FALSE(can_write((uintptr_t)__text_start));
    EXPECT_TRUE(can_read((uintptr_t)__rodata_start));
    EXPECT_FALSE(can_write((uintptr_t)__rodata_start));
}

KTF_TEST(address_space, data_can_be_written_and_so_not_executed)
{
    EXPECT_TRUE(can_write((uintptr_t)__data_start));
    EXPECT_TRUE(can_write((uintptr_t)__image_end - 1));
    EXPECT_TRUE((read_sysreg(sctlr_el2) & SCTLR_WXN) != 0);
}

KTF_TEST(address_space, nothing_is_mapped_around_the_image)
{
    EXPECT_FALSE(can_read((uintptr_t)__text_start - 1));
    EXPECT_FALSE(can_read((uintptr_t)__image_end));
}

KTF_TEST(address_space, address_zero_is_not_mapped)
{
    EXPECT_FALSE(can_read(0));
}

KTF_TEST(address_space, every_stack_has_a_guard_page_below_it)
{
    for (uint32_t i = 0; i < nr_pcpus; i++) {
        uintptr_t top = pcpus[i].stack_top;
        uintptr_t panic_top = pcpus[i].panic_stack_top;

        EXPECT_TRUE(can_write(top - 1));
        EXPECT_TRUE(can_write(top - HV_STACK_BYTES));
        EXPECT_FALSE(can_read(top - HV_STACK_BYTES - 1));
        EXPECT_TRUE(can_write(panic_top - 1));
        EXPECT_FALSE(can_read(panic_top - HV_STACK_BYTES - 1));
    }
}

KTF_TEST(address_space, the_pool_is_mapped_one_to_one)
{
    void *page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

    ASSERT_NOT_NULL(page);
    EXPECT_TRUE(can_write((uintptr_t)page));
    EXPECT_EQ(probe_read((uintptr_t)page) & PAR_PA_MASK, page_pa(page).pa);
    page_free(page, PAGE_ORDER_4K);
}

KTF_TEST(address_space, guest_memory_is_not_mapped)
{
    pa_t page;

    ASSERT_TRUE(page_alloc_guest(1, PAGE_ORDER_4K, &page));
    EXPECT_FALSE(can_read(page.pa));
    page_free_guest(page, PAGE_ORDER_4K, 1);
}

KTF_TEST(address_space, the_bundle_cannot_be_written)
{
    uintptr_t bundle = machine.bundle.base.pa;

    if (machine.bundle.bytes == 0)
        SKIP("the machine has no bundle");
    EXPECT_TRUE(can_read(bundle));
    EXPECT_FALSE(can_write(bundle));
}
