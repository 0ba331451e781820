/* SPDX-License-Identifier: MIT */
/*
 * The firmware's entropy, TRNG 1.0 (DEN 0098): every call, every error, and that what it gives
 * looks like chance. Without a seed of the machine's there is none, and all say so.
 */
#include "firmware.h"
#include "ktf.h"
#include "stile/smccc.h"
#include "support.h"

static const struct conduit conduits[] = FIRMWARE_CONDUITS;

static bool is_there;

static void look_for_it(void)
{
    if (!firmware_is_stile())
        SKIP("the firmware here has no TRNG");
    is_there = (int32_t)firmware_call(&conduits[0], STILE_TRNG_VERSION, 0, 0, 0).x[0] > 0;
}

KTF_SUITE(firmware_trng, .suite_setup = look_for_it);

#define NEED_SEED()                                                                                \
    do {                                                                                           \
        if (!is_there)                                                                             \
            SKIP("the machine gave no seed");                                                      \
    } while (0)

static int32_t call(const struct conduit *conduit, uint32_t function, uint64_t x1)
{
    return (int32_t)firmware_call(conduit, function, x1, 0, 0).x[0];
}

KTF_TEST_EACH(firmware_trng, is_1_0_or_not_there, struct conduit, conduits, firmware_describe)
{
    static const uint32_t functions[] = {STILE_TRNG_VERSION, STILE_TRNG_FEATURES,
                                         STILE_TRNG_GET_UUID, STILE_TRNG_RND32, STILE_TRNG_RND64};

    if (is_there) {
        EXPECT_EQ(call(param, STILE_TRNG_VERSION, 0), STILE_TRNG_VERSION_1_0);
        return;
    }
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        EXPECT_EQ(call(param, functions[i], 32), STILE_TRNG_NOT_SUPPORTED);
}

KTF_TEST_EACH(firmware_trng, tells_its_features, struct conduit, conduits, firmware_describe)
{
    NEED_SEED();
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_TRNG_VERSION), 0);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_TRNG_FEATURES), 0);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_TRNG_GET_UUID), 0);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_TRNG_RND32), 0);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_TRNG_RND64), 0);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, 0x84000054), STILE_TRNG_NOT_SUPPORTED);
    EXPECT_EQ(call(param, STILE_TRNG_FEATURES, STILE_PSCI_VERSION), STILE_TRNG_NOT_SUPPORTED);
    EXPECT_EQ(call(param, 0x84000054, 0), STILE_TRNG_NOT_SUPPORTED);
}

KTF_TEST_EACH(firmware_trng, has_a_name, struct conduit, conduits, firmware_describe)
{
    NEED_SEED();
    struct firmware_registers first = firmware_call(param, STILE_TRNG_GET_UUID, 0, 0, 0);
    struct firmware_registers second = firmware_call(param, STILE_TRNG_GET_UUID, 0, 0, 0);
    EXPECT_NE((int32_t)first.x[0], STILE_TRNG_NOT_SUPPORTED);
    EXPECT_MEMEQ(&first, &second, sizeof(first));
}

KTF_TEST_EACH(firmware_trng, refuses_other_counts_of_bits, struct conduit, conduits,
              firmware_describe)
{
    static const struct {
        uint32_t function;
        uint64_t nr_bits;
    } wrong[] = {{STILE_TRNG_RND64, 0},          {STILE_TRNG_RND64, 193},
                 {STILE_TRNG_RND64, UINT64_MAX}, {STILE_TRNG_RND64, 0x100000040},
                 {STILE_TRNG_RND32, 0},          {STILE_TRNG_RND32, 97}};

    NEED_SEED();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct firmware_registers after =
            firmware_call(param, wrong[i].function, wrong[i].nr_bits, 7, 7);
        EXPECT_EQ((int32_t)after.x[0], STILE_TRNG_INVALID_PARAMETERS);
        EXPECT_EQ(after.x[1] | after.x[2] | after.x[3], 0);
    }
    EXPECT_EQ(call(param, STILE_TRNG_RND32, 0x700000020), 0);
}

/* Bits @first to @first + 63 of @nr_bits. */
static uint64_t mask(uint32_t nr_bits, uint32_t first)
{
    if (nr_bits <= first)
        return 0;
    return nr_bits - first >= 64 ? UINT64_MAX : (UINT64_C(1) << (nr_bits - first)) - 1;
}

KTF_TEST_EACH(firmware_trng, gives_no_more_bits_than_asked_for, struct conduit, conduits,
              firmware_describe)
{
    NEED_SEED();
    for (uint32_t bits = 1; bits <= 192; bits++) {
        struct firmware_registers after = firmware_call(param, STILE_TRNG_RND64, bits, 0, 0);
        ASSERT_EQ(after.x[0], 0);
        ASSERT_EQ(after.x[3] & ~mask(bits, 0), 0);
        ASSERT_EQ(after.x[2] & ~mask(bits, 64), 0);
        ASSERT_EQ(after.x[1] & ~mask(bits, 128), 0);
    }
    for (uint32_t bits = 1; bits <= 96; bits++) {
        struct firmware_registers after = firmware_call(param, STILE_TRNG_RND32, bits, 0, 0);
        ASSERT_EQ(after.x[0], 0);
        ASSERT_EQ((after.x[3] | after.x[2] | after.x[1]) >> 32, 0);
        ASSERT_EQ(after.x[2] & ~(mask(bits, 32) & UINT32_MAX), 0);
        ASSERT_EQ(after.x[1] & ~(mask(bits, 64) & UINT32_MAX), 0);
    }
}

static uint32_t count_bits(uint64_t word)
{
    uint32_t count = 0;

    for (; word; word &= word - 1)
        count++;
    return count;
}

/* Of 38,400 bits, half are set: 2 % off is eight standard deviations. And no word comes twice. */
KTF_TEST(firmware_trng, looks_like_chance)
{
    enum { NR = 200 };
    static uint64_t words[3 * NR];
    uint32_t set = 0;

    NEED_SEED();
    for (uint32_t i = 0; i < NR; i++) {
        struct firmware_registers after = firmware_call(&conduits[0], STILE_TRNG_RND64, 192, 0, 0);
        for (uint32_t j = 0; j < 3; j++) {
            words[3 * i + j] = after.x[1 + j];
            set += count_bits(after.x[1 + j]);
        }
    }
    EXPECT_GT(set, 18432);
    EXPECT_LT(set, 19968);
    for (uint32_t i = 0; i < 3 * NR; i++) {
        for (uint32_t j = 0; j < i; j++)
            ASSERT_NE(words[i], words[j]);
    }
}
