/* SPDX-License-Identifier: MIT */
/*
 * dev/its.c on a model of an ITS and of redistributors: registers, what is taken from the queue,
 * and by IHI 0069, chapter 5, which LPI an event is and where that goes.
 */
#include "fakes/config.h"

#include <stdio.h>
#include <string.h>

#include "fakes/panic.h"

#include "dev/ranges.c"
#include "dev/its.c"

#include "ktf.h"

#define BASE     UINT64_C(0x08080000)
#define GICR(i)  (UINT64_C(0x080A0000) + (i)*UINT64_C(0x20000))
#define GICD     UINT64_C(0x08000000)
#define NR_CPUS  2u
#define NR_KNOWN 64u /* DeviceIDs that the model can tell */

struct machine machine;

static _Alignas(TABLE_BYTES) char memory[ITS_NR_TABLES][TABLE_BYTES];
static void *tables[ITS_NR_TABLES];
static _Alignas(ITS_ITT_BYTES) char itt[2][ITS_ITT_BYTES];

/* --- the model ----------------------------------------------------------------------------- */

static struct {
    uint64_t typer, cbaser, baser[GITS_NR_BASER];
    uint64_t creadr, cwriter;
    uint32_t ctlr, gicd_typer;
    uint32_t page_size; /* of BASERs */
    bool is_coherent;
    bool stalls;
    unsigned nr_commands;
    struct {
        uint64_t typer, propbaser, pendbaser;
        uint32_t ctlr;
    } gicr[NR_CPUS];
    uint64_t collections[CONFIG_NR_PCPUS];
    struct {
        uint64_t itt; /* 0: not mapped */
        struct {
            uint32_t intid; /* 0: not mapped */
            uint32_t collection;
            uint8_t property; /* as it was read last */
        } events[ITS_NR_EVENTS];
    } devices[NR_KNOWN];
} model;

uintptr_t gicv3_redistributor(uint32_t pcpu_index)
{
    return pcpu_index < NR_CPUS ? GICR(pcpu_index) : 0;
}

/* What a redistributor reads of an LPI. */
static uint8_t property_of(uint32_t intid)
{
    uint64_t at = model.gicr[0].propbaser & GICR_PROPBASER_ADDRESS;

    return *(const uint8_t *)(uintptr_t)(at + intid - GIC_FIRST_LPI);
}

static void take_command(const uint64_t *words)
{
    uint32_t id = (uint32_t)(words[0] >> 32), event = (uint32_t)words[1];
    uint64_t collection = words[2] & 0xFFFF;

    model.nr_commands++;
    switch (words[0] & 0xFF) {
    case ITS_MAPD:
        ASSERT_LT(id, NR_KNOWN);
        EXPECT_EQ(words[1], 4);
        model.devices[id].itt = words[2] & ITS_VALID ? words[2] & ~ITS_VALID : 0;
        EXPECT_EQ(model.devices[id].itt % 256, 0);
        break;
    case ITS_MAPC:
        ASSERT_LT(collection, CONFIG_NR_PCPUS);
        EXPECT_NE(words[2] & ITS_VALID, 0);
        model.collections[collection] = words[2] & ~ITS_VALID & ~UINT64_C(0xFFFF);
        break;
    case ITS_MAPTI:
        ASSERT_LT(id, NR_KNOWN);
        ASSERT_LT(event, ITS_NR_EVENTS);
        EXPECT_NE(model.devices[id].itt, 0);
        model.devices[id].events[event].intid = (uint32_t)(words[1] >> 32);
        model.devices[id].events[event].collection = (uint32_t)collection;
        model.devices[id].events[event].property = property_of((uint32_t)(words[1] >> 32));
        break;
    case ITS_MOVI:
        EXPECT_NE(model.devices[id].events[event].intid, 0);
        model.devices[id].events[event].collection = (uint32_t)collection;
        break;
    case ITS_INV:
        EXPECT_NE(model.devices[id].events[event].intid, 0);
        model.devices[id].events[event].property =
            property_of(model.devices[id].events[event].intid);
        break;
    case ITS_DISCARD:
        EXPECT_NE(model.devices[id].events[event].intid, 0);
        model.devices[id].events[event].intid = 0;
        break;
    default:
        EXPECT_TRUE((words[0] & 0xFF) == ITS_SYNC || (words[0] & 0xFF) == ITS_INVALL);
    }
}

static void take_commands(void)
{
    uint64_t at = model.cbaser & ITS_BASE_ADDRESS;

    EXPECT_TRUE(model.ctlr & GITS_CTLR_ENABLED);
    EXPECT_EQ(at % 0x10000, 0);
    for (; model.creadr != model.cwriter; model.creadr = (model.creadr + 32) % 0x1000)
        take_command((const uint64_t *)(uintptr_t)(at + model.creadr));
}

static uint64_t read_gicr(uint32_t i, uintptr_t offset)
{
    switch (offset) {
    case GICR_TYPER:
        return model.gicr[i].typer;
    case GICR_CTLR:
        return model.gicr[i].ctlr;
    default:
        abort();
    }
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    for (uint32_t i = 0; i < NR_CPUS; i++)
        if (address - GICR(i) < 0x20000)
            return read_gicr(i, address - GICR(i));
    if (address == GICD + GICD_TYPER)
        return model.gicd_typer;
    if (address - BASE >= GITS_BASER && address - BASE < GITS_BASER + 64)
        return model.baser[(address - BASE - GITS_BASER) / 8];
    switch (address - BASE) {
    case GITS_CTLR:
        EXPECT_EQ(bytes, 4);
        return model.ctlr | GITS_CTLR_QUIESCENT;
    case GITS_TYPER:
        return model.typer;
    case GITS_CBASER:
        return model.cbaser;
    case GITS_CREADR:
        return model.creadr | (model.stalls ? GITS_CREADR_STALLED : 0);
    default:
        abort();
    }
}

static void write_gicr(uint32_t i, uintptr_t offset, uint64_t value)
{
    switch (offset) {
    case GICR_PROPBASER:
        EXPECT_FALSE(model.gicr[i].ctlr & GICR_CTLR_ENABLE_LPIS);
        model.gicr[i].propbaser = value;
        break;
    case GICR_PENDBASER:
        EXPECT_FALSE(model.gicr[i].ctlr & GICR_CTLR_ENABLE_LPIS);
        EXPECT_EQ(value & 0xF000, 0);
        model.gicr[i].pendbaser = value;
        break;
    case GICR_CTLR:
        model.gicr[i].ctlr = (uint32_t)value;
        break;
    default:
        abort();
    }
}

/* Type and size of entries are fixed, as is the size of pages if the model says so. */
static void write_baser(uint32_t i, uint64_t value)
{
    const uint64_t fixed = UINT64_C(7) << 56 | UINT64_C(31) << 48;

    EXPECT_FALSE(model.ctlr & GITS_CTLR_ENABLED);
    value = (value & ~fixed) | (model.baser[i] & fixed);
    if (model.page_size < 3)
        value = (value & ~UINT64_C(0x300)) | model.page_size << 8;
    if (!model.is_coherent)
        value &= ~UINT64_C(0xC00);
    model.baser[i] = value;
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    (void)bytes;
    for (uint32_t i = 0; i < NR_CPUS; i++) {
        if (address - GICR(i) < 0x20000) {
            write_gicr(i, address - GICR(i), value);
            return;
        }
    }
    if (address - BASE >= GITS_BASER && address - BASE < GITS_BASER + 64) {
        write_baser((uint32_t)(address - BASE - GITS_BASER) / 8, value);
        return;
    }
    switch (address - BASE) {
    case GITS_CTLR:
        model.ctlr = (uint32_t)value;
        break;
    case GITS_CBASER:
        EXPECT_FALSE(model.ctlr & GITS_CTLR_ENABLED);
        model.cbaser = model.is_coherent ? value : value & ~UINT64_C(0xC00);
        model.creadr = 0;
        break;
    case GITS_CWRITER:
        model.cwriter = value;
        if (value != model.creadr && !model.stalls)
            take_commands();
        break;
    default:
        abort();
    }
}

static void setup(void)
{
    memset(&model, 0, sizeof(model));
    memset(memory, 0, sizeof(memory));
    memset(&its, 0, sizeof(its));
    for (uint32_t i = 0; i < ITS_NR_TABLES; i++)
        tables[i] = memory[i];
    machine.nr_cpus = NR_CPUS;
    machine.gicd = (struct pa_range){pa_make(GICD), 0x10000};
    /* QEMU's: 16 bits of DeviceIDs and of EventIDs, 12 bytes an event. */
    model.typer = GITS_TYPER_PHYSICAL | 11 << 4 | 15 << 8 | 15 << 13;
    model.baser[0] = (uint64_t)GITS_BASER_DEVICES << 56 | UINT64_C(7) << 48;
    model.baser[1] = (uint64_t)GITS_BASER_COLLECTIONS << 56 | UINT64_C(7) << 48;
    model.gicd_typer = GICD_TYPER_LPIS | 15 << 19;
    model.page_size = 3;
    model.is_coherent = true;
    for (uint32_t i = 0; i < NR_CPUS; i++)
        model.gicr[i].typer = GICR_TYPER_PLPIS | (5 + i) << 8;
}

KTF_SUITE(its, .setup = setup);

static const char *init(void)
{
    return its_init(pa_make(BASE), tables);
}

KTF_TEST(its, at_first_each_cpu_has_a_collection)
{
    ASSERT_STREQ(init(), NULL);
    EXPECT_TRUE(its_is_there());
    EXPECT_TRUE(its_is_at(pa_make(BASE)));
    EXPECT_FALSE(its_is_at(pa_make(BASE + 0x20000)));
    EXPECT_EQ(its_nr_devices(), 8192);
    EXPECT_TRUE(model.ctlr & GITS_CTLR_ENABLED);
    for (uint32_t i = 0; i < NR_CPUS; i++) {
        EXPECT_EQ(model.collections[i], (5 + i) << 16);
        EXPECT_TRUE(model.gicr[i].ctlr & GICR_CTLR_ENABLE_LPIS);
        EXPECT_EQ(model.gicr[i].propbaser & 31, 13);
        EXPECT_EQ(model.gicr[i].pendbaser & GICR_PROPBASER_ADDRESS,
                  (uint64_t)(uintptr_t)memory[PENDING + i]);
    }
    EXPECT_EQ(model.baser[0] & UINT64_C(0xFFFFFFFFF000), (uint64_t)(uintptr_t)memory[DEVICES]);
    EXPECT_EQ(model.baser[0] & ITS_BASE_PAGES, 0);
    EXPECT_EQ(property_of(GIC_FIRST_LPI), PRIORITY);
    EXPECT_EQ(property_of(GIC_FIRST_LPI + NR_LPIS - 1), PRIORITY);
}

KTF_TEST(its, its_pages_may_be_small)
{
    model.page_size = 0;
    ASSERT_STREQ(init(), NULL);
    EXPECT_EQ(model.baser[1] & ITS_BASE_PAGES, 15);
    EXPECT_EQ(GITS_BASER_PAGE_SIZE(model.baser[1]), 0);
}

KTF_TEST(its, a_cpu_may_be_told_by_its_address)
{
    model.typer |= GITS_TYPER_PTA;
    ASSERT_STREQ(init(), NULL);
    EXPECT_EQ(model.collections[1], GICR(1));
}

KTF_TEST(its, there_may_be_fewer_devices)
{
    model.typer = (model.typer & ~(UINT64_C(31) << 13)) | 7 << 13;
    ASSERT_STREQ(init(), NULL);
    EXPECT_EQ(its_nr_devices(), 256);
}

KTF_TEST(its, an_event_is_an_lpi_until_it_is_unmapped)
{
    const struct its_event event = {.device = 3, .event = 31, .lpi = 300};

    ASSERT_STREQ(init(), NULL);
    its_map_device(3, itt[1]);
    EXPECT_EQ(model.devices[3].itt, (uint64_t)(uintptr_t)itt[1]);
    its_map(&event, 1);
    EXPECT_EQ(model.devices[3].events[31].intid, 8192 + 300);
    EXPECT_EQ(model.devices[3].events[31].collection, 1);
    EXPECT_EQ(model.devices[3].events[31].property, PRIORITY | LPI_ENABLED);
    its_set_enabled(&event, false);
    EXPECT_EQ(model.devices[3].events[31].property, PRIORITY);
    its_set_enabled(&event, true);
    EXPECT_EQ(model.devices[3].events[31].property, PRIORITY | LPI_ENABLED);
    its_move(&event, 0);
    EXPECT_EQ(model.devices[3].events[31].collection, 0);
    its_unmap(&event);
    EXPECT_EQ(model.devices[3].events[31].intid, 0);
    its_unmap_device(3);
    EXPECT_EQ(model.devices[3].itt, 0);
}

/* The queue goes round. */
KTF_TEST(its, many_commands)
{
    const struct its_event event = {.device = 3, .event = 1, .lpi = 5};
    unsigned before;

    ASSERT_STREQ(init(), NULL);
    its_map_device(3, itt[0]);
    before = model.nr_commands;
    for (unsigned i = 0; i < 1000; i++) {
        its_map(&event, i % NR_CPUS);
        its_unmap(&event);
    }
    EXPECT_EQ(model.nr_commands - before, 4000);
}

/** What it may lack, and what is said then. */
struct lack {
    const char *name;
    void (*make)(void);
    const char *text;
};

static void no_lpis(void)
{
    model.gicd_typer = 15 << 19;
}

static void few_lpis(void)
{
    model.gicd_typer = GICD_TYPER_LPIS | 12 << 19;
}

static void virtual_only(void)
{
    model.typer &= ~GITS_TYPER_PHYSICAL;
}

static void few_events(void)
{
    model.typer = GITS_TYPER_PHYSICAL | 11 << 4 | 3 << 8;
}

static void a_redistributor_without(void)
{
    model.gicr[1].typer = 0;
}

static void left_on(void)
{
    model.gicr[1].ctlr = GICR_CTLR_ENABLE_LPIS;
}

static void not_coherent(void)
{
    model.is_coherent = false;
}

static const struct lack lacks[] = {
    {"no LPIs", no_lpis, "there are no LPIs, or too few"},
    {"few LPIs", few_lpis, "there are no LPIs, or too few"},
    {"no physical ones", virtual_only, "there are no LPIs, or too few"},
    {"few events", few_events, "its tables of events are of another size"},
    {"a redistributor without", a_redistributor_without, "a redistributor has no LPIs"},
    {"left on", left_on, "firmware has left LPIs on"},
    {"not coherent", not_coherent, "its accesses are not coherent"},
};

static void name_lack(const struct lack *lack, char *text, size_t size)
{
    snprintf(text, size, "%s", lack->name);
}

KTF_TEST_EACH(its, one_that_lacks_something_is_left_alone, struct lack, lacks, name_lack)
{
    param->make();
    EXPECT_STREQ(init(), param->text);
    EXPECT_FALSE(its_is_there());
    EXPECT_FALSE(model.ctlr & GITS_CTLR_ENABLED);
    EXPECT_EQ(model.nr_commands, 0);
}
