/* SPDX-License-Identifier: MIT */
/*
 * vm/clock.c: what a VM is told of the time, and that a change of it is never seen half done.
 */
#include <pthread.h>
#include <string.h>

#include "vm/clock.c"

#include "ktf.h"

#define FREQUENCY 62500000 /* 16 ns in a tick */
#define BASE      UINT64_C(0x09010000)
#define ROUNDS    200000

struct machine machine;

static uint32_t rtc_seconds;

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    EXPECT_EQ(address, BASE);
    EXPECT_EQ(bytes, 4);
    return rtc_seconds;
}

static void set_ticks(uint64_t ticks)
{
    fake_sysreg_write("cntpct_el0", ticks);
}

static void setup(void)
{
    memset(&clocks, 0, sizeof(clocks));
    memset(&machine, 0, sizeof(machine));
    fake_sysreg_write("cntfrq_el0", FREQUENCY);
    set_ticks(0);
}

KTF_SUITE(clock, .setup = setup);

/* As struct stile_clock says. */
static uint64_t wall_at(const struct stile_clock *clock, uint64_t ticks)
{
    __extension__ unsigned __int128 product =
        (unsigned __int128)(ticks - clock->base_ticks) * clock->multiplier;

    return clock->wall_ns + clock->base_ns + (uint64_t)(product >> clock->shift);
}

KTF_TEST(clock, nobody_knows_without_a_clock)
{
    struct stile_clock clock;

    clock_init();
    set_ticks(1000);
    clock_show(&clock);
    EXPECT_EQ(clock.wall_ns, 0);
    EXPECT_EQ(clock.base_ticks, 1000);
    EXPECT_EQ(clock.multiplier >> clock.shift, 16);
}

KTF_TEST(clock, it_is_the_machines)
{
    struct stile_clock clock;

    machine.rtc = (struct pa_range){pa_make(BASE), 4096};
    rtc_seconds = 1700000000;
    set_ticks(5 * FREQUENCY);
    clock_init();
    set_ticks(8 * FREQUENCY);
    clock_show(&clock);
    EXPECT_EQ(clock.wall_ns, UINT64_C(1700000003) * NS_PER_SEC);
    EXPECT_EQ(wall_at(&clock, 9 * FREQUENCY), UINT64_C(1700000004) * NS_PER_SEC);
}

KTF_TEST(clock, it_is_told_in_seconds)
{
    set_ticks(7 * FREQUENCY + FREQUENCY / 2);
    EXPECT_EQ(clock_seconds(), 7);
    clock_set(UINT64_C(1700000000) * NS_PER_SEC);
    set_ticks(17 * FREQUENCY + FREQUENCY / 2);
    EXPECT_EQ(clock_seconds(), 1700000010);
}

KTF_TEST(clock, a_change_is_told_to_all)
{
    struct stile_clock first;
    struct stile_clock second;

    clock_show(&first);
    set_ticks(FREQUENCY);
    clock_show(&second);
    set_ticks(3 * FREQUENCY);
    clock_set(100 * NS_PER_SEC);
    EXPECT_EQ(first.generation, 2);
    EXPECT_EQ(first.wall_ns, 97 * NS_PER_SEC);
    EXPECT_EQ(second.wall_ns, 98 * NS_PER_SEC);
    clock_hide(&first);
    clock_set(200 * NS_PER_SEC);
    EXPECT_EQ(first.generation, 2);
    EXPECT_EQ(second.generation, 4);
    EXPECT_EQ(wall_at(&second, 3 * FREQUENCY), 200 * NS_PER_SEC);
}

/* Set to before the VM's start, seen from 1970; and to exactly that, which is not "unknown". */
KTF_TEST(clock, early_times)
{
    struct stile_clock clock;

    set_ticks(FREQUENCY);
    clock_show(&clock);
    set_ticks(11 * FREQUENCY);
    clock_set(3 * NS_PER_SEC);
    EXPECT_EQ(wall_at(&clock, 12 * FREQUENCY), 4 * NS_PER_SEC);
    clock_set(10 * NS_PER_SEC);
    EXPECT_EQ(clock.wall_ns, 1);
}

static uint64_t ns_at(const struct stile_clock *clock, uint64_t ticks)
{
    return wall_at(clock, ticks) - clock->wall_ns;
}

/* Where a tick is no whole number of nanoseconds, a change costs none. */
KTF_TEST(clock, the_time_since_the_start_is_kept_by_changes)
{
    struct stile_clock clock;

    fake_sysreg_write("cntfrq_el0", 24000000);
    set_ticks(1000);
    clock_show(&clock);
    for (uint64_t ticks = 1001; ticks < 1101; ticks += 7) {
        uint64_t before = ns_at(&clock, ticks), later = ns_at(&clock, ticks + 24000000);

        set_ticks(ticks);
        clock_set(ticks % 2 * NS_PER_SEC);
        EXPECT_EQ(clock.base_ticks, ticks);
        EXPECT_GE(ns_at(&clock, ticks), before);
        EXPECT_GE(ns_at(&clock, ticks + 24000000), later);
        EXPECT_LE(ns_at(&clock, ticks + 24000000), later + 1);
    }
}

KTF_TEST(clock, as_many_as_there_may_be)
{
    struct stile_clock all[CONFIG_NR_VMS];

    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
            clock_show(&all[i]);
        for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
            clock_hide(&all[i]);
    }
}

/* --- a reader meanwhile --- */

static struct stile_clock read_clock;
static bool stops;

static uint64_t read_wall(const struct stile_clock *clock)
{
    uint32_t generation;
    uint64_t wall;

    do {
        generation = __atomic_load_n(&clock->generation, __ATOMIC_ACQUIRE);
        wall = __atomic_load_n(&clock->wall_ns, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (generation % 2 != 0 ||
             generation != __atomic_load_n(&clock->generation, __ATOMIC_RELAXED));
    /* The generation says which of the two values is set. */
    EXPECT_EQ(wall, generation % 4 == 0 ? NS_PER_SEC : UINT64_MAX / 2);
    return wall;
}

static void *read_always(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&stops, __ATOMIC_RELAXED))
        (void)read_wall(&read_clock);
    return NULL;
}

KTF_TEST(clock, no_reader_sees_a_change_half_done)
{
    pthread_t reader;

    clock_set(NS_PER_SEC);
    clock_show(&read_clock);
    __atomic_store_n(&stops, false, __ATOMIC_RELAXED);
    ASSERT_EQ(pthread_create(&reader, NULL, read_always, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        clock_set(UINT64_MAX / 2);
        clock_set(NS_PER_SEC);
    }
    __atomic_store_n(&stops, true, __ATOMIC_RELAXED);
    EXPECT_EQ(pthread_join(reader, NULL), 0);
}
