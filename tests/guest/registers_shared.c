/* SPDX-License-Identifier: MIT */
/*
 * What one VM writes into a register, another on the same physical CPU never reads. Every VM with
 * "pattern=N" on its command line writes values of its own, made of N, into every encoding that can
 * be written, yields, and finds every register as it was.
 *
 * Which encodings there are is found out by trying all. Left out are the few that the kernel stands
 * on while it runs this, or that interrupt it: they differ between any two kernels all the time.
 */
#include <stdlib.h>

#include "arch/cpu.h"
#include "machine/machine.h"
#include "lib/time.h"
#include "ktf.h"
#include "mm/kernel_map.h"
#include "arch/layout.h"
#include "registers_rig.h"
#include "support.h"

#define WINDOW_MS         600
#define SWITCHES_AT_LEAST 20

/* What is there of a set of encodings. */
struct found {
    uint16_t encoding;
    bool is_written;   /* with patterns */
    uint64_t original; /* before a round */
    uint64_t kept;     /* what came of the round's pattern */
};

static struct found found[REGISTERS_PREPARED];
static size_t nr_found;
static uint64_t seed; /* N */
static const volatile struct stile_vcpu_page *page;

static void need_peer(void)
{
    const char *value = machine_option_value("pattern=");

    support_need_hypervisor();
    if (!value)
        SKIP("runs beside another VM, with pattern=N on the command line");
    seed = strtoul(value, NULL, 10);
    if (!page)
        page = kernel_map_shared(stile_core_info(STILE_INFO_VCPU_PAGE).value[0], PAGE_SIZE);
    registers_setup();
}

KTF_SUITE(registers_shared, .suite_setup = need_peer);

/* Encodings from the first to the last, inclusive. */
struct span {
    uint32_t first, last;
};

#define ONE(...)                                                                                   \
    {                                                                                              \
        REGISTER(__VA_ARGS__), REGISTER(__VA_ARGS__)                                               \
    }

static bool is_in(uint32_t encoding, const struct span spans[], size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        if (spans[i].first <= encoding && encoding <= spans[i].last)
            return true;
    return false;
}

#define IS_IN(encoding, spans) is_in(encoding, spans, sizeof(spans) / sizeof((spans)[0]))

/* Reading these takes an interrupt; or what they read changes by itself. */
static const struct span unsteady[] = {
    ONE(3, 0, 12, 1, 0),                                  /* ISR */
    ONE(3, 0, 12, 8, 0),                                  /* ICC_IAR0 */
    ONE(3, 0, 12, 8, 2),                                  /* ICC_HPPIR0 */
    ONE(3, 0, 12, 12, 0),                                 /* ICC_IAR1 */
    ONE(3, 0, 12, 12, 2),                                 /* ICC_HPPIR1 */
    {REGISTER(3, 3, 2, 4, 0), REGISTER(3, 3, 2, 4, 1)},   /* RNDR, RNDRRS */
    {REGISTER(3, 3, 4, 2, 0), REGISTER(3, 3, 4, 2, 1)},   /* NZCV, DAIF */
    {REGISTER(3, 3, 14, 0, 1), REGISTER(3, 3, 14, 0, 6)}, /* the counters */
    {REGISTER(3, 3, 14, 2, 0), REGISTER(3, 3, 14, 2, 1)}, /* CNTP_TVAL, CNTP_CTL */
    {REGISTER(3, 3, 14, 3, 0), REGISTER(3, 3, 14, 3, 1)}, /* CNTV_TVAL, CNTV_CTL */
};

/* A pattern in these would end the kernel. */
static const struct span vital[] = {
    ONE(3, 0, 1, 0, 0),                                    /* SCTLR */
    ONE(3, 0, 1, 0, 2),                                    /* CPACR */
    {REGISTER(3, 0, 2, 0, 1), REGISTER(3, 0, 2, 0, 2)},    /* TTBR1, TCR */
    ONE(3, 0, 4, 2, 0),                                    /* SPSel */
    ONE(3, 0, 10, 2, 0),                                   /* MAIR */
    ONE(3, 0, 12, 0, 0),                                   /* VBAR */
    {REGISTER(3, 0, 12, 8, 0), REGISTER(3, 0, 12, 12, 7)}, /* active priorities, ends, SGIs */
};

static void find_registers(void)
{
    uint64_t value = 0;
    uint64_t flags = registers_begin();

    nr_found = 0;
    for (uint32_t encoding = 0; encoding < REGISTERS_NR; encoding++) {
        if (IS_IN(encoding, unsteady) || registers_read(encoding, &value) != REGISTERS_NO_FAULT)
            continue;
        if (nr_found < REGISTERS_PREPARED) {
            found[nr_found].encoding = (uint16_t)encoding;
            found[nr_found].is_written =
                !IS_IN(encoding, vital) && registers_write(encoding, value) == REGISTERS_NO_FAULT;
        }
        nr_found++;
    }
    registers_end(flags);
}

/* No two rounds and no two VMs have a value in common. */
static uint64_t pattern(uint64_t round, size_t i)
{
    return (round * 2654435761u + seed * UINT64_C(0x9E3779B97F4A7C15)) ^ i << 20 ^ i;
}

/* With interrupts masked: nothing but the other VM comes between. Returns which differs, or NR. */
static size_t play_round(uint64_t round)
{
    size_t differs = nr_found;

    for (size_t i = 0; i < nr_found; i++)
        found[i].original = registers_get(i);
    for (size_t i = 0; i < nr_found; i++)
        if (found[i].is_written)
            registers_set(i, pattern(round, i));
    isb();
    for (size_t i = 0; i < nr_found; i++)
        found[i].kept = registers_get(i);
    (void)stile_vcpu_yield();
    for (size_t i = 0; i < nr_found && differs == nr_found; i++)
        if (registers_get(i) != found[i].kept)
            differs = i;
    for (size_t i = 0; i < nr_found; i++)
        if (found[i].is_written)
            registers_set(i, found[i].original);
    isb();
    return differs;
}

KTF_TEST(registers_shared, none_changes_while_another_vm_runs)
{
    static uint16_t encodings[REGISTERS_PREPARED];

    find_registers();
    ASSERT_LE(nr_found, REGISTERS_PREPARED);
    for (size_t i = 0; i < nr_found; i++)
        encodings[i] = found[i].encoding;
    registers_prepare(encodings, nr_found);

    uint64_t end = cpu_ticks() + time_ms_to_ticks(WINDOW_MS);
    uint64_t switches = page->nr_switches;
    for (uint64_t round = 0; cpu_ticks() < end; round++) {
        uint64_t flags = registers_begin();
        size_t differs = play_round(round);
        registers_end(flags);
        if (differs != nr_found)
            ASSERT_FAIL("%s is another's in round %llu: it held %llx",
                        registers_name(found[differs].encoding), (unsigned long long)round,
                        (unsigned long long)found[differs].kept);
    }
    EXPECT_GE(page->nr_switches - switches, SWITCHES_AT_LEAST);
}
