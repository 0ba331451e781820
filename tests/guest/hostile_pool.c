/* SPDX-License-Identifier: MIT */
/*
 * A VM that uses up its budget of the hypervisor's memory: what then fails, what still works, and
 * that all of it comes back. What it means for other VMs is a case of two: neighbour/pool.
 */
#include "ktf.h"
#include "mm/page.h"
#include "support.h"

#define BLOCK_BYTES UINT64_C(0x200000)
#define ELSEWHERE   UINT64_C(0x1000000000)
#define NR_OWN      512u /* more pages than a test VM has tables */

static uint64_t own[NR_OWN]; /* where pages were given back */
static uint32_t nr_own;
static uint64_t nr_mapped; /* a page each, in 2 MiB each, from ELSEWHERE on */

static uint64_t info(enum stile_info item)
{
    return stile_core_info(item).value[0];
}

static int64_t map(uint64_t ipa)
{
    return stile_memory_map(stile_ipa(ipa), stile_nr_pages(1)).status;
}

static int64_t unmap(uint64_t ipa)
{
    return stile_memory_unmap(stile_ipa(ipa), stile_nr_pages(1)).status;
}

static uint64_t elsewhere(uint64_t number)
{
    return ELSEWHERE + number * BLOCK_BYTES;
}

/* Pages of blocks that are split already, but for the first few, so that these take few tables. */
static void give_some_back(void)
{
    for (nr_own = 0; nr_own < NR_OWN && (own[nr_own] = page_alloc()) != 0; nr_own++)
        ASSERT_EQ(unmap(own[nr_own]), STILE_SUCCESS);
}

static void setup(void)
{
    int64_t status = STILE_SUCCESS;

    give_some_back();
    for (nr_mapped = 0; nr_mapped < nr_own && status == STILE_SUCCESS; nr_mapped++)
        status = map(elsewhere(nr_mapped));
    nr_mapped--;
    ASSERT_EQ(status, STILE_NO_MEMORY);
}

static void teardown(void)
{
    while (nr_mapped > 0)
        EXPECT_EQ(unmap(elsewhere(--nr_mapped)), STILE_SUCCESS);
    while (nr_own > 0) {
        EXPECT_EQ(map(own[--nr_own]), STILE_SUCCESS);
        page_free(own[nr_own]);
    }
}

KTF_SUITE(hostile_pool, .suite_setup = support_need_hypervisor, .setup = setup,
          .teardown = teardown);

KTF_TEST(hostile_pool, the_budget_is_the_limit)
{
    EXPECT_EQ(info(STILE_INFO_HV_PAGES), info(STILE_INFO_HV_PAGES_MAX));
    EXPECT_LT(info(STILE_INFO_PAGES), info(STILE_INFO_PAGES_MAX)); /* and not the quota */
}

KTF_TEST(hostile_pool, what_fails_changes_nothing)
{
    uint64_t owned = info(STILE_INFO_PAGES);

    for (unsigned i = 0; i < 100; i++) {
        ASSERT_EQ(map(elsewhere(nr_mapped + i)), STILE_NO_MEMORY);
        ASSERT_EQ(stile_memory_query(stile_ipa(elsewhere(nr_mapped + i))).value[0], 0);
    }
    EXPECT_EQ(info(STILE_INFO_PAGES), owned);
    EXPECT_EQ(info(STILE_INFO_HV_PAGES), info(STILE_INFO_HV_PAGES_MAX));
}

/* What needs no table: all that is in tables that are there. */
KTF_TEST(hostile_pool, what_is_there_still_works)
{
    uint64_t last = elsewhere(nr_mapped - 1);
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    *(volatile uint64_t *)phys_to_virt(pa) = 815;
    EXPECT_EQ(*(volatile uint64_t *)phys_to_virt(pa), 815);
    page_free(pa);
    EXPECT_EQ(map(last + STILE_PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(stile_memory_protect(stile_ipa(last), stile_nr_pages(2), STILE_ACCESS_READ).value[0],
              2);
    EXPECT_EQ(unmap(last + STILE_PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(map(own[0]), STILE_SUCCESS);
    EXPECT_EQ(unmap(own[0]), STILE_SUCCESS);
    EXPECT_EQ(stile_core_null().status, STILE_SUCCESS);
}

KTF_TEST(hostile_pool, what_is_given_back_may_be_used_again)
{
    uint64_t used = info(STILE_INFO_HV_PAGES);

    for (unsigned i = 0; i < 20; i++) {
        ASSERT_EQ(unmap(elsewhere(nr_mapped - 1)), STILE_SUCCESS);
        ASSERT_EQ(info(STILE_INFO_HV_PAGES), used - 1);
        ASSERT_EQ(map(elsewhere(nr_mapped - 1)), STILE_SUCCESS);
        ASSERT_EQ(info(STILE_INFO_HV_PAGES), used);
    }
}
