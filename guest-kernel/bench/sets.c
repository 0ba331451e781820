/* SPDX-License-Identifier: MIT */
/*
 * The sets of rows. Most need a machine of one vCPU and nothing else; each of the others has a
 * machine of its own, which tests/bench/run makes and names by "rows=" on the command line.
 */
#include "bench/sets.h"

#include <string.h>

#include "arch/cpu.h"
#include "arch/layout.h"
#include "bench/beside.h"
#include "bench/native_rows.h"
#include "bench/several.h"
#include "dev/pl011.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "measure/counter.h"
#include "measure/measure.h"
#include "mm/page.h"
#include "sensitive/measured/measured.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"

/* How long the busy guest is watched, in units that both guests' slices fill. */
#define BUSY_TICKS_PER_SEC_SHIFT 2 /* a quarter of a second */

#define MILLION 1000000

#define EXITS_COUNT 1000

#define PACED_LINES   100
#define PACED_LINE_US 400

/* What ran before the first instruction of ours is the hypervisor's, or else the firmware's. */
static void run_power_on(void)
{
    uint64_t total = counter_ticks_to_ns(time_first_ticks());

    measure_print("power_on", "hardware", total, sensitive_is_paravirtual() ? total : 0, 0);
}

/* Exits of any cause but interrupts, and so many up to now. Counting is a call, and so an exit. */
static uint64_t count_own_exits(void)
{
    uint64_t exits = 0;
    uint64_t interrupts = 0;

    (void)sensitive_counter(STILE_COUNTER_INTERRUPTS, &interrupts);
    (void)sensitive_counter(STILE_COUNTER_EXITS, &exits);
    return exits - interrupts;
}

/* Both once: what is touched stays ready. All of it is the hypervisor's but the load. */
static void run_touch(const char *operation, uint64_t pa)
{
    const volatile uint64_t *word = phys_to_virt(pa);
    uint64_t before = count_own_exits();
    uint64_t start = cpu_ticks();

    (void)*word;
    uint64_t total = counter_ticks_to_ns(cpu_ticks() - start);
    measure_print(operation, "trap", total, total,
                  count_own_exits() - before - 2 /* of counting */);
}

/*
 * First touches: of a whole block, and of a page of the memory's last block, which is split by
 * giving a page of it away. This kernel uses its memory from the other end.
 */
static void run_touches(void)
{
    const struct range *last = &machine.memory[machine.nr_memory - 1];
    uint64_t block = last->base + last->bytes - BLOCK_SIZE;

    run_touch("touch_block", block - BLOCK_SIZE);
    if (sensitive->memory_give(block, 1) != 1)
        printk("bench: giving a page did not do what it should\n");
    run_touch("touch_page", block + PAGE_SIZE);
    (void)sensitive->memory_take(block, 1);
}

static void wait_us(uint64_t us)
{
    uint64_t end = cpu_ticks() + time_us_to_ticks(us);

    while (cpu_ticks() < end)
        ;
}

/* Lines one by one, no faster than the reader of the console's ring looks. */
static void run_paced_lines(void)
{
    printk("paced lines\n"); /* the reader is awake from now on */
    uint64_t before = count_own_exits();
    for (int i = 0; i < PACED_LINES; i++) {
        printk("a line of sixty-four characters, and one exit less than by call\n");
        wait_us(PACED_LINE_US);
    }
    uint64_t exits = count_own_exits() - before - 2; /* of counting */
    measure_print("console_ring_exits", "page", exits, 0, exits);
}

/* The exits of a row's loop, which repeats an operation that is to take none. */
static void run_exits(const char *operation, const struct bench_row *row)
{
    uint64_t before = count_own_exits();

    (void)row->loop(EXITS_COUNT);
    uint64_t exits = count_own_exits() - before - 2; /* of counting */
    measure_print(operation, row->way, exits, 0, exits);
}

static void run_rows(const struct bench_row *rows, size_t nr_rows)
{
    for (size_t i = 0; i < nr_rows; i++) {
        if (rows[i].kind != BENCH_UART || pl011_data_register() != 0)
            measure_row(&rows[i]);
    }
}

static void run_alone(void)
{
    if (sensitive_is_paravirtual()) {
        run_rows(measured_call_rows, measured_nr_call_rows);
        run_touches();
        run_paced_lines();
        run_rows(measured_memory_rows, measured_nr_memory_rows);
        measure_row(&measured_mask_row);
        run_exits("mask_unmask_exits", &measured_mask_row);
    }
    run_rows(native_rows, nr_native_rows);
    run_power_on();
}

/* Two CPUs. */
static void run_pair(void)
{
    if (smp_nr_online() < 2) {
        printk("bench: a pair wants two CPUs\n");
        return;
    }
    if (sensitive_is_paravirtual())
        measure_pair(&measured_call_pair);
    measure_pair(&native_pair);
}

/* Two vCPUs, each on a physical CPU of its own: they wait for each other by WFE. */
static void run_events(void)
{
    if (!measured_events_init())
        printk("bench: there is no port\n");
    for (size_t i = 0; i < measured_nr_event_pairs; i++)
        measure_pair(&measured_event_pairs[i]);
}

/* Two VMs on one physical CPU: this one, and one that does run_yield(). */
static void run_switch(void)
{
    measure_row(&measured_call_switch);
}

static void run_yield(void)
{
    for (;;)
        (void)measured_call_switch.loop(UINT32_MAX);
}

/* Two VMs on one physical CPU: this one, and one that does measured_borrow(). */
static void run_share(void)
{
    measure_row(&measured_share_row);
}

/*
 * Two VMs on one physical CPU: this one, and one that does run_spin(). The cycle counter counts
 * both guests' instructions, so the rest of the time is the hypervisor's. Of a million
 * instructions.
 */
static void run_busy(void)
{
    uint64_t start = cpu_ticks();
    uint64_t start_el1 = counter_read_el1();
    uint64_t end = start + (read_sysreg(cntfrq_el0) >> BUSY_TICKS_PER_SEC_SHIFT);

    while (cpu_ticks() < end)
        ;
    uint64_t el1 = counter_read_el1() - start_el1;
    uint64_t total = counter_ticks_to_ns(cpu_ticks() - start);
    uint64_t share = (total - el1) * MILLION / total;
    measure_print("cpu_bound_overhead", "hardware", share, share, 0);
}

static void run_sleep(void)
{
    for (;;)
        sensitive->idle();
}

static void run_spin(void)
{
    for (;;)
        __asm__ volatile("");
}

static const struct {
    const char *name;
    void (*run)(void);
} sets[] = {
    {"steady", several_run_steady},
    {"ipis", several_run_ipis},
    {"alone", run_alone},
    {"pair", run_pair},
    {"events", run_events},
    {"switch", run_switch},
    {"yield", run_yield},
    {"busy", run_busy},
    {"spin", run_spin},
    {"power_on", run_power_on},
    {"share", run_share},
    {"borrow", measured_borrow},
    {"calls", measured_run_table},
    {"sleep", run_sleep},
    {"beside", beside_run},
    {"reset", beside_reset},
    {"split", beside_split},
};

/* Whether a word of the command line is @name. */
static bool is_word(const char *word, const char *name)
{
    size_t length = strlen(name);

    return strncmp(word, name, length) == 0 && (word[length] == ' ' || word[length] == '\0');
}

void sets_run(void)
{
    const char *wanted = machine_option_value("rows=");

    if (!wanted)
        wanted = "alone";
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        if (is_word(wanted, sets[i].name))
            sets[i].run();
    }
}
