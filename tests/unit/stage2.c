/* SPDX-License-Identifier: MIT */
/*
 * mm/stage2.c and mm/stage2_map.c against a model: an array that says where each page should be.
 */
#include "arch/tlb.h"

#include "fakes/memory.h"

#include "mm/stage2.c"
#include "mm/stage2_map.c"

#include "ktf.h"

#define VM  3u /* its number */
#define RWX (STAGE2_READ | STAGE2_WRITE | STAGE2_EXECUTE)

static struct stage2 s2;
static size_t free_before;
static size_t nr_released; /* bytes */

static void release(void *context, const struct stage2_mapping *mapping)
{
    EXPECT_EQ(context, &s2);
    nr_released += mapping->bytes;
}

static void setup(void)
{
    fake_memory();
    ASSERT_TRUE(page_reserve(VM, align_down(page_nr_free(), 16)));
    free_before = fake_free_of(VM);
    nr_released = 0;
    ASSERT_EQ(stage2_init(&s2, VM, STAGE2_CPUS), STILE_SUCCESS);
}

static void teardown(void)
{
    fake_tlb_on_flush_ipa = NULL;
    fake_tlb_on_flush_all = NULL;
    while (stage2_destroy(&s2, release, &s2))
        ;
    EXPECT_EQ(fake_free_of(VM), free_before);
}

KTF_SUITE(stage2, .setup = setup, .teardown = teardown);

static enum stile_error map(uint64_t ipa, uint64_t pa, uint64_t bytes, uint32_t attrs)
{
    return stage2_map(&s2, ipa_make(ipa), pa_make(pa), bytes, attrs);
}

static enum stile_error unmap(uint64_t ipa, uint64_t bytes)
{
    return stage2_unmap(&s2, ipa_make(ipa), bytes);
}

static uint64_t entry_at(uint64_t ipa)
{
    unsigned level;
    uint64_t *entry = find(&s2, ipa_make(ipa), &level);

    return entry ? *entry : 0;
}

KTF_TEST(stage2, registers_are_as_the_architecture_has_them)
{
    fake_sysreg_write("id_aa64mmfr0_el1", 4); /* 44 bits: Cortex-A72 */
    EXPECT_EQ(stage2_vtcr(), 0x80043559);
    fake_sysreg_write("id_aa64mmfr0_el1", 6); /* 52 bits: the descriptors hold 48 */
    EXPECT_EQ(stage2_vtcr(), 0x80053559);
    EXPECT_EQ(s2.vttbr, (uint64_t)(uintptr_t)s2.root | UINT64_C(3) << 48);
}

KTF_TEST(stage2, descriptors_are_as_the_architecture_has_them)
{
    ASSERT_EQ(map(0x1000, 0x12345000, 0x1000, RWX), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x1000), 0x123457FF);
    ASSERT_EQ(map(0x2000, 0x12345000, 0x1000, STAGE2_READ), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x2000), 0x0040000012345000 | 0x77F);
    ASSERT_EQ(map(0x200000, 0x40000000, 0x200000, RWX | STAGE2_OWNED), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x200000), 0x0080000040000000 | 0x7FD);
    ASSERT_EQ(map(0x3000, 0x8040000, 0x1000, STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE),
              STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x3000), 0x0040000008040000 | 0x4C7);

    fake_cache_fwb = true; /* Normal, write-back, whatever stage 1 says; devices stay devices */
    ASSERT_EQ(map(0x4000, 0x12345000, 0x1000, RWX), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x4000), 0x123457DB);
    ASSERT_EQ(map(0x5000, 0x8040000, 0x1000, STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE),
              STILE_SUCCESS);
    EXPECT_EQ(entry_at(0x5000), 0x0040000008040000 | 0x4C7);
    fake_cache_fwb = false;
}

KTF_TEST(stage2, the_largest_blocks_are_used)
{
    struct stage2_mapping mapping;

    ASSERT_EQ(map(BLOCK_1G - BLOCK_2M - 0x1000, 3 * BLOCK_1G - BLOCK_2M - 0x1000,
                  0x1000 + BLOCK_2M + BLOCK_1G + 0x1000, RWX),
              STILE_SUCCESS);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G - BLOCK_2M - 1), &mapping));
    EXPECT_EQ(mapping.bytes, PAGE_SIZE);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G - 1), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(mapping.pa.pa, 3 * BLOCK_1G - 1);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 0x123456), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_1G);
    EXPECT_EQ(mapping.pa.pa, 3 * BLOCK_1G + 0x123456);
    EXPECT_EQ(mapping.attrs, RWX);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(2 * BLOCK_1G), &mapping));
    EXPECT_EQ(mapping.bytes, PAGE_SIZE);
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(2 * BLOCK_1G + PAGE_SIZE), &mapping));
}

KTF_TEST(stage2, ranges_that_leave_the_space_are_refused)
{
    static const struct {
        uint64_t ipa, bytes;
    } ranges[] = {
        {STAGE2_IPA_END, PAGE_SIZE},
        {STAGE2_IPA_END - PAGE_SIZE, 2 * PAGE_SIZE},
        {0, STAGE2_IPA_END + PAGE_SIZE},
        {UINT64_MAX - PAGE_SIZE + 1, PAGE_SIZE},
        {UINT64_MAX - PAGE_SIZE + 1, 2 * PAGE_SIZE},
        {PAGE_SIZE, UINT64_MAX - PAGE_SIZE + 1},
        {0, 0},
    };
    struct stage2_mapping mapping;

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        EXPECT_EQ(map(ranges[i].ipa, 0, ranges[i].bytes, RWX), STILE_INVALID_ARGUMENT);
        EXPECT_EQ(unmap(ranges[i].ipa, ranges[i].bytes), STILE_INVALID_ARGUMENT);
    }
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(STAGE2_IPA_END), &mapping));
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(UINT64_MAX), &mapping));
    EXPECT_EQ(map(STAGE2_IPA_END - PAGE_SIZE, 0, PAGE_SIZE, RWX), STILE_SUCCESS);
}

/* --- break before make --------------------------------------------------------------------- */

static unsigned nr_breaks;

static void expect_broken(uint64_t ipa)
{
    EXPECT_EQ(entry_at(ipa), 0);
    EXPECT_EQ(entry_at(ipa + BLOCK_2M - 1), 0);
    nr_breaks++;
}

KTF_TEST(stage2, a_block_is_broken_before_it_is_made_into_pages)
{
    struct stage2_mapping mapping;

    ASSERT_EQ(map(BLOCK_1G, BLOCK_1G, BLOCK_1G, RWX | STAGE2_OWNED), STILE_SUCCESS);
    fake_tlb_on_flush_ipa = expect_broken;
    nr_breaks = 0;
    ASSERT_EQ(unmap(BLOCK_1G + 0x5000, 2 * PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(nr_breaks, 2); /* 1 GiB to 2 MiB, 2 MiB to 4 KiB */
    fake_tlb_on_flush_ipa = NULL;
    fake_tlb_on_flush_all = NULL;

    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 0x4FFF), &mapping));
    EXPECT_EQ(mapping.bytes, PAGE_SIZE);
    EXPECT_EQ(mapping.pa.pa, BLOCK_1G + 0x4FFF);
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED);
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 0x5000), &mapping));
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 0x6FFF), &mapping));
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 0x7000), &mapping));
    EXPECT_EQ(mapping.bytes, PAGE_SIZE);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G + BLOCK_2M), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(mapping.pa.pa, BLOCK_1G + BLOCK_2M);
}

KTF_TEST(stage2, empty_tables_are_given_back)
{
    size_t before = fake_free_of(VM);

    ASSERT_EQ(map(0x1000, 0, 2 * PAGE_SIZE, RWX), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(VM), before - 2);
    ASSERT_EQ(unmap(0x1000, PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(VM), before - 2);
    ASSERT_EQ(unmap(0x2000, PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(fake_free_of(VM), before);
    ASSERT_EQ(map(0, 0, BLOCK_1G, RWX), STILE_SUCCESS); /* nothing is in its way */
    EXPECT_EQ(fake_free_of(VM), before);
}

KTF_TEST(stage2, fresh_memory_is_there_but_not_reachable)
{
    struct stage2_locked locked;
    struct stage2_mapping mapping;
    pa_t memory;

    ASSERT_TRUE(page_alloc_guest(3, PAGE_ORDER_2M + 2, &memory));
    ASSERT_EQ(map(0, memory.pa, 4 * BLOCK_2M, RWX | STAGE2_OWNED | STAGE2_FRESH), STILE_SUCCESS);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_2M + 5), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(mapping.pa.pa, memory.pa + BLOCK_2M + 5);
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED | STAGE2_FRESH);
    EXPECT_EQ(entry_at(BLOCK_2M) & PTE_VALID, 0);
    EXPECT_EQ(map(BLOCK_2M, 0, PAGE_SIZE, RWX), STILE_ALREADY_MAPPED);

    locked = stage2_lock(&s2);
    stage2_ready_locked(locked, ipa_make(BLOCK_2M + 5));
    stage2_unlock(locked);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_2M), &mapping));
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(2 * BLOCK_2M), &mapping));
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED | STAGE2_FRESH);

    /* Pieces of a fresh block are as fresh. */
    ASSERT_EQ(unmap(2 * BLOCK_2M, PAGE_SIZE), STILE_SUCCESS);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(2 * BLOCK_2M + PAGE_SIZE), &mapping));
    EXPECT_EQ(mapping.bytes, PAGE_SIZE);
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED | STAGE2_FRESH);
    EXPECT_EQ(entry_at(2 * BLOCK_2M + PAGE_SIZE) & PTE_VALID, 0);
    page_free_guest(memory, PAGE_ORDER_2M + 2, 3);
}

KTF_TEST(stage2, forgotten_memory_is_fresh_again)
{
    struct stage2_locked locked;
    pa_t memory;
    uint64_t entry;

    ASSERT_TRUE(page_alloc_guest(3, PAGE_ORDER_2M, &memory));
    ASSERT_EQ(map(0, memory.pa, BLOCK_2M, RWX | STAGE2_OWNED), STILE_SUCCESS);
    entry = entry_at(0);
    locked = stage2_lock(&s2);
    fake_tlb_vttbr = 0;
    ASSERT_EQ(stage2_forget_locked(locked, ipa_make(0), BLOCK_2M), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0), entry & ~PTE_VALID);
    EXPECT_EQ(fake_tlb_vttbr, s2.vttbr);
    stage2_ready_locked(locked, ipa_make(0));
    EXPECT_EQ(entry_at(0), entry);
    /* A part of it: pieces, of which one is fresh. */
    ASSERT_EQ(stage2_forget_locked(locked, ipa_make(PAGE_SIZE), PAGE_SIZE), STILE_SUCCESS);
    EXPECT_EQ(entry_at(0), entry | PTE_TABLE);
    EXPECT_EQ(entry_at(PAGE_SIZE), ((entry | PTE_TABLE) & ~PTE_VALID) + PAGE_SIZE);
    EXPECT_EQ(stage2_forget_locked(locked, ipa_make(BLOCK_2M - PAGE_SIZE), 2 * PAGE_SIZE),
              STILE_NOT_MAPPED);
    EXPECT_EQ(entry_at(BLOCK_2M - PAGE_SIZE), (entry | PTE_TABLE) + BLOCK_2M - PAGE_SIZE);
    stage2_unlock(locked);
    page_free_guest(memory, PAGE_ORDER_2M, 3);
}

/* What was to be handed over with what it holds is to be zeroed now. */
KTF_TEST(stage2, forgotten_memory_is_filled_no_more)
{
    struct stage2_locked locked = stage2_lock(&s2);
    struct stage2_mapping mapping;
    pa_t memory;

    ASSERT_TRUE(page_alloc_guest(3, PAGE_ORDER_2M, &memory));
    ASSERT_EQ(stage2_map_locked(locked, ipa_make(0), memory, BLOCK_2M,
                                RWX | STAGE2_OWNED | STAGE2_FRESH | STAGE2_FILLED),
              STILE_SUCCESS);
    ASSERT_EQ(stage2_forget_locked(locked, ipa_make(0), BLOCK_2M), STILE_SUCCESS);
    ASSERT_TRUE(stage2_lookup_locked(locked, ipa_make(0), &mapping));
    EXPECT_EQ(mapping.attrs, RWX | STAGE2_OWNED | STAGE2_FRESH);
    stage2_unlock(locked);
    page_free_guest(memory, PAGE_ORDER_2M, 3);
}

KTF_TEST(stage2, rights_change_in_place)
{
    struct stage2_locked locked;
    uint64_t entry;

    ASSERT_EQ(map(BLOCK_2M, BLOCK_2M, BLOCK_2M, RWX | STAGE2_OWNED), STILE_SUCCESS);
    entry = entry_at(BLOCK_2M);
    locked = stage2_lock(&s2);
    ASSERT_EQ(stage2_protect_locked(locked, ipa_make(BLOCK_2M), BLOCK_2M, STAGE2_READ),
              STILE_SUCCESS);
    EXPECT_EQ(entry_at(BLOCK_2M), (entry & ~S2_WRITE) | PTE_XN);
    EXPECT_EQ(fake_tlb_vttbr, s2.vttbr);
    ASSERT_EQ(stage2_protect_locked(locked, ipa_make(BLOCK_2M), BLOCK_2M, RWX), STILE_SUCCESS);
    EXPECT_EQ(entry_at(BLOCK_2M), entry);
    /* A part of it: pieces, of which one differs. */
    ASSERT_EQ(stage2_protect_locked(locked, ipa_make(BLOCK_2M + PAGE_SIZE), PAGE_SIZE,
                                    STAGE2_READ | STAGE2_EXECUTE),
              STILE_SUCCESS);
    EXPECT_EQ(entry_at(BLOCK_2M), entry | PTE_TABLE);
    EXPECT_EQ(entry_at(BLOCK_2M + PAGE_SIZE), ((entry | PTE_TABLE) & ~S2_WRITE) + PAGE_SIZE);
    stage2_unlock(locked);
}

KTF_TEST(stage2, destroying_releases_every_page_once)
{
    ASSERT_EQ(map(0x1000, 0, 3 * PAGE_SIZE, RWX), STILE_SUCCESS);
    ASSERT_EQ(map(BLOCK_2M, 0, 5 * BLOCK_2M, RWX | STAGE2_FRESH), STILE_SUCCESS);
    ASSERT_EQ(map(7 * BLOCK_1G, 0, 2 * BLOCK_1G, RWX), STILE_SUCCESS);
    while (stage2_destroy(&s2, release, &s2))
        ;
    EXPECT_EQ(nr_released, 3 * PAGE_SIZE + 5 * BLOCK_2M + 2 * BLOCK_1G);
    EXPECT_EQ(fake_free_of(VM), free_before);
    ASSERT_EQ(stage2_init(&s2, VM, STAGE2_CPUS), STILE_SUCCESS);
}

/* --- the pool runs out --------------------------------------------------------------------- */

KTF_TEST(stage2, without_a_page_for_a_table_nothing_changes)
{
    struct stage2_mapping mapping;

    ASSERT_EQ(map(BLOCK_1G, BLOCK_1G, BLOCK_1G, RWX), STILE_SUCCESS);
    for (size_t left = 0; left < 4; left++) {
        void *hoarded = fake_hoard(VM, left);

        /* 1 GiB to 2 MiB, and two of those to 4 KiB: 3 tables */
        EXPECT_EQ(unmap(BLOCK_1G + PAGE_SIZE, BLOCK_2M),
                  left < 3 ? STILE_NO_MEMORY : STILE_SUCCESS);
        /* a level 2 and two level 3 */
        if (left < 3)
            EXPECT_EQ(map(BLOCK_2M - PAGE_SIZE, 0, 2 * PAGE_SIZE, RWX), STILE_NO_MEMORY);
        EXPECT_EQ(fake_free_of(VM), left < 3 ? left : 0);
        EXPECT_FALSE(stage2_lookup(&s2, ipa_make(BLOCK_2M), &mapping));
        fake_give_back(hoarded);
    }
    EXPECT_FALSE(stage2_lookup(&s2, ipa_make(BLOCK_1G + PAGE_SIZE), &mapping));
    EXPECT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G), &mapping));
}

/* --- at random ----------------------------------------------------------------------------- */

#define MODEL_BYTES (4 * BLOCK_1G)
#define MODEL_PAGES (MODEL_BYTES / PAGE_SIZE)

static uint64_t model[MODEL_PAGES]; /* physical address | attributes, or 0 */

static bool model_has(uint64_t ipa, uint64_t bytes, bool is_there)
{
    for (uint64_t i = ipa / PAGE_SIZE; i < (ipa + bytes) / PAGE_SIZE; i++) {
        if ((model[i] != 0) == is_there)
            return true;
    }
    return false;
}

static void model_set(uint64_t ipa, uint64_t bytes, uint64_t value)
{
    for (uint64_t i = ipa / PAGE_SIZE; i < (ipa + bytes) / PAGE_SIZE; i++) {
        model[i] = value;
        value += value ? PAGE_SIZE : 0;
    }
}

/* A range of pages that often begins or ends on a block. */
static void random_range(uint64_t *ipa, uint64_t *bytes)
{
    static const uint64_t units[] = {PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, BLOCK_2M, BLOCK_2M, BLOCK_1G};
    uint64_t unit = units[fake_random() % 6];

    *ipa = align_down(fake_random() % MODEL_BYTES, unit);
    *bytes = unit * (1 + fake_random() % 4);
    if (fake_random() % 4 == 0 && *bytes > PAGE_SIZE)
        *bytes -= PAGE_SIZE;
    if (fake_random() % 4 == 0)
        *ipa += PAGE_SIZE;
    if (*ipa > MODEL_BYTES - PAGE_SIZE)
        *ipa = MODEL_BYTES - PAGE_SIZE;
    if (*bytes > MODEL_BYTES - *ipa)
        *bytes = MODEL_BYTES - *ipa;
}

static void random_map(uint64_t ipa, uint64_t bytes)
{
    uint32_t attrs = STAGE2_READ | (uint32_t)(fake_random() & (STAGE2_WRITE | STAGE2_OWNED));
    uint64_t pa = align_down(fake_random() % (UINT64_C(1) << 40), PAGE_SIZE);
    enum stile_error wanted = model_has(ipa, bytes, true) ? STILE_ALREADY_MAPPED : STILE_SUCCESS;

    /* The same place in a block as the IPA: blocks fit. Else every page needs an entry. */
    if (bytes > 4 * BLOCK_2M || fake_random() % 2)
        pa = align_down(pa, BLOCK_1G) + ipa % BLOCK_1G;
    ASSERT_EQ(map(ipa, pa, bytes, attrs), wanted);
    if (wanted == STILE_SUCCESS)
        model_set(ipa, bytes, pa | attrs);
}

static void random_unmap(uint64_t ipa, uint64_t bytes)
{
    enum stile_error wanted = model_has(ipa, bytes, false) ? STILE_NOT_MAPPED : STILE_SUCCESS;
    unsigned flushes = fake_tlb_flushes;

    ASSERT_EQ(unmap(ipa, bytes), wanted);
    if (wanted == STILE_SUCCESS) {
        model_set(ipa, bytes, 0);
        EXPECT_GT(fake_tlb_flushes, flushes);
    } else {
        EXPECT_EQ(fake_tlb_flushes, flushes);
    }
}

static void random_protect(uint64_t ipa, uint64_t bytes)
{
    enum stile_error wanted = model_has(ipa, bytes, false) ? STILE_NOT_MAPPED : STILE_SUCCESS;
    uint32_t rights = STAGE2_READ | (uint32_t)(fake_random() & (STAGE2_WRITE | STAGE2_EXECUTE));
    struct stage2_locked locked = stage2_lock(&s2);
    unsigned flushes = fake_tlb_flushes;

    ASSERT_EQ(stage2_protect_locked(locked, ipa_make(ipa), bytes, rights), wanted);
    stage2_unlock(locked);
    EXPECT_EQ(fake_tlb_flushes > flushes, wanted == STILE_SUCCESS);
    for (uint64_t i = ipa / PAGE_SIZE; i < (ipa + bytes) / PAGE_SIZE && !wanted; i++)
        model[i] = (model[i] & ~(uint64_t)STAGE2_RIGHTS) | rights;
}

static void probe_gap(uint64_t ipa, uint64_t bytes)
{
    struct stage2_locked locked = stage2_lock(&s2);
    uint64_t wanted = 0;

    while (wanted < bytes && model[(ipa + wanted) / PAGE_SIZE] == 0)
        wanted += PAGE_SIZE;
    ASSERT_EQ(stage2_gap_locked(locked, ipa_make(ipa), bytes), wanted);
    stage2_unlock(locked);
}

/* --- scratch ------------------------------------------------------------------------------- */

/* What the hardware finds at @ipa: it knows of no tables but those that descriptors point to. */
static uint64_t walked(uint64_t ipa)
{
    unsigned level = STAGE2_FIRST_LEVEL;
    uint64_t entry = *pte_at(s2.root, level, ipa);

    while (pte_is_table(entry, level))
        entry = *pte_at(pte_table(entry), ++level, ipa);
    return entry;
}

static unsigned nr_flushes;

/* When every CPU forgets what was there, nothing is. */
static void expect_all_broken(void)
{
    nr_flushes++;
    EXPECT_EQ(walked(BLOCK_1G - PAGE_SIZE) & PTE_VALID, 0);
    EXPECT_EQ(walked(BLOCK_1G + BLOCK_2M) & PTE_VALID, 0);
}

static void scratch(uint64_t ipa, uint64_t bytes)
{
    struct stage2_locked locked = stage2_lock(&s2);

    EXPECT_EQ(stage2_make_scratch(locked), STILE_SUCCESS);
    stage2_scratch_locked(locked, ipa_make(ipa), bytes);
    stage2_unlock(locked);
}

/* A page, two blocks and a page, of which one page is put in place. */
KTF_TEST(stage2, scratch_takes_the_place_of_pages_and_blocks)
{
    uint64_t first = BLOCK_1G - PAGE_SIZE;
    uint64_t bytes = 2 * BLOCK_2M + 2 * PAGE_SIZE;
    struct stage2_mapping mapping;
    size_t before;

    ASSERT_EQ(map(first, BLOCK_1G - PAGE_SIZE, bytes, STAGE2_READ | STAGE2_BORROWED),
              STILE_SUCCESS);
    before = fake_free_of(VM);
    fake_tlb_on_flush_all = expect_all_broken;
    scratch(first, bytes);
    fake_tlb_on_flush_all = NULL;
    EXPECT_EQ(nr_flushes, 1);
    EXPECT_EQ(before - fake_free_of(VM), 2);
    for (uint64_t at = first; at < first + bytes; at += PAGE_SIZE)
        ASSERT_EQ(walked(at), s2.scratch[0]);
    EXPECT_EQ(walked(first) & (PTE_VALID | S2_READ | S2_WRITE | PTE_XN),
              PTE_VALID | S2_READ | S2_WRITE | PTE_XN);
    ASSERT_TRUE(stage2_lookup(&s2, ipa_make(BLOCK_1G + 5), &mapping));
    EXPECT_EQ(mapping.bytes, BLOCK_2M);
    EXPECT_EQ(mapping.attrs, STAGE2_READ | STAGE2_WRITE);
    EXPECT_EQ(map(BLOCK_1G, 0, PAGE_SIZE, RWX), STILE_ALREADY_MAPPED);
    EXPECT_EQ(map(BLOCK_1G, 0, BLOCK_2M, RWX), STILE_ALREADY_MAPPED);
    EXPECT_EQ(s2.scratch[7], s2.scratch[0]); /* no change of the range is one of its table */
    EXPECT_EQ(unmap(first, bytes), STILE_SUCCESS);
    EXPECT_EQ(s2.scratch[7], s2.scratch[0]);
    EXPECT_EQ(walked(BLOCK_1G), 0);
}

/* It is freed with the translation, and is nobody's to release. */
KTF_TEST(stage2, scratch_ends_with_the_translation)
{
    ASSERT_EQ(map(0, BLOCK_1G, BLOCK_2M, STAGE2_READ | STAGE2_BORROWED), STILE_SUCCESS);
    scratch(0, BLOCK_2M);
    while (stage2_destroy(&s2, release, &s2))
        ;
    EXPECT_EQ(nr_released, 0);
    EXPECT_EQ(fake_free_of(VM), free_before);
}

KTF_TEST(stage2, scratch_needs_two_pages_or_none)
{
    struct stage2_locked locked = stage2_lock(&s2);
    void *hoarded = fake_hoard(VM, 1);

    EXPECT_EQ(stage2_make_scratch(locked), STILE_NO_MEMORY);
    EXPECT_EQ(fake_free_of(VM), 1);
    fake_give_back(hoarded);
    EXPECT_EQ(stage2_make_scratch(locked), STILE_SUCCESS);
    stage2_free_scratch(locked);
    EXPECT_NULL(s2.scratch);
    stage2_unlock(locked);
}

/* How many entries are used, and whether each table's descriptor says so of it. */
static unsigned count_used(uint64_t *table, unsigned level)
{
    unsigned nr = 0;

    for (unsigned i = 0; i < PTE_NR_ENTRIES; i++) {
        nr += table[i] != 0;
        if (stage2_is_table(table[i], level))
            EXPECT_EQ(count_used(pte_table(table[i]), level + 1), stage2_table_used(table[i]));
    }
    return nr;
}

static void probe(uint64_t ipa)
{
    struct stage2_mapping mapping;
    uint64_t wanted = model[ipa / PAGE_SIZE];
    bool found = stage2_lookup(&s2, ipa_make(ipa), &mapping);

    ASSERT_EQ(found, wanted != 0);
    if (found) {
        ASSERT_EQ(mapping.pa.pa, (wanted & ~PAGE_MASK) + ipa % PAGE_SIZE);
        ASSERT_EQ(mapping.attrs, wanted & PAGE_MASK);
    }
}

KTF_TEST(stage2, at_random_it_agrees_with_the_model)
{
    uint64_t ipa;
    uint64_t bytes;

    for (unsigned i = 0; i < 6000; i++) {
        random_range(&ipa, &bytes);
        probe_gap(ipa, bytes);
        switch (fake_random() % 5) {
        case 0:
        case 1:
            random_map(ipa, bytes);
            break;
        case 2:
        case 3:
            random_unmap(ipa, bytes);
            break;
        default:
            random_protect(ipa, bytes);
            break;
        }
        probe(ipa);
        probe(ipa + bytes - 1);
        if (ipa > 0)
            probe(ipa - 1);
        if (ipa + bytes < MODEL_BYTES)
            probe(ipa + bytes);
        probe(fake_random() % MODEL_BYTES);
    }
    for (ipa = 0; ipa < MODEL_BYTES; ipa += PAGE_SIZE)
        probe(ipa);
    (void)count_used(s2.root, STAGE2_FIRST_LEVEL);
}
