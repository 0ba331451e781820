/* SPDX-License-Identifier: MIT */
/*
 * lib/random.c: the block function against RFC 8439, where the key comes from, and that it goes.
 */
#include "lib/random.c"

#include "fakes/panic.h"
#include "ktf.h"

/* --- what the machine has --- */

static uint64_t rndr_next; /* 0: no source */
static unsigned rndr_failures;

uint64_t rndr_read(void)
{
    if (rndr_failures > 0) {
        rndr_failures--;
        return 0;
    }
    return rndr_next ? rndr_next++ : 0;
}

static void setup(void)
{
    memset(key, 0, sizeof(key));
    is_seeded = false;
    rndr_next = 0;
    rndr_failures = 0;
    fake_sysreg_write("cntpct_el0", 1000);
}

KTF_SUITE(random, .setup = setup);

/* --- the block function --- */

static const struct vector {
    const char *section;
    uint32_t key[KEY_WORDS];
    uint32_t tail[4];
    uint32_t block[BLOCK_WORDS];
} vectors[] = {
    {"2.3.2",
     {0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918,
      0x1f1e1d1c},
     {1, 0x09000000, 0x4a000000, 0},
     {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204,
      0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de,
      0xe883d0cb, 0x4e3c50a2}},
    {"A.1, test vector 1",
     {0},
     {0},
     {0xade0b876, 0x903df1a0, 0xe56a5d40, 0x28bd8653, 0xb819d2bd, 0x1aed8da0, 0xccef36a8,
      0xc70d778b, 0x7c5941da, 0x8d485751, 0x3fe02477, 0x374ad8b8, 0xf4b8436a, 0x1ca11815,
      0x69b687c3, 0x8665eeb2}},
};

static void describe(const struct vector *vector, char *text, size_t size)
{
    (void)snprintf(text, size, "RFC 8439, %s", vector->section);
}

KTF_TEST_EACH(random, knows_the_answer, struct vector, vectors, describe)
{
    uint32_t block[BLOCK_WORDS];

    chacha20_block(param->key, param->tail, block);
    EXPECT_MEMEQ(block, param->block, sizeof(block));
}

/* --- seeds --- */

static void seed_with(uint8_t value, size_t bytes)
{
    static uint8_t seed[100];

    memset(seed, value, bytes);
    random_init(seed, bytes);
    for (size_t i = 0; i < bytes; i++)
        ASSERT_EQ(seed[i], 0);
}

KTF_TEST(random, is_not_seeded_by_nothing)
{
    seed_with(0, 0);
    EXPECT_FALSE(random_is_seeded());
    EXPECT_PANIC(random_fill(NULL, 0));
}

KTF_TEST(random, is_not_seeded_by_too_little)
{
    seed_with(1, 31);
    EXPECT_FALSE(random_is_seeded());
    rndr_next = 1;
    rndr_failures = RNDR_TRIES - 3;
    seed_with(1, 0);
    EXPECT_FALSE(random_is_seeded());
}

KTF_TEST(random, is_seeded_by_the_firmware)
{
    seed_with(1, 32);
    EXPECT_TRUE(random_is_seeded());
}

KTF_TEST(random, is_seeded_by_the_cpu)
{
    rndr_next = 1;
    rndr_failures = RNDR_TRIES - RNDR_WORDS;
    seed_with(0, 0);
    EXPECT_TRUE(random_is_seeded());
}

/* What is drawn first from a seed of @bytes times @value. */
static uint64_t first_of(uint8_t value, size_t bytes)
{
    uint64_t word;

    memset(key, 0, sizeof(key));
    seed_with(value, bytes);
    random_fill(&word, sizeof(word));
    return word;
}

KTF_TEST(random, depends_on_all_of_its_seed)
{
    uint64_t word = first_of(1, 32);

    EXPECT_EQ(first_of(1, 32), word);
    EXPECT_NE(first_of(2, 32), word);
    EXPECT_NE(first_of(1, 33), word);
    EXPECT_NE(first_of(1, 64), word);
    EXPECT_NE(first_of(1, 100), first_of(1, 99));
}

KTF_TEST(random, depends_on_the_time_and_on_the_cpu)
{
    uint64_t word = first_of(1, 32);

    fake_sysreg_write("cntpct_el0", 1001);
    EXPECT_NE(first_of(1, 32), word);
    fake_sysreg_write("cntpct_el0", 1000);
    rndr_next = 1;
    EXPECT_NE(first_of(1, 32), word);
}

/* --- drawing --- */

KTF_TEST(random, gives_no_more_than_it_is_asked_for)
{
    uint8_t bytes[RANDOM_MAX_BYTES + 1] = {0};

    seed_with(1, 32);
    random_fill(bytes, 5);
    for (size_t i = 5; i < sizeof(bytes); i++)
        EXPECT_EQ(bytes[i], 0);
    random_fill(bytes, RANDOM_MAX_BYTES);
    EXPECT_EQ(bytes[RANDOM_MAX_BYTES], 0);
    EXPECT_PANIC(random_fill(bytes, RANDOM_MAX_BYTES + 1));
}

KTF_TEST(random, forgets_what_it_drew)
{
    uint32_t before[KEY_WORDS], drawn[KEY_WORDS], again[KEY_WORDS];

    seed_with(1, 32);
    memcpy(before, key, sizeof(key));
    random_fill(drawn, sizeof(drawn));
    for (unsigned i = 0; i < KEY_WORDS; i++) {
        EXPECT_NE(key[i], before[i]);
        EXPECT_NE(key[i], drawn[i]);
    }
    random_fill(again, sizeof(again));
    for (unsigned i = 0; i < KEY_WORDS; i++)
        EXPECT_NE(again[i], drawn[i]);
}

/* Of 64,000 bits, half are set: a deviation of 1 % is five standard deviations. */
KTF_TEST(random, sets_half_of_the_bits)
{
    int set = 0;

    seed_with(1, 32);
    for (int i = 0; i < 1000; i++) {
        uint64_t word;
        random_fill(&word, sizeof(word));
        set += __builtin_popcountll(word);
    }
    EXPECT_GT(set, 31360);
    EXPECT_LT(set, 32640);
}
