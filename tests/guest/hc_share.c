/* SPDX-License-Identifier: MIT */
/*
 * Group memory: everything about shares that is refused, which needs no second VM.
 */
#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"

#define NOBODY 0x10F /* no test has so many VMs */
#define END    (UINT64_C(1) << 39)

KTF_SUITE(hc_share, .suite_setup = support_need_hypervisor);

static struct stile_result share(uint64_t pa, uint64_t pages, uint32_t peer, uint32_t access)
{
    return stile_memory_share(stile_ipa(pa), stile_nr_pages(pages), stile_vm_id(peer), access);
}

static struct stile_result donate(uint64_t pa, uint64_t pages, uint32_t peer)
{
    return stile_memory_donate(stile_ipa(pa), stile_nr_pages(pages), stile_vm_id(peer));
}

static struct stile_result accept(stile_share_t handle, uint64_t pa, uint64_t pages,
                                  uint32_t access)
{
    return stile_memory_accept(handle, stile_ipa(pa), stile_nr_pages(pages), access);
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
    /* As many as one likes. */
    EXPECT_EQ(share(pa, 513, NOBODY, STILE_ACCESS_READ).status, STILE_NOT_FOUND);
    expect_bad(share(pa, UINT64_C(1) << 27, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(share(pa, UINT64_MAX, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(share(UINT64_C(1) << 39, 1, NOBODY, STILE_ACCESS_READ), 1);
    expect_bad(share((UINT64_C(1) << 39) - PAGE_SIZE, 2, NOBODY, STILE_ACCESS_READ), 2);
    expect_bad(donate(pa + 1, 1, NOBODY), 1);
    expect_bad(donate(pa, 0, NOBODY), 2);
    expect_bad(donate(pa, 513, NOBODY), 2);
    page_free(pa);
}

KTF_TEST(hc_share, handles_of_nothing_are_not_found)
{
    for (uint32_t bit = 0; bit < 33; bit++) {
        stile_share_t handle = stile_share((uint32_t)(UINT64_C(1) << bit));

        EXPECT_EQ(accept(handle, support_beyond_memory(), 1, STILE_ACCESS_READ).status,
                  STILE_NOT_FOUND);
        EXPECT_EQ(stile_memory_release(handle).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_memory_revoke(handle).status, STILE_NOT_FOUND);
    }
    EXPECT_EQ(stile_memory_release(stile_share(0)).status, STILE_NOT_FOUND);
}

KTF_TEST(hc_share, what_cannot_be_accepted_is_refused)
{
    uint64_t beyond = support_beyond_memory();
    stile_share_t none = stile_share(0);

    expect_bad(accept(none, 1, 1, STILE_ACCESS_READ), 2);
    expect_bad(accept(none, END, 1, STILE_ACCESS_READ), 2);
    expect_bad(accept(none, beyond, 0, STILE_ACCESS_READ), 3);
    expect_bad(accept(none, END - PAGE_SIZE, 2, STILE_ACCESS_READ), 3);
    expect_bad(accept(none, beyond, UINT64_MAX, STILE_ACCESS_READ), 3);
    expect_bad(accept(none, beyond, 1, 0), 4);
    expect_bad(accept(none, beyond, 1, STILE_ACCESS_WRITE), 4);
    expect_bad(accept(none, beyond, 1, STILE_ACCESS_READ | STILE_SHARE_ACCEPTED), 4);
    EXPECT_EQ(accept(none, beyond, 1, STILE_ACCESS_READ | STILE_SHARE_DONATED).status,
              STILE_NOT_FOUND);
}

KTF_TEST(hc_share, nobody_has_offered_anything)
{
    for (uint32_t bit = 0; bit < 33; bit++) {
        stile_share_t after = stile_share((uint32_t)(UINT64_C(1) << bit));

        EXPECT_EQ(stile_memory_next_offered(after).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_memory_next_shared(after).status, STILE_NOT_FOUND);
    }
}
