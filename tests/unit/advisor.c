/* SPDX-License-Identifier: MIT */
/*
 * watch/advisor.c: the order of the lines, the sums, and honesty where nothing is to be saved.
 */
#include <stdio.h>
#include <string.h>

#include "watch/advisor.c"
#include "vm/counters.c"
#include "vm/stats.c"

#include "fakes/log.h"
#include "ktf.h"

static struct vcpu vcpus[2];
static struct vm vm;

static void setup(void)
{
    memset(vcpus, 0, sizeof(vcpus));
    vm = (struct vm){.config = {.name = "vm", .nr_vcpus = 2}, .vcpus = {&vcpus[0], &vcpus[1]}};
    log_clear();
}

KTF_SUITE(advisor, .setup = setup);

static void print_report(void)
{
    uint32_t row = 0;

    while (advisor_print_row(&vm, row))
        row++;
}

KTF_TEST(advisor, a_vm_that_never_trapped_has_a_heading_only)
{
    print_report();
    EXPECT_STREQ(log_text, "vm: 0 exits that were no calls: about 0 instructions, of which 0 can "
                           "be saved\n");
}

KTF_TEST(advisor, the_dearest_comes_first_and_vcpus_are_added)
{
    vcpus[0].stats.exits[EXIT_TLBI] = 10;
    vcpus[0].stats.exits[EXIT_UART_DATA] = 600;
    vcpus[1].stats.exits[EXIT_UART_DATA] = 680;
    vcpus[1].stats.exits[EXIT_SGI1R] = 100;
    print_report();
    EXPECT_EQ(log_lines, 4);
    char expected[160];
    snprintf(expected, sizeof(expected),
             "\n  PL011 data register: 1280, %u.%u k instructions -> "
             "console_write_buffer: 64 characters for %u, saves ",
             1280 * COST_EXIT_UART_DATA / 1000, 1280 * COST_EXIT_UART_DATA / 100 % 10,
             COST_CALL_CONSOLE_64);
    const char *uart = strstr(log_text, expected);
    const char *sgi = strstr(log_text, "\n  ICC_SGI1R_EL1: 100, 22.9 k instructions -> irq_ipi: "
                                       "162 each, saves 6.7 k\n");
    const char *tlbi = strstr(log_text, "\n  TLBI: 10, 1.2 k instructions -> mode \"assisted\": "
                                        "no exit, saves 1.2 k\n");
    ASSERT_TRUE(uart && sgi && tlbi);
    EXPECT_TRUE(uart < sgi && sgi < tlbi);
}

KTF_TEST(advisor, a_batch_is_paid_for_whole)
{
    /* 65 characters take two calls. */
    vcpus[0].stats.exits[EXIT_UART_DATA] = 65;
    struct counts counts = count(&vm);
    EXPECT_EQ(saved(&counts, EXIT_UART_DATA), 65 * COST_EXIT_UART_DATA - 2 * COST_CALL_CONSOLE_64);
    /* One character is cheaper by the trap. */
    vcpus[0].stats.exits[EXIT_UART_DATA] = 1;
    counts = count(&vm);
    EXPECT_EQ(saved(&counts, EXIT_UART_DATA), 0);
    print_report();
    EXPECT_TRUE(strstr(log_text, "nothing to save: console_write_buffer") != NULL);
}

KTF_TEST(advisor, says_where_nothing_is_to_be_saved)
{
    char expected[100];

    vcpus[0].stats.exits[EXIT_GICD] = 1000;
    vcpus[0].stats.exits[EXIT_INTERRUPT] = 3;
    print_report();
    EXPECT_TRUE(strstr(log_text, "of which 0 can be saved\n") != NULL);
    snprintf(
        expected, sizeof(expected),
        "  distributor: 1000, %u.0 k instructions; nothing to save: no call sets interrupts up\n",
        COST_EXIT_GICD);
    EXPECT_TRUE(strstr(log_text, expected) != NULL);
    EXPECT_TRUE(strstr(log_text, "nothing to save: the machine's own\n") != NULL);
}

KTF_TEST(advisor, kinds_that_cost_the_same_keep_their_order)
{
    for (uint32_t kind = 0; kind < STATS_NR_EXITS; kind++)
        vcpus[0].stats.exits[kind] = 1;
    const struct counts counts = count(&vm);
    bool seen[STATS_NR_EXITS] = {false};
    for (uint32_t place = 0; place < STATS_NR_EXITS; place++) {
        uint32_t kind = ranked(&counts, place);
        ASSERT_LT(kind, STATS_NR_EXITS);
        EXPECT_FALSE(seen[kind]);
        seen[kind] = true;
    }
    EXPECT_EQ(ranked(&counts, STATS_NR_EXITS), STATS_NR_EXITS);
    print_report();
    EXPECT_EQ(log_lines, 1 + STATS_NR_EXITS);
}

KTF_TEST(advisor, every_kind_has_a_name_a_price_and_advice)
{
    for (uint32_t kind = 0; kind < STATS_NR_EXITS; kind++) {
        EXPECT_TRUE(stats_exit_name(kind) != NULL);
        EXPECT_GT(costs[kind], 0);
        EXPECT_TRUE(advices[kind].text != NULL);
    }
}

KTF_TEST(advisor, amounts_are_short)
{
    static const struct {
        uint64_t number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1.0 k"},
        {12345, "12.3 k"},
        {999999, "999.9 k"},
        {1000000, "1.0 M"},
        {3100000, "3.1 M"},
        {UINT64_C(10000000000), "10.0 G"},
        {UINT64_MAX, "18446.7 P"},
    };
    char text[AMOUNT_BYTES];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        EXPECT_STREQ(amount(rows[i].number, text), rows[i].text);
}

/* As exits leave them: 16 calls, a core_multicall of which made three more; 4 UART accesses,
 * folded. */
KTF_TEST(advisor, counters_of_the_abi_are_sums_of_kinds)
{
    struct vcpu *vcpu = &vcpus[0];
    struct vcpu_stats *stats = &vcpu->stats;

    stats->exits[EXIT_UART_DATA] = 4;
    stats->exits[EXIT_WFI] = 2;
    stats->exits[EXIT_OTHER_REGISTER] = 1;
    stats->exits[EXIT_SMC] = 1;
    stats->exits[EXIT_INTERRUPT] = 8;
    stats->calls[3] = 19;
    for (int i = 0; i < 16; i++)
        trace_hypercall(&vcpu->trace, STILE_FID(3), 0, 0, 0);
    for (int i = 0; i < 8; i++)
        trace_interrupt(&vcpu->trace, 27);
    for (int i = 0; i < 4; i++)
        trace_abort(&vcpu->trace, UINT64_C(0x24) << 26, 0, 0x1000);
    for (int i = 0; i < 4; i++)
        trace_trap(&vcpu->trace, UINT64_C(1) << 26, 0);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_DATA_ABORTS), 4);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_WAITS), 2);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_INTERRUPTS), 8);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_SYSREG), 1);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_OTHER), 1);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_HYPERCALLS), 16);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_EXITS), 32);
    stats_reclassify(stats, EXIT_UART_DATA, EXIT_UART_OTHER);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_DATA_ABORTS), 4);
    EXPECT_EQ(stats->exits[EXIT_UART_OTHER], 1);
}

KTF_TEST(advisor, calls_are_no_less_than_none_while_an_exit_is_counted)
{
    struct vcpu *vcpu = &vcpus[0];

    vcpu->stats.exits[EXIT_INTERRUPT]++; /* and the flight recorder's, right after */
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_HYPERCALLS), 0);
    vcpu->trace.nr_others = UINT32_MAX;
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_HYPERCALLS), 0);
    vcpu->stats.standard_calls = UINT64_C(1) << 33;
    EXPECT_GT(counters_read(vcpu, STILE_COUNTER_HYPERCALLS), 0);
}

KTF_TEST(advisor, switches_and_stolen_time_are_those_of_the_page)
{
    struct stile_vcpu_page page = {.nr_switches = 7, .stolen_ticks = UINT64_MAX};
    struct vcpu *vcpu = &vcpus[0];

    vcpu->page = &page;
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_SWITCHES), 7);
    EXPECT_EQ(counters_read(vcpu, STILE_COUNTER_STOLEN_TICKS), UINT64_MAX);
    vcpu->page = NULL;
}

KTF_TEST(advisor, every_kind_is_part_of_a_counter)
{
    struct vcpu *vcpu = &vcpus[0];

    for (uint32_t kind = 0; kind < STATS_NR_EXITS; kind++) {
        uint64_t before = 0, after = 0;
        for (uint32_t counter = STILE_COUNTER_INTERRUPTS; counter <= STILE_COUNTER_OTHER; counter++)
            before += counters_read(vcpu, counter);
        vcpu->stats.exits[kind]++;
        for (uint32_t counter = STILE_COUNTER_INTERRUPTS; counter <= STILE_COUNTER_OTHER; counter++)
            after += counters_read(vcpu, counter);
        EXPECT_EQ(after, before + 1);
    }
}
