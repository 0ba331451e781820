/* SPDX-License-Identifier: MIT */
/*
 * virt/pvtime.c: the structure a guest reads, the units in it, and the calls that lead to it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "virt/pvtime.c"

#include "ktf.h"

static struct vm vm;
static struct vcpu vcpus[2];
static struct stile_vcpu_page pages[2];

/* --- what it calls --- */

static struct {
    void *page;
    unsigned nr_allocated;
    bool is_full;
    uint64_t ipa, attrs;
} seen;

void *page_alloc(uint32_t owner, unsigned order)
{
    EXPECT_EQ(owner, vm.id);
    EXPECT_EQ(order, 0);
    if (seen.is_full)
        return NULL;
    seen.page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    seen.nr_allocated++;
    return seen.page;
}

void page_free(void *start, unsigned order)
{
    EXPECT_EQ(order, 0);
    free(start);
    seen.nr_allocated--;
}

enum stile_error stage2_map_pool(struct stage2 *stage2, ipa_t ipa, const void *page,
                                 uint32_t rights)
{
    EXPECT_EQ(stage2, &vm.stage2);
    EXPECT_EQ(page, seen.page);
    seen.ipa = ipa.ipa;
    seen.attrs = rights;
    return STILE_SUCCESS;
}

static void setup(void)
{
    memset(&seen, 0, sizeof(seen));
    for (uint32_t i = 0; i < 2; i++) {
        vcpus[i].vm = &vm;
        vcpus[i].index = i;
        vcpus[i].page = &pages[i];
        vcpus[i].has_asked_stolen = false;
        pages[i].stolen_ticks = 0;
    }
    fake_sysreg_write("cntfrq_el0", 62500000);
}

static void teardown(void)
{
    pvtime_free(&vm);
    EXPECT_EQ(seen.nr_allocated, 0);
}

KTF_SUITE(pvtime, .setup = setup, .teardown = teardown);

KTF_TEST(pvtime, the_guest_can_only_read_it)
{
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    EXPECT_EQ(seen.ipa, 0x0B010000);
    EXPECT_EQ(seen.ipa % 0x10000, 0);
    EXPECT_EQ(seen.attrs, STAGE2_READ);
}

KTF_TEST(pvtime, starts_at_zero_and_again_after_a_reboot)
{
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    pages[1].stolen_ticks = 5;
    pvtime_update(&vcpus[1]);
    EXPECT_EQ(vm.stolen[1].stolen_ns, 80);
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        ASSERT_EQ(((const uint8_t *)vm.stolen)[i], 0);
    EXPECT_EQ(seen.nr_allocated, 1);
}

KTF_TEST(pvtime, a_vm_for_which_there_is_no_page_is_told)
{
    seen.is_full = true;
    EXPECT_EQ(pvtime_init(&vm), STILE_NO_MEMORY);
}

KTF_TEST(pvtime, each_vcpu_has_its_own)
{
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    pages[0].stolen_ticks = 1000;
    pvtime_update(&vcpus[0]);
    pvtime_update(&vcpus[1]);
    EXPECT_EQ(vm.stolen[0].stolen_ns, 16000);
    EXPECT_EQ(vm.stolen[1].stolen_ns, 0);
    EXPECT_EQ(vm.stolen[0].revision | vm.stolen[0].attributes, 0);
}

static const struct rate {
    uint64_t hz, ticks, ns;
} rates[] = {
    {62500000, 1, 16},
    {62500000, UINT64_C(62500000) * 86400 * 365, UINT64_C(1000000000) * 86400 * 365},
    {1000000000, UINT64_MAX / 2, UINT64_MAX / 2},
    {24000000, 24000000, 999999999}, /* 41.67 ns each */
    {24000000, 240000000, 9999999999},
    {1, 3, 3000000000},
};

static void describe(const struct rate *rate, char *text, size_t size)
{
    (void)snprintf(text, size, "%lu ticks at %lu Hz", rate->ticks, rate->hz);
}

KTF_TEST_EACH(pvtime, is_in_nanoseconds, struct rate, rates, describe)
{
    fake_sysreg_write("cntfrq_el0", param->hz);
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    pages[0].stolen_ticks = param->ticks;
    pvtime_update(&vcpus[0]);
    EXPECT_EQ(vm.stolen[0].stolen_ns, param->ns);
}

KTF_TEST(pvtime, the_calls_lead_to_it)
{
    ASSERT_EQ(pvtime_init(&vm), STILE_SUCCESS);
    EXPECT_EQ(pvtime_call(&vcpus[0], STILE_PV_TIME_FEATURES, STILE_PV_TIME_FEATURES), 0);
    EXPECT_EQ(pvtime_call(&vcpus[0], STILE_PV_TIME_FEATURES, STILE_PV_TIME_ST), 0);
    EXPECT_EQ(pvtime_call(&vcpus[0], STILE_PV_TIME_FEATURES, 0xC5000022), -1);
    EXPECT_EQ(pvtime_call(&vcpus[0], STILE_PV_TIME_FEATURES, 0x85000020), -1);
    EXPECT_FALSE(vcpus[0].has_asked_stolen);
    EXPECT_EQ(pvtime_call(&vcpus[0], STILE_PV_TIME_ST, 99), 0x0B010000);
    EXPECT_TRUE(vcpus[0].has_asked_stolen);
    pages[1].stolen_ticks = 1000; /* before it asked */
    EXPECT_EQ(pvtime_call(&vcpus[1], STILE_PV_TIME_ST, 0), 0x0B010040);
    EXPECT_EQ(vm.stolen[1].stolen_ns, 16000);
    EXPECT_EQ(pvtime_call(&vcpus[0], 0x85000020, 0), -1);
    EXPECT_EQ(pvtime_call(&vcpus[0], 0xC5000022, 0), -1);
}
