/* SPDX-License-Identifier: MIT */
/*
 * The clocks of the VMs. A tick is the same length in all of them; they differ in when they began.
 */
#include "vm/clock.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/timer.h"
#include "dev/machine.h"
#include "dev/pl031.h"
#include "lib/check.h"
#include "lib/spinlock.h"

#define NS_PER_SEC UINT64_C(1000000000)

/* A tick is told in nanoseconds with so many bits of fraction. */
#define SHIFT 32

static struct {
    struct spinlock lock;
    struct stile_clock *shown[CONFIG_NR_VMS];
    bool is_known;
    uint64_t wall_ns; /* from 1970 to when CNTVCT_EL0 was 0; modulo 2^64 */
} clocks;

static uint64_t multiplier(void)
{
    return (NS_PER_SEC << SHIFT) / timer_frequency();
}

static uint64_t ns_of(uint64_t ticks)
{
    __extension__ unsigned __int128 product = (unsigned __int128)ticks * multiplier();

    return (uint64_t)(product >> SHIFT);
}

/* The same, but rounded up. */
static uint64_t ns_of_at_least(uint64_t ticks)
{
    __extension__ unsigned __int128 product = (unsigned __int128)ticks * multiplier();

    return (uint64_t)((product + (UINT64_C(1) << SHIFT) - 1) >> SHIFT);
}

/*
 * What a clock that tells @base_ns at @base_ticks says of 1970. It means unknown where it is 0: a
 * nanosecond is not missed.
 */
static uint64_t wall_of(uint64_t base_ticks, uint64_t base_ns)
{
    uint64_t wall_ns = clocks.wall_ns + ns_of(base_ticks) - base_ns;

    if (!clocks.is_known)
        return 0;
    return wall_ns ? wall_ns : 1;
}

/*
 * Changes a clock that guests are reading; see struct stile_clock. It is told anew from now on:
 * rounded up, so that it does not go back by what was a fraction of a nanosecond.
 */
static void change(struct stile_clock *clock)
{
    uint32_t generation = clock->generation;
    uint64_t now = timer_now();
    uint64_t ns = clock->base_ns + ns_of_at_least(now - clock->base_ticks);

    __atomic_store_n(&clock->generation, generation + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&clock->base_ticks, now, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->base_ns, ns, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->wall_ns, wall_of(now, ns), __ATOMIC_RELAXED);
    __atomic_store_n(&clock->generation, generation + 2, __ATOMIC_RELEASE);
}

void clock_init(void)
{
    if (machine.rtc.bytes == 0)
        return;
    clock_set(pl031_read(machine.rtc.base.pa) * NS_PER_SEC);
}

void clock_show(struct stile_clock *clock)
{
    uint32_t i = 0;

    spin_lock(&clocks.lock);
    *clock =
        (struct stile_clock){.shift = SHIFT, .multiplier = multiplier(), .base_ticks = timer_now()};
    clock->wall_ns = wall_of(clock->base_ticks, 0);
    while (clocks.shown[i]) {
        i++;
        CHECK(i < CONFIG_NR_VMS);
    }
    clocks.shown[i] = clock;
    spin_unlock(&clocks.lock);
}

void clock_hide(const struct stile_clock *clock)
{
    spin_lock(&clocks.lock);
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
        if (clocks.shown[i] == clock)
            clocks.shown[i] = NULL;
    spin_unlock(&clocks.lock);
}

uint64_t clock_seconds(void)
{
    spin_lock(&clocks.lock);
    uint64_t wall_ns = clocks.wall_ns + ns_of(timer_now());
    spin_unlock(&clocks.lock);
    return wall_ns / NS_PER_SEC;
}

void clock_set(uint64_t wall_ns)
{
    spin_lock(&clocks.lock);
    clocks.is_known = true;
    clocks.wall_ns = wall_ns - ns_of(timer_now());
    for (uint32_t i = 0; i < CONFIG_NR_VMS; i++)
        if (clocks.shown[i])
            change(clocks.shown[i]);
    spin_unlock(&clocks.lock);
}
