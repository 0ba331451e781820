/* SPDX-License-Identifier: MIT */
/*
 * virt/vtrng.c: every call, every count of bits, and a hypervisor without a seed.
 */
#include <string.h>

#include "virt/vtrng.c"

#include "ktf.h"

/* --- what it calls: a generator that gives nothing but ones --- */

static bool seeded;
static unsigned nr_drawn;

bool random_is_seeded(void)
{
    return seeded;
}

void random_fill(void *out, size_t bytes)
{
    memset(out, 0xFF, bytes);
    nr_drawn++;
}

static void setup(void)
{
    seeded = true;
    nr_drawn = 0;
}

KTF_SUITE(vtrng, .setup = setup);

static void expect_status(struct vtrng_result result, int64_t status)
{
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.x1 | result.x2 | result.x3, 0);
}

KTF_TEST(vtrng, is_version_1_0)
{
    expect_status(vtrng_call(STILE_TRNG_VERSION, 0), 0x10000);
}

KTF_TEST(vtrng, tells_its_features)
{
    static const uint64_t there[] = {STILE_TRNG_VERSION, STILE_TRNG_FEATURES, STILE_TRNG_GET_UUID,
                                     STILE_TRNG_RND32, STILE_TRNG_RND64};

    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
        expect_status(vtrng_call(STILE_TRNG_FEATURES, there[i]), 0);
    expect_status(vtrng_call(STILE_TRNG_FEATURES, 0x84000054), -1);
    expect_status(vtrng_call(STILE_TRNG_FEATURES, 0xC4000050), -1);
    expect_status(vtrng_call(STILE_TRNG_FEATURES, STILE_PSCI_VERSION), -1);
}

KTF_TEST(vtrng, has_a_uuid_that_is_no_error)
{
    struct vtrng_result result = vtrng_call(STILE_TRNG_GET_UUID, 0);

    EXPECT_EQ(result.status, 0xD1583B42);
    EXPECT_EQ(result.x1, 0x9F470932);
    EXPECT_EQ(result.x2, 0x08E1D78D);
    EXPECT_EQ(result.x3, 0x9B63CD47);
}

KTF_TEST(vtrng, answers_no_more_than_it_has)
{
    expect_status(vtrng_call(0x84000054, 1), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(0x8400005F, 1), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(0xC4000050, 1), STILE_TRNG_NOT_SUPPORTED);
    EXPECT_EQ(nr_drawn, 0);
}

/* The register that holds bits @first to @first + @width - 1, if @nr_bits were asked for. */
static uint64_t mask(uint32_t nr_bits, uint32_t first, uint32_t width)
{
    uint32_t bits = nr_bits <= first ? 0 : nr_bits - first < width ? nr_bits - first : width;

    return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

KTF_TEST(vtrng, gives_as_many_bits_as_are_asked_for)
{
    for (uint32_t bits = 1; bits <= 192; bits++) {
        struct vtrng_result result = vtrng_call(STILE_TRNG_RND64, bits);
        ASSERT_EQ(result.status, 0);
        ASSERT_EQ(result.x3, mask(bits, 0, 64));
        ASSERT_EQ(result.x2, mask(bits, 64, 64));
        ASSERT_EQ(result.x1, mask(bits, 128, 64));
    }
    for (uint32_t bits = 1; bits <= 96; bits++) {
        struct vtrng_result result = vtrng_call(STILE_TRNG_RND32, UINT64_C(0x700000000) | bits);
        ASSERT_EQ(result.status, 0);
        ASSERT_EQ(result.x3, mask(bits, 0, 32));
        ASSERT_EQ(result.x2, mask(bits, 32, 32));
        ASSERT_EQ(result.x1, mask(bits, 64, 32));
    }
    EXPECT_EQ(nr_drawn, 192 + 96);
}

KTF_TEST(vtrng, refuses_other_counts)
{
    expect_status(vtrng_call(STILE_TRNG_RND64, 0), STILE_TRNG_INVALID_PARAMETERS);
    expect_status(vtrng_call(STILE_TRNG_RND64, 193), STILE_TRNG_INVALID_PARAMETERS);
    expect_status(vtrng_call(STILE_TRNG_RND64, UINT64_C(0x100000001)),
                  STILE_TRNG_INVALID_PARAMETERS);
    expect_status(vtrng_call(STILE_TRNG_RND64, UINT64_MAX), STILE_TRNG_INVALID_PARAMETERS);
    expect_status(vtrng_call(STILE_TRNG_RND32, 0), STILE_TRNG_INVALID_PARAMETERS);
    expect_status(vtrng_call(STILE_TRNG_RND32, 97), STILE_TRNG_INVALID_PARAMETERS);
    EXPECT_EQ(nr_drawn, 0);
}

KTF_TEST(vtrng, is_not_there_without_a_seed)
{
    seeded = false;
    expect_status(vtrng_call(STILE_TRNG_VERSION, 0), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(STILE_TRNG_FEATURES, STILE_TRNG_RND64), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(STILE_TRNG_GET_UUID, 0), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(STILE_TRNG_RND32, 32), STILE_TRNG_NOT_SUPPORTED);
    expect_status(vtrng_call(STILE_TRNG_RND64, 64), STILE_TRNG_NOT_SUPPORTED);
    EXPECT_EQ(nr_drawn, 0);
}
