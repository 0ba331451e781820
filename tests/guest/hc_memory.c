/* SPDX-License-Identifier: MIT */
/*
 * Group memory: pages given away and taken back, and everything that is refused.
 */
#include <stdio.h>
#include <string.h>

#include "ktf.h"
#include "machine/machine.h"
#include "memory_rig.h"
#include "mm/page.h"
#include "sensitive/balloon.h"
#include "support.h"

#define NR_RUN 4

KTF_SUITE(hc_memory, .suite_setup = support_need_hypervisor);

static struct stile_result map(uint64_t pa, uint64_t pages)
{
    return stile_memory_map(stile_ipa(pa), stile_nr_pages(pages));
}

static struct stile_result unmap(uint64_t pa, uint64_t pages)
{
    return stile_memory_unmap(stile_ipa(pa), stile_nr_pages(pages));
}

static void read_word(void *argument)
{
    (void)*(const volatile uint64_t *)argument;
}

static bool is_zero(uint64_t pa)
{
    const uint64_t *words = phys_to_virt(pa);

    for (uint64_t i = 0; i < PAGE_SIZE / 8; i++) {
        if (words[i] != 0)
            return false;
    }
    return true;
}

/* Pages side by side: allocates until some are, and frees the rest. 0 if none are. */
static uint64_t alloc_run(void)
{
    uint64_t pages[256];
    uint32_t nr = 0;
    uint64_t run = 0;

    while (run == 0 && nr < 256 && (pages[nr] = page_alloc()) != 0) {
        nr++;
        if (nr >= NR_RUN && pages[nr - 1] - pages[nr - NR_RUN] == (NR_RUN - 1) * PAGE_SIZE)
            run = pages[nr - NR_RUN];
    }
    for (uint32_t i = 0; i < nr - (run != 0 ? NR_RUN : 0); i++)
        page_free(pages[i]);
    return run;
}

static void free_run(uint64_t run)
{
    for (int i = NR_RUN - 1; i >= 0; i--)
        page_free(run + (uint64_t)i * PAGE_SIZE);
}

KTF_TEST(hc_memory, a_page_goes_and_comes_back_empty)
{
    uint64_t pa = page_alloc();
    struct fault fault = {0, 0, 0};

    ASSERT_NE(pa, 0);
    memset(phys_to_virt(pa), 0x5A, PAGE_SIZE);
    expect_done(unmap(pa, 1), 1);
    ASSERT_TRUE(exception_try(read_word, phys_to_virt(pa), &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    expect_done(map(pa, 1), 1);
    EXPECT_TRUE(is_zero(pa));
    memset(phys_to_virt(pa), 0xA5, PAGE_SIZE);
    page_free(pa);
}

KTF_TEST(hc_memory, a_page_is_given_once_and_taken_once)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    EXPECT_EQ(map(pa, 1).status, STILE_ALREADY_MAPPED);
    expect_done(unmap(pa, 1), 1);
    EXPECT_EQ(unmap(pa, 1).status, STILE_NOT_MAPPED);
    expect_done(map(pa, 1), 1);
    EXPECT_EQ(map(pa, 1).status, STILE_ALREADY_MAPPED);
    page_free(pa);
}

KTF_TEST(hc_memory, the_neighbours_of_a_page_stay)
{
    uint64_t run = alloc_run();

    if (run == 0)
        SKIP("no pages side by side");
    for (uint64_t i = 0; i < NR_RUN; i++)
        memset(phys_to_virt(run + i * PAGE_SIZE), (int)i + 1, PAGE_SIZE);
    expect_done(unmap(run + PAGE_SIZE, 1), 1);
    EXPECT_EQ(*(uint8_t *)phys_to_virt(run + PAGE_SIZE - 1), 1);
    EXPECT_EQ(*(uint8_t *)phys_to_virt(run + 2 * PAGE_SIZE), 3);
    expect_done(map(run + PAGE_SIZE, 1), 1);
    EXPECT_TRUE(is_zero(run + PAGE_SIZE));
    EXPECT_EQ(*(uint8_t *)phys_to_virt(run + PAGE_SIZE - 1), 1);
    EXPECT_EQ(*(uint8_t *)phys_to_virt(run + 2 * PAGE_SIZE), 3);
    free_run(run);
}

/* A range is done up to the first page that cannot be, and the count says how far that was. */
KTF_TEST(hc_memory, a_range_is_done_in_part)
{
    uint64_t run = alloc_run();

    if (run == 0)
        SKIP("no pages side by side");
    expect_done(unmap(run + 2 * PAGE_SIZE, 1), 1);
    expect_done(unmap(run, NR_RUN), 2);
    EXPECT_EQ(unmap(run, NR_RUN).status, STILE_NOT_MAPPED);
    expect_done(unmap(run + 3 * PAGE_SIZE, 1), 1);

    expect_done(map(run + 2 * PAGE_SIZE, 1), 1);
    expect_done(map(run, NR_RUN), 2);
    EXPECT_EQ(map(run, NR_RUN).status, STILE_ALREADY_MAPPED);
    expect_done(map(run + 3 * PAGE_SIZE, 1), 1);
    free_run(run);
}

KTF_TEST(hc_memory, a_page_may_come_back_elsewhere)
{
    uint64_t pa = page_alloc();
    uint64_t elsewhere = support_beyond_memory() + BLOCK_SIZE;
    struct fault fault = {0, 0, 0};

    ASSERT_NE(pa, 0);
    expect_done(unmap(pa, 1), 1);
    expect_done(map(elsewhere, 1), 1);
    EXPECT_FALSE(support_touch(elsewhere, true, &fault));
    EXPECT_EQ(map(pa, 1).status, STILE_NO_MEMORY); /* the quota is used up again */
    expect_done(unmap(elsewhere, 1), 1);
    EXPECT_TRUE(support_touch(elsewhere, false, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    expect_done(map(pa, 1), 1);
    page_free(pa);
}

KTF_TEST(hc_memory, more_than_the_quota_is_refused)
{
    EXPECT_EQ(map(support_beyond_memory(), 1).status, STILE_NO_MEMORY);
    EXPECT_EQ(map(support_beyond_memory(), STILE_MEMORY_MAX_PAGES).status, STILE_NO_MEMORY);
}

struct bad {
    const char *name;
    uint64_t base;
    uint64_t pages;
    uint64_t argument;
};

static const struct bad bads[] = {
    {"unaligned by 1", 0x40000001, 1, 1},
    {"unaligned by 2048", 0x40000800, 1, 1},
    {"the last byte", UINT64_MAX, 1, 1},
    {"no pages", 0x40000000, 0, 2},
    {"513 pages", 0x40000000, 513, 2},
    {"a count that wraps", 0x40000000, UINT64_C(1) << 52, 2},
    {"the highest count", 0x40000000, UINT64_MAX, 2},
    {"beyond 48 bits", UINT64_C(1) << 48, 1, 1},
    {"the last page", UINT64_MAX - 4095, 1, 1},
};

static void describe_bad(const struct bad *bad, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", bad->name);
}

KTF_TEST_EACH(hc_memory, bad_ranges_are_refused, struct bad, bads, describe_bad)
{
    expect_bad(map(param->base, param->pages), param->argument);
    expect_bad(unmap(param->base, param->pages), param->argument);
}

KTF_TEST(hc_memory, devices_are_no_memory)
{
    if (machine.gicd.bytes != 0) {
        EXPECT_EQ(map(machine.gicd.base, 1).status, STILE_ALREADY_MAPPED);
        EXPECT_EQ(unmap(machine.gicd.base, 1).status, STILE_NOT_MAPPED);
    }
    if (machine.gic_version == 2) {
        EXPECT_EQ(map(machine.gicc.base, 1).status, STILE_ALREADY_MAPPED);
        EXPECT_EQ(unmap(machine.gicc.base, 1).status, STILE_NOT_MAPPED);
    }
    if (machine.uart.bytes != 0) {
        EXPECT_EQ(map(machine.uart.base, 1).status, STILE_ALREADY_MAPPED);
        EXPECT_EQ(unmap(machine.uart.base, 1).status, STILE_NOT_MAPPED);
    }
}

KTF_TEST(hc_memory, shared_pages_are_not_the_guests_to_give)
{
    uint64_t vm_page = stile_core_info(STILE_INFO_VM_PAGE).value[0];
    uint64_t vcpu_page = stile_core_info(STILE_INFO_VCPU_PAGE).value[0];

    EXPECT_EQ(unmap(vm_page, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(unmap(vcpu_page, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(map(vm_page, 1).status, STILE_ALREADY_MAPPED);
    EXPECT_EQ(map(vcpu_page, 1).status, STILE_ALREADY_MAPPED);
}

/* What was refused has changed nothing: all memory is where it was. */
KTF_TEST(hc_memory, refused_calls_changed_nothing)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    memset(phys_to_virt(pa), 0x3C, PAGE_SIZE);
    expect_bad(unmap(pa, 0), 2);
    expect_bad(unmap(pa, 513), 2);
    expect_bad(unmap(pa + 8, 1), 1);
    EXPECT_EQ(map(pa, 1).status, STILE_ALREADY_MAPPED);
    for (uint64_t i = 0; i < PAGE_SIZE; i++)
        ASSERT_EQ(((uint8_t *)phys_to_virt(pa))[i], 0x3C);
    page_free(pa);
}

KTF_TEST(hc_memory, a_call_into_a_page_given_away_is_not_mapped)
{
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    expect_done(unmap(pa, 1), 1);
    EXPECT_EQ(stile_console_write_buffer(stile_ipa(pa), stile_nr_bytes(1)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(stile_console_read_buffer(stile_ipa(pa), stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
    EXPECT_EQ(stile_power_crash(stile_ipa(pa), stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
    expect_done(map(pa, 1), 1);
    page_free(pa);
}

static const uint64_t balloons[] = {1, 100, 600};

static void describe_balloon(const uint64_t *pages, char *text, size_t size)
{
    (void)snprintf(text, size, "%lu pages", *pages);
}

KTF_TEST_EACH(hc_memory, the_balloon_gives_and_takes, uint64_t, balloons, describe_balloon)
{
    uint64_t before = page_nr_free();

    EXPECT_EQ(balloon_set(*param), *param);
    EXPECT_EQ(balloon_pages(), *param);
    EXPECT_LE(page_nr_free(), before - *param);
    EXPECT_EQ(balloon_set(0), 0);
    EXPECT_EQ(page_nr_free(), before);
}
