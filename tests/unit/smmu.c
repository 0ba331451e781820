/* SPDX-License-Identifier: MIT */
/*
 * dev/smmu.c on a model of the SMMU: its registers, what it takes from its queues, and which tables
 * it finds for a stream by IHI 0070, chapters 3 and 5.
 */
#include "fakes/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/panic.h"

#include "dev/ranges.c"
#include "dev/smmu.c"

#include "ktf.h"

#define BASE UINT64_C(0x09050000)
#define VM   5u
#define ROOT UINT64_C(0x4AAAA000)

struct machine machine;

static _Alignas(PAGE_SIZE << SMMU_INIT_ORDER) char own[PAGE_SIZE << SMMU_INIT_ORDER];
static _Alignas(PAGE_SIZE << SMMU_TABLE_ORDER) char streams[PAGE_SIZE << SMMU_TABLE_ORDER];
static _Alignas(PAGE_SIZE) char context[PAGE_SIZE];
static const struct smmu_tables tables = {streams, context};

/* --- the model ----------------------------------------------------------------------------- */

static struct {
    uint32_t idr0, idr1, idr5;
    uint32_t cr0, cr1, cr2, irq_ctrl, gerror, gerrorn, strtab_cfg;
    uint32_t cmd_prod, cmd_cons, event_prod, event_cons;
    uint64_t strtab, commands, events, msi[2];
    uint64_t ops[64]; /* words 0 of the commands that were taken */
    unsigned nr_ops;
    uint32_t error; /* CMDQ_CONS.ERR of the next command */
} model;

static void take_commands(void)
{
    const uint64_t *at = (const uint64_t *)(uintptr_t)(model.commands & UINT64_C(0xFFFFFFFFFFFE0));
    uint32_t bits = model.commands & 31;

    EXPECT_TRUE(model.cr0 & CR0_CMDQEN);
    EXPECT_FALSE((model.gerror ^ model.gerrorn) & 1); /* else none is taken */
    for (; model.cmd_cons != model.cmd_prod; model.cmd_cons = (model.cmd_cons + 1) % (2u << bits)) {
        uint64_t word = at[2 * (model.cmd_cons % (1u << bits))];

        if (model.nr_ops < 64)
            model.ops[model.nr_ops++] = word;
    }
    model.cmd_cons |= model.error;
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    EXPECT_EQ(bytes, 4);
    switch (address - BASE) {
    case IDR0:
        return model.idr0;
    case IDR1:
        return model.idr1;
    case IDR5:
        return model.idr5;
    case CR0ACK:
        return model.cr0;
    case IRQ_CTRLACK:
        return model.irq_ctrl;
    case GERROR:
        return model.gerror;
    case GERRORN:
        return model.gerrorn;
    case CMDQ_CONS:
        return model.cmd_cons;
    case EVENTQ_PROD:
        return model.event_prod;
    default:
        EXPECT_EQ(address - BASE, 0xFFFF); /* none that it needs to read */
        return 0;
    }
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    static const struct {
        uint32_t at;
        uint32_t *to;
    } words[] = {
        {CR0, &model.cr0},
        {CR1, &model.cr1},
        {CR2, &model.cr2},
        {IRQ_CTRL, &model.irq_ctrl},
        {GERRORN, &model.gerrorn},
        {STRTAB_BASE_CFG, &model.strtab_cfg},
        {CMDQ_PROD, &model.cmd_prod},
        {CMDQ_CONS, &model.cmd_cons},
        {EVENTQ_PROD, &model.event_prod},
        {EVENTQ_CONS, &model.event_cons},
    };
    uint64_t *base = address - BASE == STRTAB_BASE   ? &model.strtab
                     : address - BASE == CMDQ_BASE   ? &model.commands
                     : address - BASE == EVENTQ_BASE ? &model.events
                                                     : NULL;

    if (address - BASE == GERROR_IRQ_CFG0 || address - BASE == EVENTQ_IRQ_CFG0) {
        EXPECT_EQ(bytes, 8);
        EXPECT_EQ(model.irq_ctrl, 0);
        model.msi[address - BASE == EVENTQ_IRQ_CFG0] = value;
        return;
    }
    if (base) {
        EXPECT_EQ(bytes, 8);
        EXPECT_FALSE(model.cr0 & CR0_SMMUEN);
        *base = value;
        return;
    }
    EXPECT_EQ(bytes, 4);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].at == address - BASE)
            *words[i].to = (uint32_t)value;
    if (address - BASE == CMDQ_PROD && model.cr0 & CR0_CMDQEN)
        take_commands();
}

/* 3.3.1: the entry of a stream. */
static const uint64_t *entry_of(uint32_t stream)
{
    const uint64_t *level1 =
        (const uint64_t *)(uintptr_t)(model.strtab & UINT64_C(0xFFFFFFFFFFFC0));
    uint32_t split = model.strtab_cfg >> 6 & 31;
    uint64_t descriptor;

    EXPECT_EQ(model.strtab_cfg >> 16 & 3, 1);
    EXPECT_TRUE(stream < 1u << (model.strtab_cfg & 63));
    descriptor = level1[stream >> split];
    EXPECT_EQ(descriptor & 31, split + 1);
    return (const uint64_t *)(uintptr_t)(descriptor & UINT64_C(0xFFFFFFFFFFFC0)) +
           8 * (stream % (1u << split));
}

static bool is_aborted(uint32_t stream)
{
    uint64_t word = entry_of(stream)[0];

    EXPECT_EQ(word & 1, 1);
    return (word >> 1 & 7) == 0;
}

static bool was_told(uint64_t op)
{
    for (unsigned i = 0; i < model.nr_ops; i++)
        if (model.ops[i] == op)
            return true;
    return false;
}

/* --- the tests ----------------------------------------------------------------------------- */

static void setup(void)
{
    memset(&model, 0, sizeof(model));
    memset(&smmu, 0, sizeof(smmu));
    memset(own, 0, sizeof(own));
    memset(streams, 0, sizeof(streams));
    memset(context, 0, sizeof(context));
    model.idr0 = IDR0_S1P | 2u << 2 | IDR0_COHACC | IDR0_ST_LEVEL_2;
    model.idr1 = 16 | 19u << 16 | 19u << 21;
    model.idr5 = IDR5_GRAN4K | 4;
    machine.smmu = (struct pa_range){pa_make(BASE), 0x20000};
    machine.gic_version = 3;
    machine.smmu_event_intid = 106;
    machine.smmu_error_intid = 109;
    machine.memory = (struct ranges){1, {{pa_make(0x40000000), 0x10000000}}};
}

KTF_SUITE(smmu, .setup = setup);

static void attach(uint32_t first, uint32_t nr)
{
    ASSERT_STREQ(smmu_init(own), NULL);
    model.nr_ops = 0;
    smmu_attach(VM, first, nr, &tables, pa_make(ROOT));
}

KTF_TEST(smmu, at_first_no_stream_reaches_memory)
{
    ASSERT_STREQ(smmu_init(own), NULL);
    EXPECT_TRUE(smmu_is_there());
    EXPECT_FALSE(smmu_has_stage2());
    EXPECT_EQ(smmu_nr_streams(), 0x10000);
    EXPECT_EQ(model.cr0, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
    EXPECT_EQ(model.irq_ctrl, IRQ_EVENTQ | IRQ_GERROR);
    EXPECT_TRUE(was_told(CMD_CFGI_ALL));
    EXPECT_TRUE(was_told(CMD_TLBI_NSNH_ALL));
    EXPECT_EQ(model.ops[model.nr_ops - 1], CMD_SYNC);
    for (uint32_t stream = 0; stream < 0x10000; stream += 17)
        ASSERT_TRUE(is_aborted(stream));
}

/* Errors, MSIs and ATS, which would go past it. */
KTF_TEST(smmu, what_firmware_left_does_not_stay)
{
    model.idr0 |= IDR0_ATS | IDR0_MSI;
    model.irq_ctrl = IRQ_EVENTQ;
    model.gerror = 1;
    model.msi[0] = model.msi[1] = 0x1234;
    ASSERT_STREQ(smmu_init(own), NULL);
    EXPECT_EQ(model.cr0, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN | CR0_ATSCHK);
    EXPECT_EQ(model.gerrorn, model.gerror);
    EXPECT_EQ(model.msi[0], 0);
    EXPECT_EQ(model.msi[1], 0);
}

KTF_TEST(smmu, streams_of_a_vm_go_by_its_table)
{
    const uint64_t *entry, *cd;

    attach(0x100, 0x200);
    EXPECT_TRUE(was_told(CMD_CFGI_ALL));
    for (uint32_t stream = 0; stream < 0x10000; stream++)
        ASSERT_EQ(is_aborted(stream), stream < 0x100 || stream >= 0x300);
    entry = entry_of(0x2FF);
    EXPECT_EQ(entry[0] >> 1 & 7, 5); /* by stage 1 */
    EXPECT_EQ(entry[0] >> 59, 0);    /* of one context */
    cd = (const uint64_t *)(uintptr_t)(entry[0] & UINT64_C(0xFFFFFFFFFFFC0));
    EXPECT_EQ(cd, (const uint64_t *)(void *)context);
    EXPECT_EQ(cd[0] & 63, 64 - 39);
    EXPECT_EQ(cd[0] >> 31 & 1, 1);
    EXPECT_EQ(cd[0] >> 32 & 7, 4);
    EXPECT_EQ(cd[0] >> 44 & 1, 0); /* nothing waits for EL2 */
    EXPECT_EQ(cd[0] >> 46 & 1, 1);
    EXPECT_EQ(cd[0] >> 48, VM);
    EXPECT_EQ(cd[1], ROOT);
    EXPECT_EQ(cd[3] & 0xFF, 0xFF);
}

KTF_TEST(smmu, with_stage_2_by_that)
{
    const uint64_t *entry;

    model.idr0 |= IDR0_S2P;
    attach(0, 0x100);
    EXPECT_TRUE(smmu_has_stage2());
    entry = entry_of(0x42);
    EXPECT_EQ(entry[0] >> 1 & 7, 6);
    EXPECT_EQ(entry[2] & 0xFFFF, VM);
    EXPECT_EQ(entry[2] >> 32 & 63, 64 - 39);
    EXPECT_EQ(entry[2] >> 38 & 3, 1);
    EXPECT_EQ(entry[2] >> 51 & 1, 1);
    EXPECT_EQ(entry[3], ROOT);
    model.nr_ops = 0;
    smmu_flush(VM);
    EXPECT_EQ(model.ops[0], 0x28 | (uint64_t)VM << 32);
}

KTF_TEST(smmu, what_changes_is_told_and_waited_for)
{
    attach(0, 0x100);
    for (unsigned i = 0; i < 1000; i++) { /* the queue goes round */
        model.nr_ops = 0;
        smmu_flush(VM);
        ASSERT_EQ(model.nr_ops, 2);
        ASSERT_EQ(model.ops[0], 0x11 | (uint64_t)VM << 48);
        ASSERT_EQ(model.ops[1], CMD_SYNC);
    }
    model.error = 1u << 24;
    EXPECT_PANIC(smmu_flush(VM));
}

KTF_TEST(smmu, taken_back_they_are_nobodys)
{
    attach(0x100, 0x100);
    model.nr_ops = 0;
    smmu_detach(VM);
    EXPECT_TRUE(was_told(CMD_CFGI_ALL) && was_told(0x11 | (uint64_t)VM << 48));
    for (uint32_t stream = 0; stream < 0x10000; stream += 13)
        ASSERT_TRUE(is_aborted(stream));
    smmu_attach(VM + 1, 0x100, 0x100, &tables, pa_make(ROOT));
    EXPECT_FALSE(is_aborted(0x100));
    EXPECT_PANIC(smmu_attach(VM, 0, 0x200, &tables, pa_make(ROOT)));
}

KTF_TEST(smmu, a_stream_can_be_ended_until_it_is_given_anew)
{
    attach(0, 0x200);
    EXPECT_TRUE(smmu_end_stream(0x108));
    EXPECT_FALSE(smmu_end_stream(0x108));
    EXPECT_TRUE(is_aborted(0x108));
    EXPECT_FALSE(is_aborted(0x107));
    EXPECT_FALSE(is_aborted(0x109));
    EXPECT_FALSE(smmu_end_stream(0x5000)); /* nobody's */
    smmu_detach(VM);
    smmu_attach(VM, 0, 0x200, &tables, pa_make(ROOT));
    EXPECT_FALSE(is_aborted(0x108));
}

/* Of bus 1, in which two are lent. */
static void lend_two(void)
{
    ASSERT_STREQ(smmu_init(own), NULL);
    EXPECT_TRUE(smmu_lend(0x109));
    EXPECT_TRUE(smmu_lend(0x10A));
    EXPECT_TRUE(smmu_lend(0x109));
    EXPECT_FALSE(smmu_lend(0x209));
}

KTF_TEST(smmu, what_is_lent_is_not_the_bus_s)
{
    lend_two();
    smmu_attach(VM, 0x100, 0x200, &tables, pa_make(ROOT));
    for (uint32_t stream = 0; stream < 0x10000; stream++)
        ASSERT_EQ(is_aborted(stream),
                  stream < 0x100 || stream >= 0x300 || stream == 0x109 || stream == 0x10A);
    smmu_detach(VM);
    for (uint32_t stream = 0; stream < 0x10000; stream++)
        ASSERT_TRUE(is_aborted(stream));
}

KTF_TEST(smmu, a_lent_stream_is_whoever_s_it_is_attached_for)
{
    static _Alignas(PAGE_SIZE) char other[PAGE_SIZE];
    const uint64_t *cd;

    lend_two();
    model.nr_ops = 0;
    smmu_attach_stream(VM + 1, 0x10A, other, pa_make(ROOT + PAGE_SIZE));
    EXPECT_TRUE(was_told(CMD_CFGI_ALL));
    EXPECT_TRUE(is_aborted(0x109));
    smmu_attach(VM, 0x100, 0x200, &tables, pa_make(ROOT));
    cd = (const uint64_t *)(uintptr_t)(entry_of(0x10A)[0] & UINT64_C(0xFFFFFFFFFFFC0));
    EXPECT_EQ(cd, (const uint64_t *)(void *)other);
    EXPECT_EQ(cd[0] >> 48, VM + 1);
    EXPECT_EQ(cd[1], ROOT + PAGE_SIZE);
    EXPECT_EQ(entry_of(0x20A)[0] & UINT64_C(0xFFFFFFFFFFFC0), (uint64_t)(uintptr_t)context);
    smmu_detach(VM);
    EXPECT_TRUE(is_aborted(0x108));
    EXPECT_FALSE(is_aborted(0x10A));
    smmu_detach(VM + 1);
    EXPECT_TRUE(is_aborted(0x10A));
    smmu_attach(VM, 0x100, 0x200, &tables, pa_make(ROOT));
    EXPECT_TRUE(is_aborted(0x10A));
    EXPECT_PANIC(smmu_attach_stream(VM, 0x20A, other, pa_make(ROOT)));
}

static void record(uint32_t type, uint32_t stream, bool is_read, uint64_t address)
{
    uint64_t *at = (uint64_t *)(uintptr_t)(model.events & UINT64_C(0xFFFFFFFFFFFE0));
    uint32_t bits = model.events & 31;
    uint64_t *slot = at + 4 * (model.event_prod % (1u << bits));

    slot[0] = type | (uint64_t)stream << 32;
    slot[1] = is_read ? UINT64_C(1) << 35 : 0;
    slot[2] = address;
    model.event_prod = (model.event_prod & EVENTQ_OVERFLOW) |
                       ((model.event_prod & ~EVENTQ_OVERFLOW) + 1) % (2u << bits);
}

KTF_TEST(smmu, events_come_in_order_with_whose_they_are)
{
    struct smmu_event event;

    attach(0x100, 0x100);
    EXPECT_FALSE(smmu_next_event(&event));
    for (uint32_t i = 0; i < 500; i++) {
        record(SMMU_NOT_MAPPED, 0x108, i % 2, i * PAGE_SIZE);
        record(SMMU_NOT_ALLOWED, 0x8, false, 1);
        ASSERT_TRUE(smmu_next_event(&event));
        ASSERT_EQ(event.vm_id, VM);
        ASSERT_EQ(event.stream, 0x108);
        ASSERT_EQ(event.type, SMMU_NOT_MAPPED);
        ASSERT_EQ(event.is_write, i % 2 == 0);
        ASSERT_EQ(event.address, i * PAGE_SIZE);
        ASSERT_TRUE(smmu_next_event(&event));
        ASSERT_EQ(event.vm_id, 0);
        ASSERT_EQ(model.event_cons, model.event_prod);
    }
    record(SMMU_NOT_MAPPED, 0xFFFFFFFF, false, 0);
    ASSERT_TRUE(smmu_next_event(&event));
    EXPECT_EQ(event.vm_id, 0);
    /* That some were lost is acknowledged. */
    model.event_prod |= EVENTQ_OVERFLOW;
    record(SMMU_NOT_MAPPED, 0x108, false, 0);
    ASSERT_TRUE(smmu_next_event(&event));
    EXPECT_EQ(model.event_cons, model.event_prod);
}

KTF_TEST(smmu, events_of_lent_streams_are_their_vm_s)
{
    static _Alignas(PAGE_SIZE) char other[PAGE_SIZE];
    struct smmu_event event;

    lend_two();
    smmu_attach(VM, 0x100, 0x200, &tables, pa_make(ROOT));
    smmu_attach_stream(VM + 1, 0x10A, other, pa_make(ROOT));
    record(SMMU_NOT_MAPPED, 0x10A, true, 0);
    record(SMMU_NOT_MAPPED, 0x109, true, 0);
    record(SMMU_NOT_MAPPED, 0x10B, true, 0);
    ASSERT_TRUE(smmu_next_event(&event));
    EXPECT_EQ(event.vm_id, VM + 1);
    ASSERT_TRUE(smmu_next_event(&event));
    EXPECT_EQ(event.vm_id, 0);
    ASSERT_TRUE(smmu_next_event(&event));
    EXPECT_EQ(event.vm_id, VM);
    EXPECT_TRUE(smmu_end_stream(0x10A));
    EXPECT_TRUE(is_aborted(0x10A));
    EXPECT_FALSE(is_aborted(0x10B));
    smmu_detach(VM + 1);
    smmu_attach_stream(VM + 1, 0x10A, other, pa_make(ROOT));
    EXPECT_FALSE(is_aborted(0x10A));
}

KTF_TEST(smmu, an_error_of_its_own_is_a_bug)
{
    EXPECT_FALSE(smmu_is_irq(106)); /* it is not there yet */
    attach(0, 0x100);
    EXPECT_FALSE(smmu_is_irq(33));
    EXPECT_TRUE(smmu_is_irq(106));
    model.gerror ^= GERROR_EVENTQ_ABT;
    EXPECT_TRUE(smmu_is_irq(109));
    EXPECT_EQ(model.gerrorn, model.gerror);
    model.gerror ^= 1;
    EXPECT_PANIC((void)smmu_is_irq(109));
}

/** What keeps it from being used. */
struct lack {
    const char *name;
    uint32_t idr0, idr1, idr5; /* bits that are other than they should be */
    const char *text;
};

static const struct lack lacks[] = {
    {"coherence", IDR0_COHACC, 0, 0, "its accesses are not coherent"},
    {"translation", IDR0_S1P, 0, 0, "it does not translate by tables of 64 bits and 4 KiB"},
    {"64 bits", IDR0_TTF_AARCH64, 0, 0, "it does not translate by tables of 64 bits and 4 KiB"},
    {"4 KiB", 0, 0, IDR5_GRAN4K, "it does not translate by tables of 64 bits and 4 KiB"},
    {"two levels", IDR0_ST_LEVEL_2, 0, 0, "it has no stream table of two levels"},
    {"streams", 0, 16 ^ 7, 0, "it has no stream table of two levels"},
    {"tables elsewhere", 0, IDR1_TABLES_PRESET, 0, "its tables are where it wants them"},
    {"queues elsewhere", 0, IDR1_QUEUES_PRESET, 0, "its tables are where it wants them"},
    {"events", 0, (19u ^ 6u) << 16, 0, "its queues are too small"},
    {"commands", 0, (19u ^ 7u) << 21, 0, "its queues are too small"},
    {"stalls", IDR0_STALL_FORCED, 0, 0, "its devices wait for who answers their faults"},
    {"addresses", 0, 0, 4, "it does not reach all memory"},
};

static void name_lack(const struct lack *lack, char *text, size_t size)
{
    snprintf(text, size, "%s", lack->name);
}

KTF_TEST_EACH(smmu, one_that_lacks_something_is_left_alone, struct lack, lacks, name_lack)
{
    model.idr0 ^= param->idr0;
    model.idr1 ^= param->idr1;
    model.idr5 ^= param->idr5;
    machine.memory.at[0].base = pa_make(UINT64_C(1) << 33);
    EXPECT_STREQ(smmu_init(own), param->text);
    EXPECT_FALSE(smmu_is_there());
    EXPECT_EQ(model.cr0, 0);
}
