/* SPDX-License-Identifier: MIT */
/*
 * arch/clamp.h: what it does where nothing is speculated; bounds that are powers of two, and not.
 */
#include "arch/clamp.h"

#include "ktf.h"

KTF_SUITE(clamp);

KTF_TEST(clamp, what_is_below_the_bound_stays)
{
    for (uint64_t i = 0; i < 8; i++)
        EXPECT_EQ(clamp(i, 8), i);
    for (uint64_t i = 0; i < 6; i++)
        EXPECT_EQ(clamp(i, 6), i);
    EXPECT_EQ(clamp(0, 1), 0);
}

KTF_TEST(clamp, what_is_not_comes_to_be)
{
    for (uint32_t bit = 3; bit < 64; bit++) {
        EXPECT_LT(clamp(UINT64_C(1) << bit, 8), 8);
        EXPECT_LT(clamp(UINT64_C(1) << bit, 6), 6);
        EXPECT_LT(clamp(UINT64_C(1) << bit, 1), 1);
    }
    EXPECT_LT(clamp(UINT64_MAX, 6), 6);
    EXPECT_LT(clamp(UINT64_MAX, 8), 8);
}
