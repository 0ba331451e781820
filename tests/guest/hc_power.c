/* SPDX-License-Identifier: MIT */
/*
 * Group power, as far as it does not end this test: what is refused.
 */
#include <string.h>

#include "ktf.h"
#include "mm/page.h"
#include "support.h"

KTF_SUITE(hc_power, .suite_setup = support_need_hypervisor);

static struct stile_result crash(uint64_t message, uint64_t length)
{
    return stile_power_crash(stile_ipa(message), stile_nr_bytes(length));
}

KTF_TEST(hc_power, a_message_too_long_is_refused)
{
    static char message[8];
    uint64_t pa = virt_to_phys(message);
    static const uint64_t wrong[] = {257, 4096, UINT64_C(1) << 32, UINT64_MAX};

    for (int i = 0; i < 4; i++) {
        struct stile_result result = crash(pa, wrong[i]);
        EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
        EXPECT_EQ(result.value[0], 2);
    }
}

KTF_TEST(hc_power, a_message_that_wraps_is_refused)
{
    EXPECT_EQ(crash(UINT64_MAX - 9, 11).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(crash(UINT64_MAX, 256).status, STILE_INVALID_ARGUMENT);
}

KTF_TEST(hc_power, no_message_has_no_address)
{
    struct stile_result result = crash(4096, 0);

    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], 1);
}

KTF_TEST(hc_power, a_message_that_is_not_memory_is_not_mapped)
{
    EXPECT_EQ(crash(0, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(crash(0x09000000, 16).status, STILE_NOT_MAPPED);
    EXPECT_EQ(crash(support_beyond_memory(), 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(crash(UINT64_C(1) << 50, 256).status, STILE_NOT_MAPPED);
}
