/* SPDX-License-Identifier: MIT */
/*
 * The suites of tests/lib/both over the fake hypervisor.
 */
#include "both.h"
#include "stile/fake.h"

void both_need(void)
{
    struct stile_fake_config config = {.nr_vcpus = 2};
    uint32_t agreed;

    stile_fake_reset();
    (void)stile_fake_start(&config);
    ASSERT_EQ(stile_handshake(STILE_CONDUIT_HVC, &agreed), STILE_SUCCESS);
}

uint64_t both_pages(void)
{
    return STILE_FAKE_MEMORY_BASE + 16 * STILE_PAGE_SIZE;
}

void both_return(uint64_t ipa)
{
    for (uint64_t i = 0; i < BOTH_PAGES; i++)
        EXPECT_NOT_NULL(stile_fake_pointer(stile_ipa(ipa + i * STILE_PAGE_SIZE)));
}

void *both_pointer(uint64_t ipa)
{
    return stile_fake_pointer(stile_ipa(ipa));
}

uint64_t both_beyond(void)
{
    return STILE_FAKE_MEMORY_BASE + 0x10000000;
}

struct stile_mailbox *both_mailbox(void)
{
    return stile_fake_mailbox((uint32_t)both_info(STILE_INFO_VM_ID), 0);
}

void both_end_output(void)
{
}

void both_start_anew(void)
{
    EXPECT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
}

/* There is one. */
struct stile_mailbox *both_stay(void)
{
    return both_mailbox();
}

void both_go(void)
{
}
