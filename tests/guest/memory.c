/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own memory: the page allocator, who may do what where, and the walker.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "machine/machine.h"
#include "mm/map.h"
#include "mm/page.h"
#include "support.h"

KTF_SUITE(memory);

extern char __image_start[], __rodata_start[], __data_start[];

static void write_byte(void *argument)
{
    *(volatile char *)argument = 0;
}

static void read_byte(void *argument)
{
    (void)*(const volatile char *)argument;
}

static void jump(void *argument)
{
    ((void (*)(void))argument)();
}

static bool is_permission_fault(const struct fault *fault)
{
    return (fault->esr & ISS_FSC & ~(uint64_t)FSC_LEVEL) == FSC_PERMISSION;
}

KTF_TEST(memory, code_cannot_be_written)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(write_byte, __image_start, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_DATA);
    EXPECT_TRUE(is_permission_fault(&fault));
    EXPECT_EQ(fault.far, (uint64_t)__image_start);
}

KTF_TEST(memory, constants_cannot_be_written)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(write_byte, __rodata_start, &fault));
    EXPECT_TRUE(is_permission_fault(&fault));
}

KTF_TEST(memory, code_cannot_be_written_through_the_linear_map)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(write_byte, phys_to_virt(virt_to_phys(__image_start)), &fault));
    EXPECT_TRUE(is_permission_fault(&fault));
}

KTF_TEST(memory, data_cannot_be_executed)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(jump, __data_start, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_INSTRUCTION);
    EXPECT_TRUE(is_permission_fault(&fault));
}

KTF_TEST(memory, the_linear_map_cannot_be_executed)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(jump, phys_to_virt(virt_to_phys(__image_start)), &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_INSTRUCTION);
    EXPECT_TRUE(is_permission_fault(&fault));
}

static uint64_t null_page = 0;

KTF_TEST(memory, the_null_page_is_not_mapped)
{
    struct fault fault = {0, 0, 0};

    ASSERT_TRUE(exception_try(read_byte, (void *)null_page, &fault));
    EXPECT_EQ(fault.esr & ISS_FSC & ~(uint64_t)FSC_LEVEL, FSC_TRANSLATION);
}

KTF_TEST(memory, all_of_memory_can_be_read)
{
    struct fault fault;

    for (uint32_t i = 0; i < machine.nr_memory; i++) {
        const struct range *memory = &machine.memory[i];
        for (uint64_t offset = 0; offset < memory->bytes; offset += BLOCK_SIZE)
            ASSERT_FALSE(exception_try(read_byte, phys_to_virt(memory->base + offset), &fault));
        ASSERT_FALSE(
            exception_try(read_byte, phys_to_virt(memory->base + memory->bytes - 1), &fault));
    }
}

KTF_TEST(memory, pages_are_distinct_and_in_memory)
{
    enum { NR = 64 };
    uint64_t pages[NR];

    for (int i = 0; i < NR; i++) {
        pages[i] = page_alloc();
        ASSERT_NE(pages[i], 0);
        EXPECT_EQ(pages[i] % PAGE_SIZE, 0);
        *(uint64_t *)phys_to_virt(pages[i]) = (uint64_t)i;
    }
    for (int i = 0; i < NR; i++) {
        EXPECT_EQ(*(uint64_t *)phys_to_virt(pages[i]), i);
        page_free(pages[i]);
    }
}

KTF_TEST(memory, a_zeroed_page_is_zero)
{
    uint64_t dirty = page_alloc();
    ASSERT_NE(dirty, 0);
    uint64_t *words = phys_to_virt(dirty);
    for (uint64_t i = 0; i < PAGE_SIZE / 8; i++)
        words[i] = UINT64_MAX;
    page_free(dirty);

    uint64_t page = page_alloc_zeroed();
    ASSERT_NE(page, 0);
    words = phys_to_virt(page);
    for (uint64_t i = 0; i < PAGE_SIZE / 8; i++)
        ASSERT_EQ(words[i], 0);
    page_free(page);
}

KTF_TEST(memory, allocation_fails_when_all_pages_are_used)
{
    uint64_t chain = 0;
    uint64_t nr = 0;
    uint64_t free_before = page_nr_free();
    uint64_t page;

    /* Each page holds the address of the one before. */
    while ((page = page_alloc()) != 0) {
        *(uint64_t *)phys_to_virt(page) = chain;
        chain = page;
        nr++;
    }
    EXPECT_EQ(page_nr_free(), 0);
    EXPECT_EQ(page_alloc_zeroed(), 0);
    EXPECT_EQ(nr, free_before);
    while (chain != 0) {
        page = chain;
        chain = *(uint64_t *)phys_to_virt(page);
        page_free(page);
    }
}

KTF_TEST(memory, a_mapping_is_found_as_it_was_made)
{
    uint64_t root = page_alloc_zeroed();
    uint64_t page = page_alloc();

    ASSERT_TRUE(map_range(root, USER_VA, page, PAGE_SIZE, MAP_USER_RODATA));
    EXPECT_EQ(map_lookup_user(root, USER_VA + 12, false), page + 12);
    EXPECT_EQ(map_lookup_user(root, USER_VA, true), 0);
    EXPECT_EQ(map_lookup_user(root, USER_VA + PAGE_SIZE, false), 0);
    EXPECT_EQ(map_lookup_user(root, UINT64_MAX, false), 0);
    EXPECT_EQ(map_unmap_page(root, USER_VA), page);
    EXPECT_EQ(map_unmap_page(root, USER_VA), 0);
    EXPECT_EQ(map_lookup_user(root, USER_VA, false), 0);
    page_free(page);
    map_free_user(root);
}
