/* SPDX-License-Identifier: MIT */
/*
 * exits/walk.c: tables of all granules and sizes, made at random, and how far a walk in them gets.
 */
#include <string.h>

#include "exits/walk.c"

#include "ktf.h"

#define NR_TABLES 5
#define TABLES    UINT64_C(0x40000000) /* 64 KiB each */
#define BYTES     UINT64_C(0x10000)

static uint64_t tables[NR_TABLES][BYTES / 8];
static struct vm *const vm = (struct vm *)tables; /* nobody looks inside */
static uint64_t at_result;

uint64_t at_stage1(uint64_t va, bool write, bool el0)
{
    EXPECT_EQ(va & PAGE_MASK, 0x123);
    EXPECT_TRUE(write && !el0);
    return at_result;
}

size_t guest_read(struct vm *of, void *to, ipa_t from, size_t bytes)
{
    uint64_t offset = from.ipa - TABLES;

    EXPECT_EQ(of, vm);
    EXPECT_EQ(bytes, 8);
    if (offset >= sizeof(tables))
        return 0;
    memcpy(to, (uint8_t *)tables + offset, bytes);
    return bytes;
}

KTF_SUITE(walk);

static const struct granule {
    uint32_t shift;
    uint64_t tg0, tg1;
    uint32_t tsz_least, tsz_most;
} granules[] = {{12, 0, 2, 16, 39}, {14, 2, 1, 16, 39}, {16, 1, 3, 16, 39}};

/* The levels that addresses of so many bits need, the first one's number, by repeated division. */
static uint32_t first_level(const struct granule *granule, uint32_t bits)
{
    uint32_t level = 4;

    for (uint32_t left = bits - granule->shift;; left -= granule->shift - 3) {
        level--;
        if (left <= granule->shift - 3)
            return level;
    }
}

static uint64_t index_at(const struct granule *granule, uint32_t level, uint32_t bits, uint64_t va)
{
    uint32_t shift = granule->shift + (3 - level) * (granule->shift - 3);
    uint64_t in_range = bits == 64 ? va : va & ((UINT64_C(1) << bits) - 1);

    return in_range >> shift & ((UINT64_C(1) << (granule->shift - 3)) - 1);
}

/* A table at each level down to @last, whose descriptor is @end. */
static void make_tables(const struct granule *granule, uint32_t bits, uint64_t va, uint32_t last,
                        uint64_t end)
{
    uint32_t first = first_level(granule, bits);

    memset(tables, 0, sizeof(tables));
    for (uint32_t level = first; level <= last; level++) {
        uint64_t next = TABLES + (level - first + 1) * BYTES;

        tables[level - first][index_at(granule, level, bits, va)] =
            level == last ? end : next | DESCRIPTOR_TABLE | DESCRIPTOR_VALID;
    }
}

static void set_registers(const struct granule *granule, uint32_t tsz, bool upper)
{
    uint64_t tcr = upper ? granule->tg1 << TCR_TG1_SHIFT | (uint64_t)tsz << TCR_T1SZ_SHIFT
                         : granule->tg0 << TCR_TG0_SHIFT | (uint64_t)tsz << TCR_T0SZ_SHIFT;

    fake_sysreg_write("tcr_el1", tcr);
    fake_sysreg_write("ttbr0_el1", upper ? 0 : TABLES | UINT64_C(0x12) << 48);
    fake_sysreg_write("ttbr1_el1", upper ? TABLES | 1 : 0);
    fake_sysreg_write("sctlr_el1", SCTLR_M);
}

static void check_levels(const struct granule *granule, uint32_t tsz, bool upper)
{
    uint32_t bits = 64 - tsz, first = first_level(granule, bits);
    uint64_t random = UINT64_C(0x9E3779B97F4A7C15) * (tsz + 1);
    uint64_t va = random & ((UINT64_C(1) << bits) - 1);

    va |= upper ? UINT64_MAX << bits : 0;
    set_registers(granule, tsz, upper);
    for (uint32_t last = first; last <= 3; last++) {
        /* A block or page, nothing, and a table where no memory is. */
        make_tables(granule, bits, va, last, UINT64_C(0x123000) | DESCRIPTOR_VALID);
        struct walk walk = walk_to(vm, va, ipa_make(WALK_NOWHERE));
        EXPECT_EQ(walk.level, last);
        EXPECT_EQ(walk.is_first, last == first);
        make_tables(granule, bits, va, last, 0);
        EXPECT_EQ(walk_to(vm, va, ipa_make(WALK_NOWHERE)).level, last);
        make_tables(granule, bits, va, last, UINT64_C(0x7F0000000003));
        EXPECT_EQ(walk_to(vm, va, ipa_make(WALK_NOWHERE)).level, last < 3 ? last + 1 : 3);
        /* The page in which a descriptor of this level is. */
        uint64_t at = TABLES + (last - first) * BYTES + index_at(granule, last, bits, va) * 8;
        EXPECT_EQ(walk_to(vm, va, ipa_make(at)).level, last);
    }
}

KTF_TEST(walk, every_granule_and_size_of_addresses)
{
    for (size_t i = 0; i < sizeof(granules) / sizeof(granules[0]); i++) {
        for (uint32_t tsz = granules[i].tsz_least; tsz <= granules[i].tsz_most; tsz++) {
            check_levels(&granules[i], tsz, false);
            check_levels(&granules[i], tsz, true);
        }
    }
}

KTF_TEST(walk, without_the_mmu_there_is_none)
{
    set_registers(&granules[0], 25, false);
    fake_sysreg_write("sctlr_el1", 0);
    struct walk walk = walk_to(vm, 0x1000, ipa_make(WALK_NOWHERE));
    EXPECT_EQ(walk.level, 0);
    EXPECT_TRUE(walk.is_first);
}

KTF_TEST(walk, tables_may_be_big_endian)
{
    set_registers(&granules[0], 25, false);
    fake_sysreg_write("sctlr_el1", SCTLR_M | SCTLR_EE);
    make_tables(&granules[0], 39, 0, 1, __builtin_bswap64((TABLES + BYTES) | 3));
    EXPECT_EQ(walk_to(vm, 0, ipa_make(WALK_NOWHERE)).level, 2);
}

/* Any registers at all: a walk ends, at a level that there is. */
KTF_TEST(walk, at_random_it_ends)
{
    uint64_t random = 88172645463325252;

    for (uint32_t i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        fake_sysreg_write("tcr_el1", random);
        fake_sysreg_write("ttbr0_el1", random * 3);
        fake_sysreg_write("ttbr1_el1", TABLES + (random >> 50));
        fake_sysreg_write("sctlr_el1", SCTLR_M | (random & SCTLR_EE));
        tables[0][random % 8192] = random * 5;
        EXPECT_LE(walk_to(vm, random * 7, ipa_make(random)).level, 3);
    }
}

KTF_TEST(walk, a_translation_keeps_the_offset)
{
    ipa_t ipa;

    at_result = UINT64_C(0xFF00000087654B80); /* attributes beside the address */
    EXPECT_TRUE(walk_translate(UINT64_C(0xFFFF000000000123), true, false, &ipa));
    EXPECT_EQ(ipa.ipa, UINT64_C(0x0000000087654123));
    at_result = PAR_FAULT;
    EXPECT_FALSE(walk_translate(UINT64_C(0xFFFF000000000123), true, false, &ipa));
}

KTF_TEST(walk, the_order_of_bytes_is_that_of_who_was_interrupted)
{
    static const struct {
        uint64_t spsr, sctlr;
        bool big;
    } cases[] = {
        {SPSR_M_EL1H, SCTLR_EE, true},    {SPSR_M_EL1H, SCTLR_E0E, false},
        {SPSR_M_EL1T, SCTLR_EE, true},    {SPSR_M_EL0T, SCTLR_E0E, true},
        {SPSR_M_EL0T, SCTLR_EE, false},   {SPSR_AARCH32 | SPSR_E, 0, true},
        {SPSR_AARCH32, SCTLR_E0E, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_sysreg_write("spsr_el2", cases[i].spsr);
        fake_sysreg_write("sctlr_el1", cases[i].sctlr);
        EXPECT_EQ(walk_data_is_big_endian(), cases[i].big);
    }
}
