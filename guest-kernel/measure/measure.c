/* SPDX-License-Identifier: MIT */
/*
 * Measuring: the least of many batches, each of many operations, less what the empty loop takes.
 * Under QEMU's -icount shift=0 a nanosecond of CNTVCT_EL0 is an instruction, and as a batch takes
 * many ticks the average is exact. On hardware the figures are nanoseconds.
 */
#include "measure/measure.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "dev/gic.h"
#include "lib/printk.h"
#include "measure/counter.h"
#include "measure/pair.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"

#define BATCHES       100
#define COUNT         200
#define NOISY_BATCHES 4
#define NOISY_COUNT   50

/* What a batch took. */
struct sample {
    uint64_t ns;  /* of the clock */
    uint64_t el1; /* of the cycle counter, 0 without one */
};

struct result {
    uint64_t total; /* per operation */
    uint64_t el2;
    uint64_t exits;
};

extern char bench_vectors_v2_sgi[], bench_vectors_v2_timer[];
extern char bench_vectors_v3_sgi[], bench_vectors_v3_timer[];

static int64_t empty_loop(uint32_t count)
{
    while (count-- > 0)
        __asm__ volatile("");
    return 0;
}

static const struct bench_row empty_row = {"empty", NULL, BENCH_PLAIN, empty_loop, 0};

static struct sample run_batch(const struct bench_row *row, uint32_t count, int64_t *status)
{
    uint64_t start = cpu_ticks();
    uint64_t start_el1 = counter_read_el1();

    *status = row->loop(count);

    uint64_t end_el1 = counter_read_el1();
    uint64_t end = cpu_ticks();
    return (struct sample){counter_ticks_to_ns(end - start), end_el1 - start_el1};
}

static struct sample least_batch(const struct bench_row *row, uint32_t batches, uint32_t count,
                                 int64_t *status)
{
    struct sample least = {UINT64_MAX, 0};

    for (uint32_t i = 0; i < batches; i++) {
        struct sample sample = run_batch(row, count, status);
        if (sample.ns < least.ns)
            least = sample;
    }
    return least;
}

/* The whole divided by the count, to the nearest; never below zero. */
static uint64_t per_operation(uint64_t whole, uint64_t overhead, uint32_t count)
{
    return whole > overhead ? (whole - overhead + count / 2) / count : 0;
}

/* A call that reads the counter is an exit of its own. */
static uint64_t count_exits(const struct bench_row *row, uint32_t count)
{
    uint64_t before = 0;
    uint64_t after = 0;

    if (!sensitive_counter(STILE_COUNTER_EXITS, &before))
        return 0;
    (void)row->loop(count);
    (void)sensitive_counter(STILE_COUNTER_EXITS, &after);
    return per_operation(after - before, 1, count);
}

/* What VBAR_EL1 is while a loop runs; for most kinds, the kernel's own vectors. */
static uint64_t vectors_for(enum bench_kind kind)
{
    switch (kind) {
    case BENCH_SGI:
        return (uint64_t)(gic->version == 3 ? bench_vectors_v3_sgi : bench_vectors_v2_sgi);
    case BENCH_TIMER:
    case BENCH_LATE:
        return (uint64_t)(gic->version == 3 ? bench_vectors_v3_timer : bench_vectors_v2_timer);
    case BENCH_PLAIN:
    case BENCH_NOISY:
    case BENCH_UART:
    case BENCH_TICKS:
        break;
    }
    return read_sysreg(vbar_el1);
}

static void use_vectors(uint64_t vectors)
{
    write_sysreg(vbar_el1, vectors);
    isb();
}

static bool is_noisy(const struct bench_row *row)
{
    return row->kind == BENCH_NOISY || row->kind == BENCH_UART;
}

static bool measure(const struct bench_row *row, struct result *result)
{
    uint32_t batches = is_noisy(row) ? NOISY_BATCHES : BATCHES;
    uint32_t count = is_noisy(row) ? NOISY_COUNT : COUNT;
    uint64_t vectors = read_sysreg(vbar_el1);
    int64_t status = 0;

    use_vectors(vectors_for(row->kind));
    struct sample empty = least_batch(&empty_row, batches, count, &status);
    struct sample least = least_batch(row, batches, count, &status);
    result->exits = count_exits(row, count);
    use_vectors(vectors);

    uint64_t el1 = per_operation(least.el1, empty.el1, count);
    result->total = per_operation(least.ns, empty.ns, count);
    result->el2 = counter_present() && result->total > el1 ? result->total - el1 : 0;
    return status == row->status;
}

/* What the loop itself measured; all of that counts as the hypervisor's. */
static bool measure_ticks(const struct bench_row *row, struct result *result)
{
    uint64_t vectors = read_sysreg(vbar_el1);

    use_vectors(vectors_for(row->kind));
    uint64_t ns = counter_ticks_to_ns((uint64_t)row->loop(COUNT));
    result->exits = count_exits(row, COUNT);
    use_vectors(vectors);

    result->total = per_operation(ns, 0, COUNT);
    result->el2 = result->total;
    return true;
}

static void print_result(const char *operation, const char *way, const struct result *result)
{
    printk("BENCH operation=%s way=%s gic=%u total=%lu el2=%lu exits=%lu\n", operation, way,
           gic->version, result->total, result->el2, result->exits);
}

void measure_print(const char *operation, const char *way, uint64_t total, uint64_t el2,
                   uint64_t exits)
{
    struct result result = {total, el2, exits};

    print_result(operation, way, &result);
}

void measure_row(const struct bench_row *row)
{
    struct result result;
    bool ticks = row->kind == BENCH_LATE || row->kind == BENCH_TICKS;
    bool right = ticks ? measure_ticks(row, &result) : measure(row, &result);
    const char *way = row->way;

    if (is_noisy(row))
        printk("\n");
    if (!right) {
        printk("bench: %s did not do what it should\n", row->operation);
        return;
    }
    if (!way)
        way = result.exits > 0 || result.el2 > 0 ? "trap" : "hardware";
    print_result(row->operation, way, &result);
}

void measure_pair(const struct bench_pair_row *pair)
{
    if (!pair_start(pair, vectors_for(pair->row.kind))) {
        printk("bench: no memory for a thread\n");
        return;
    }
    measure_row(&pair->row);
    pair_stop();
}
