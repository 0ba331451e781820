/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs that each store a word and then look at the other's, as libhypercall does where one side
 * sleeps: never do both miss what the other has stored. QEMU's emulation does not keep STLR before
 * LDAR on every host.
 */
#include "ktf.h"
#include "machine/smp.h"
#include "stile/cpu.h"
#include "threads/thread.h"

#define ROUNDS 10000u

struct side {
    _Alignas(64) uint32_t word;
    uint32_t seen[ROUNDS + 1]; /* by round, from 1: the other's word */
};

static struct side sides[2];
static bool go;

static void play(void *argument)
{
    struct side *own = argument;
    struct side *other = &sides[own == &sides[0]];

    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        thread_yield();
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        __atomic_store_n(&own->word, round, __ATOMIC_RELEASE);
        stile_cpu_barrier();
        own->seen[round] = __atomic_load_n(&other->word, __ATOMIC_RELAXED);
    }
}

/* Of what one side did not see, the other side's round began later, and sees what that had stored.
 */
static uint32_t nr_missed_by_both(const struct side *one, const struct side *other)
{
    uint32_t nr = 0;

    for (uint32_t round = 1; round <= ROUNDS; round++)
        if (one->seen[round] < ROUNDS && other->seen[one->seen[round] + 1] < round)
            nr++;
    return nr;
}

KTF_SUITE(barrier);

KTF_TEST(barrier, not_both_miss_what_the_other_stored)
{
    struct thread *threads[2];

    if (smp_nr_online() < 2)
        SKIP("one CPU");
    for (uint32_t i = 0; i < 2; i++) {
        threads[i] = thread_create("side", play, &sides[i], NULL);
        ASSERT_NOT_NULL(threads[i]);
    }
    __atomic_store_n(&go, true, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < 2; i++)
        thread_join(threads[i]);
    EXPECT_EQ(nr_missed_by_both(&sides[0], &sides[1]), 0);
}
