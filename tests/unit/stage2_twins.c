/* SPDX-License-Identifier: MIT */
/*
 * The twins of mm/stage2_pte.h: whatever becomes of a stage 2, an SMMU that walks the twins by the
 * rules of stage 1, or of stage 2, finds what a CPU finds that walks the tables by those of
 * stage 2.
 */
#include "arch/tlb.h"

#include "fakes/memory.h"

#include "mm/stage2.c"
#include "mm/stage2_map.c"

#include <stdio.h>

#include "ktf.h"

#define VM          3u
#define NR_ROUNDS   6000u
#define NR_PROBES   40u
#define SPACE_BYTES (3 * BLOCK_1G)

static struct stage2 s2;
static size_t free_before;

static void release(void *context, const struct stage2_mapping *mapping)
{
    (void)context;
    (void)mapping;
}

static void setup(void)
{
    fake_memory();
    ASSERT_TRUE(page_reserve(VM, align_down(page_nr_free(), 16)));
    free_before = fake_free_of(VM);
    fake_cache_fwb = false;
}

static void teardown(void)
{
    fake_smmu.on_flush = NULL;
    fake_cache_fwb = false;
    while (stage2_destroy(&s2, release, NULL))
        ;
    EXPECT_EQ(fake_free_of(VM), free_before);
}

KTF_SUITE(stage2_twins, .setup = setup, .teardown = teardown);

/** As whom the SMMU walks. */
static const struct format {
    const char *name;
    enum stage2_walkers walkers;
    bool has_fwb; /* the CPUs, where attributes of stage 2 mean something else to them */
} formats[] = {
    {"stage 1", STAGE2_TWINS_1, false},
    {"stage 2", STAGE2_TWINS_2, false},
    {"stage 2, CPUs with FWB", STAGE2_TWINS_2, true},
};

static void name_format(const struct format *format, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", format->name);
}

static void begin(const struct format *format)
{
    fake_cache_fwb = format->has_fwb;
    ASSERT_EQ(stage2_init(&s2, VM, format->walkers), STILE_SUCCESS);
}

/** What is found at an address; all 0: a fault. */
struct found {
    uint64_t pa;
    bool may_write;
};

/* Arm ARM D5.3: each kind of descriptor, whichever the stage; the one that maps, or 0. */
static uint64_t walk(uint64_t *table, uint64_t address, uint64_t *span)
{
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t entry = table[address >> (39 - 9 * level) & 511];

        *span = UINT64_C(1) << (39 - 9 * level);
        if (!(entry & 1))
            return 0;
        if (level == 3 || !(entry & 2))
            return level < 3 || (entry & 2) ? entry : 0;
        EXPECT_EQ(entry >> 59, 0); /* hierarchical attributes of stage 1 */
        table = (uint64_t *)(uintptr_t)(entry & UINT64_C(0x0000FFFFFFFFF000));
    }
    return 0;
}

static uint64_t place(uint64_t entry, uint64_t address, uint64_t span)
{
    return (entry & UINT64_C(0x0000FFFFFFFFF000) & ~(span - 1)) | (address & (span - 1));
}

/* Arm ARM D5.5: stage 2; what is a device's is not for another one. */
static struct found found_by_cpu(uint64_t ipa)
{
    uint64_t span;
    uint64_t entry = walk(s2.root, ipa, &span);

    if (entry == 0 || (entry >> 2 & 15) == 1)
        return (struct found){0, false};
    return (struct found){place(entry, ipa, span), entry >> 7 & 1};
}

/* Stage 1, at EL0, which is what a device is: AP[1] lets it in, AP[2] keeps it from writing. */
static struct found found_by_stage1(uint64_t entry, uint64_t ipa, uint64_t span)
{
    EXPECT_EQ(entry >> 2 & 7, 0); /* the one attribute that its context has */
    EXPECT_EQ(entry >> 6 & 1, 1);
    EXPECT_EQ(entry >> 8 & 3, 3);  /* inner shareable */
    EXPECT_EQ(entry >> 10 & 1, 1); /* accessed: it does not set the flag */
    EXPECT_EQ(entry >> 11 & 1, 1); /* flushed by its ASID */
    return (struct found){place(entry, ipa, span), !(entry >> 7 & 1)};
}

/* Stage 2, without FEAT_S2FWB. */
static struct found found_by_stage2(uint64_t entry, uint64_t ipa, uint64_t span)
{
    EXPECT_EQ(entry >> 2 & 15, 15); /* Normal, write-back */
    EXPECT_EQ(entry >> 6 & 1, 1);
    EXPECT_EQ(entry >> 8 & 3, 3);  /* inner shareable */
    EXPECT_EQ(entry >> 10 & 1, 1); /* accessed */
    EXPECT_EQ(entry >> 51, 0);
    return (struct found){place(entry, ipa, span), entry >> 7 & 1};
}

static struct found found_by_smmu(uint64_t ipa)
{
    uint64_t span;
    uint64_t entry = walk((uint64_t *)page_va(stage2_dma_root(&s2)), ipa, &span);

    if (entry == 0)
        return (struct found){0, false};
    return s2.walkers == STAGE2_TWINS_1 ? found_by_stage1(entry, ipa, span)
                                        : found_by_stage2(entry, ipa, span);
}

static void probe(uint64_t ipa)
{
    struct found cpu = found_by_cpu(ipa);
    struct found smmu = found_by_smmu(ipa);

    ASSERT_EQ(smmu.pa, cpu.pa);
    ASSERT_EQ(smmu.may_write, cpu.may_write);
}

static void probe_around(uint64_t ipa, uint64_t bytes)
{
    probe(ipa);
    probe(ipa + bytes - 1);
    if (ipa > 0)
        probe(ipa - 1);
    probe(ipa + bytes);
    for (unsigned i = 0; i < NR_PROBES; i++)
        probe(fake_random() % (2 * SPACE_BYTES));
}

/* Nobody ever finds more by one of the tables: not either while one is broken, to be made anew. */
static void probe_some(void)
{
    for (unsigned i = 0; i < 4; i++)
        probe(fake_random() % SPACE_BYTES);
}

static void random_range(uint64_t *ipa, uint64_t *bytes)
{
    static const uint64_t units[] = {PAGE_SIZE, PAGE_SIZE, BLOCK_2M, BLOCK_2M, BLOCK_1G};
    uint64_t unit = units[fake_random() % 5];

    *ipa = align_down(fake_random() % SPACE_BYTES, unit);
    *bytes = unit * (1 + fake_random() % 3);
    if (fake_random() % 3 == 0)
        *ipa += PAGE_SIZE;
}

static uint32_t random_attrs(void)
{
    uint32_t attrs = STAGE2_READ | (uint32_t)(fake_random() & (STAGE2_WRITE | STAGE2_EXECUTE));

    switch (fake_random() % 4) {
    case 0:
        return attrs | STAGE2_DEVICE;
    case 1:
        return attrs | STAGE2_BORROWED;
    default:
        return attrs | STAGE2_OWNED;
    }
}

static void act(uint64_t ipa, uint64_t bytes)
{
    struct stage2_locked locked = stage2_lock(&s2);
    uint64_t pa = BLOCK_1G * (2 + fake_random() % 8) + ipa % BLOCK_1G;
    struct stage2_mapping mapping;

    if (fake_random() % 4 == 0)
        pa += PAGE_SIZE;
    switch (fake_random() % 6) {
    case 0:
    case 1:
        (void)stage2_map_locked(locked, ipa_make(ipa), pa_make(pa), bytes, random_attrs());
        break;
    case 2:
        (void)stage2_unmap_locked(locked, ipa_make(ipa), bytes);
        break;
    case 3:
        (void)stage2_protect_locked(locked, ipa_make(ipa), bytes,
                                    STAGE2_READ | (uint32_t)(fake_random() & STAGE2_WRITE));
        break;
    case 4:
        if (stage2_lookup_locked(locked, ipa_make(ipa), &mapping) &&
            !(mapping.attrs & STAGE2_FRESH))
            stage2_scratch_locked(locked, ipa_make(align_down(ipa, mapping.bytes)), mapping.bytes);
        break;
    default:
        if (stage2_lookup_locked(locked, ipa_make(ipa), &mapping) && mapping.bytes == PAGE_SIZE) {
            (void)stage2_forget_locked(locked, ipa_make(align_down(ipa, PAGE_SIZE)), PAGE_SIZE);
            probe(ipa);
            stage2_ready_locked(locked, ipa_make(ipa));
        }
    }
    stage2_unlock(locked);
}

/* Of all registers, it alone is a device's as well: as Device memory, which it may write. */
KTF_TEST_EACH(stage2_twins, a_doorbell_is_devices_too, struct format, formats, name_format)
{
    const uint64_t ipa = 0x0C020000, pa = 0x08020000;
    uint64_t span, entry;

    begin(param);
    ASSERT_EQ(stage2_map(&s2, ipa_make(ipa + PAGE_SIZE), pa_make(pa + PAGE_SIZE), PAGE_SIZE,
                         STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE),
              STILE_SUCCESS);
    ASSERT_EQ(stage2_map_doorbell(&s2, ipa_make(ipa), pa_make(pa), STAGE2_READ), STILE_SUCCESS);
    entry = walk(s2.root, ipa, &span);
    EXPECT_EQ(place(entry, ipa, span), pa);
    EXPECT_EQ(entry >> 6 & 3, 1); /* vCPUs may read */
    EXPECT_EQ(entry >> 2 & 15, 1);
    entry = walk((uint64_t *)page_va(stage2_dma_root(&s2)), ipa, &span);
    EXPECT_EQ(place(entry, ipa, span), pa);
    EXPECT_EQ(span, PAGE_SIZE);
    if (param->walkers == STAGE2_TWINS_1) {
        EXPECT_EQ(entry >> 2 & 7, 1); /* the second attribute */
        EXPECT_EQ(entry >> 6 & 3, 1); /* read and write, at EL0 */
    } else {
        EXPECT_EQ(entry >> 2 & 15, 1); /* Device-nGnRE */
        EXPECT_EQ(entry >> 6 & 3, 3);
    }
    EXPECT_EQ(found_by_smmu(ipa + PAGE_SIZE).pa, 0);
}

KTF_TEST_EACH(stage2_twins, at_random_they_are_as_the_tables, struct format, formats, name_format)
{
    begin(param);
    EXPECT_EQ(stage2_dma_root(&s2).pa, page_pa(s2.root).pa + PAGE_SIZE);
    struct stage2_locked locked = stage2_lock(&s2);
    ASSERT_EQ(stage2_make_scratch(locked), STILE_SUCCESS);
    stage2_unlock(locked);
    fake_smmu.on_flush = probe_some;
    for (unsigned i = 0; i < NR_ROUNDS; i++) {
        uint64_t ipa, bytes;
        unsigned tlb = fake_tlb_flushes;
        unsigned smmu = fake_smmu.nr_flushes;

        random_range(&ipa, &bytes);
        act(ipa, bytes);
        EXPECT_EQ(fake_smmu.nr_flushes - smmu, fake_tlb_flushes - tlb);
        probe_around(ipa, bytes);
    }
}
