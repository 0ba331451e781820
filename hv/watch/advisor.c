/* SPDX-License-Identifier: MIT */
/*
 * Advice for each kind of exit, and the report: the most expensive first.
 */
#include "watch/advisor.h"

#include <stdio.h>

#include "lib/printk.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "watch/costs.h"

static const uint32_t costs[STATS_NR_EXITS] = {
#define COST(kind, instructions, row) [EXIT_##kind] = (instructions),
    COSTS_EXITS(COST)
#undef COST
};

/* What replaces an exit: @units exits cost @instructions then. units 0: nothing does, and why. */
struct advice {
    const char *text;
    uint32_t units;
    uint32_t instructions;
};

#define NOTHING(why)                                                                               \
    {                                                                                              \
        (why), 0, 0                                                                                \
    }
#define NO_EXIT(how)                                                                               \
    {                                                                                              \
        (how), 1, 0                                                                                \
    }
#define CALL(name, instructions)                                                                   \
    {                                                                                              \
        (name), 1, (instructions)                                                                  \
    }

static const struct advice advices[STATS_NR_EXITS] = {
    [EXIT_DEVICE] = NOTHING("no call does what it does"),
    [EXIT_UART_DATA] = {"console_write_buffer", 64, COST_CALL_CONSOLE_64},
    [EXIT_UART_OTHER] = NO_EXIT("console_write_buffer has no status to read"),
    [EXIT_GICD] = NOTHING("no call sets interrupts up"),
    [EXIT_SGIR] = CALL("irq_ipi", COST_CALL_IPI),
    [EXIT_GICR] = NOTHING("no call sets interrupts up"),
    [EXIT_TOUCH_PART] = NOTHING("eight for each block of memory"),
    [EXIT_TOUCH_PAGE] = NOTHING("once for each page that is no part of a block"),
    [EXIT_BAD_ACCESS] = NOTHING("the guest's mistake"),
    [EXIT_ID_REGISTER] = NOTHING("no call reads them; a guest can keep what it read"),
    [EXIT_SGI1R] = CALL("irq_ipi", COST_CALL_IPI),
    [EXIT_TTBR] = NO_EXIT("mode \"assisted\": no exit"),
    [EXIT_VM_REGISTER] = NO_EXIT("mode \"assisted\": no exit"),
    [EXIT_TLBI] = NO_EXIT("mode \"assisted\": no exit"),
    [EXIT_CACHE_REGISTER] = NO_EXIT("a guest can keep what it read: no exit"),
    [EXIT_SET_WAY] = NO_EXIT("DC by address: no exit"),
    [EXIT_TIMER] = NO_EXIT("the virtual timer: no exit"),
    [EXIT_PMU] = NOTHING("no call does what they do"),
    [EXIT_DEBUG] = NOTHING("no call does what they do"),
    [EXIT_OTHER_REGISTER] = NOTHING("no call does what they do"),
    [EXIT_WFI] = CALL("vcpu_block", COST_CALL_BLOCK),
    [EXIT_WFE] = CALL("vcpu_yield", COST_CALL_YIELD),
    [EXIT_SMC] = CALL("HVC", COST_CALL_STANDARD),
    [EXIT_FP] = NOTHING("once each time the vCPU is switched to"),
    [EXIT_FETCH_PART] = NOTHING("eight for each block of memory"),
    [EXIT_FETCH_PAGE] = NOTHING("once for each page that is no part of a block"),
    [EXIT_BAD_FETCH] = NOTHING("the guest's mistake"),
    [EXIT_REFUSED] = NOTHING("the guest's mistake"),
    [EXIT_INTERRUPT] = NOTHING("the machine's own"),
};

/* --- counting ------------------------------------------------------------------------------ */

/* The counters of all vCPUs, copied, so that sorting sees one state of them. */
struct counts {
    uint64_t exits[STATS_NR_EXITS];
};

static struct counts count(const struct vm *vm)
{
    struct counts counts = {{0}};

    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        for (uint32_t kind = 0; kind < STATS_NR_EXITS; kind++)
            counts.exits[kind] += vm->vcpus[i]->stats.exits[kind];
    return counts;
}

static uint64_t spent(const struct counts *counts, uint32_t kind)
{
    return counts->exits[kind] * costs[kind];
}

/* What the replacement leaves of it is subtracted; 0 if there is none, or it costs more. */
static uint64_t saved(const struct counts *counts, uint32_t kind)
{
    const struct advice *advice = &advices[kind];

    if (advice->units == 0)
        return 0;
    uint64_t calls = (counts->exits[kind] + advice->units - 1) / advice->units;
    uint64_t left = calls * advice->instructions;
    return spent(counts, kind) > left ? spent(counts, kind) - left : 0;
}

static bool is_before(const struct counts *counts, uint32_t kind, uint32_t other)
{
    uint64_t its = spent(counts, kind), others = spent(counts, other);

    return its > others || (its == others && kind < other);
}

/* The kind that is @place-th, from 0, by what was spent on it. */
static uint32_t ranked(const struct counts *counts, uint32_t place)
{
    uint32_t kind = 0;

    for (; kind < STATS_NR_EXITS; kind++) {
        uint32_t nr_before = 0;
        for (uint32_t other = 0; other < STATS_NR_EXITS; other++)
            nr_before += is_before(counts, other, kind);
        if (nr_before == place)
            break;
    }
    return kind;
}

/* --- printing ------------------------------------------------------------------------------ */

#define AMOUNT_BYTES 24

/* 653, 12.3 k, 3.1 M, 4.0 G */
static const char *amount(uint64_t instructions, char text[AMOUNT_BYTES])
{
    static const char units[] = "kMGTP";
    uint32_t unit = 0;

    if (instructions < 1000) {
        (void)snprintf(text, AMOUNT_BYTES, "%u", (unsigned)instructions);
        return text;
    }
    for (; instructions >= 1000000 && unit < sizeof(units) - 2; unit++)
        instructions /= 1000;
    (void)snprintf(text, AMOUNT_BYTES, "%lu.%lu %c", instructions / 1000, instructions / 100 % 10,
                   units[unit]);
    return text;
}

static void print_heading(const struct vm *vm, const struct counts *counts)
{
    uint64_t exits = 0, instructions = 0, savings = 0;
    char text[2][AMOUNT_BYTES];

    for (uint32_t kind = 0; kind < STATS_NR_EXITS; kind++) {
        exits += counts->exits[kind];
        instructions += spent(counts, kind);
        savings += saved(counts, kind);
    }
    printk_guest(
        "%s: %lu exits that were no calls: about %s instructions, of which %s can be saved",
        vm->config.name, exits, amount(instructions, text[0]), amount(savings, text[1]));
}

static void print_advice(const struct advice *advice, char *text, size_t size)
{
    if (advice->instructions == 0)
        (void)snprintf(text, size, "%s", advice->text);
    else if (advice->units == 1)
        (void)snprintf(text, size, "%s: %u each", advice->text, advice->instructions);
    else
        (void)snprintf(text, size, "%s: %u characters for %u", advice->text, advice->units,
                       advice->instructions);
}

static void print_kind(const struct counts *counts, uint32_t kind)
{
    char how[64], text[2][AMOUNT_BYTES];
    const char *cost = amount(spent(counts, kind), text[0]);

    print_advice(&advices[kind], how, sizeof(how));
    if (saved(counts, kind) == 0)
        printk_guest("  %s: %lu, %s instructions; nothing to save: %s", stats_exit_name(kind),
                     counts->exits[kind], cost, how);
    else
        printk_guest("  %s: %lu, %s instructions -> %s, saves %s", stats_exit_name(kind),
                     counts->exits[kind], cost, how, amount(saved(counts, kind), text[1]));
}

bool advisor_print_row(const struct vm *vm, uint32_t row)
{
    const struct counts counts = count(vm);

    if (row == 0) {
        print_heading(vm, &counts);
        return true;
    }
    uint32_t kind = ranked(&counts, row - 1);
    if (counts.exits[kind] == 0)
        return false;
    print_kind(&counts, kind);
    return row < STATS_NR_EXITS;
}
