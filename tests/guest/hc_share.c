/* SPDX-License-Identifier: MIT */
/*
 * Group memory: everything about shares that is refused, which needs no second VM.
 */
#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"

#define NOBODY 0x10F /* no test has so many VMs */

KTF_SUITE(hc_share, .suite_setup = support_need_hypervisor);

static struct stile_result share(uint64_t pa, uint64_t pages, uint32_t peer, uint32_t access)
{
    return stile_memory_share(stile_ipa(pa), stile_nr_pages(pages), stile_vm_id(peer), access);
}

static struct stile_result donate(uint64_t pa, uint64_t pages, uint32_t peer)
{
    return stile_memory_donate(stile_ipa(pa), stile_nr_pages(pages), stile_vm_id(peer));
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

KTF_TEST(hc_share, peers_that_are_none_are_refused)
{
    uint32_t self = (uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0];
    const uint32_t peers[] = {0, 1, NOBODY, self + 0x100, INT32_MAX, UINT32_MAX};
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        EXPECT_EQ(share(pa, 1, peers[i], STILE_ACCESS_READ).status, STILE_NOT_FOUND);
        EXPECT_EQ(donate(pa, 1, peers[i]).status, STILE_NOT_FOUND);
    }
    expect_bad(share(pa, 1, self, STILE_ACCESS_READ), 3);
    expect_bad(donate(pa, 1, self), 3);
    page_free(pa);
}

KTF_TEST(hc_share, bad_ranges_and_rights_are_refused)
{
    static const uint32_t rights[] = {
        0, STILE_ACCESS_WRITE, STILE_ACCESS_EXECUTE, STILE_ACCESS_READ | STILE_ACCESS_EXECUTE,
        8, UINT32_MAX};
    uint64_t pa = page_alloc();

    ASSERT_NE(pa, 0);
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        expect_bad(share(pa, 1, NOBODY, rights[i]), 4);
    expect_bad(share(pa + 1, 1, NOBODY, STILE_ACCESS_READ), 1);
    expect_bad(share(pa, 0, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(share(pa, 513, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(share(UINT64_C(1) << 39, 1, NOBODY, STILE_ACCESS_READ), 1);
    expect_bad(share((UINT64_C(1) << 39) - PAGE_SIZE, 2, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(donate(pa + 1, 1, NOBODY), 1);
    expect_bad(donate(pa, 0, NOBODY), 2);
    page_free(pa);
}

KTF_TEST(hc_share, handles_of_nothing_are_not_found)
{
    for (uint32_t bit = 0; bit < 33; bit++) {
        stile_share_t handle = stile_share((uint32_t)(UINT64_C(1) << bit));

        EXPECT_EQ(stile_memory_accept(handle, stile_ipa(support_beyond_memory())).status,
                  STILE_NOT_FOUND);
        EXPECT_EQ(stile_memory_release(handle).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_memory_revoke(handle).status, STILE_NOT_FOUND);
    }
    expect_bad(stile_memory_accept(stile_share(0), stile_ipa(1)), 2);
    expect_bad(stile_memory_accept(stile_share(0), stile_ipa(UINT64_C(1) << 39)), 2);
}

KTF_TEST(hc_share, nobody_has_offered_anything)
{
    for (uint32_t i = 0; i < STILE_SHARES_OFFERED_MAX; i++)
        EXPECT_EQ(stile_memory_offer(i).status, STILE_NOT_FOUND);
    expect_bad(stile_memory_offer(STILE_SHARES_OFFERED_MAX), 1);
    expect_bad(stile_memory_offer(UINT32_MAX), 1);
}
