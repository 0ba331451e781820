/* SPDX-License-Identifier: MIT */
/*
 * Whom an unlock serves, and that a lock nobody waits for makes no call.
 */
#include <string.h>

#include "ktf.h"
#include "stile/fake.h"
#include "stile/spinlock.h"
#include "stile/stubs.h"

static struct stile_spinlock lock;
static const struct stile_vcpu_page *pages;
static uint32_t vm;

static void start(void)
{
    struct stile_fake_config config = {.nr_vcpus = 4};

    stile_fake_reset();
    vm = stile_fake_start(&config);
    pages = stile_fake_vcpu_pages(vm);
    memset(&lock, 0, sizeof(lock));
    (void)stile_core_version(STILE_VERSION_CURRENT);
}

KTF_SUITE(spinlock, .setup = start);

KTF_TEST(spinlock, without_contention_there_is_no_call)
{
    uint64_t before = stile_fake_calls();

    stile_spinlock_lock(&lock, 2, pages);
    EXPECT_EQ(lock.holder, 3);
    EXPECT_FALSE(stile_spinlock_try(&lock, 0));
    stile_spinlock_unlock(&lock, 2);
    EXPECT_TRUE(stile_spinlock_try(&lock, 0));
    EXPECT_EQ(stile_fake_calls(), before);
}

KTF_TEST(spinlock, an_unlock_kicks_one_sleeper_in_turn)
{
    stile_spinlock_lock(&lock, 1, pages);
    lock.sleepers = 1 << 0 | 1 << 2 | 1 << 3;
    stile_spinlock_unlock(&lock, 1);
    EXPECT_EQ(lock.holder, 0);
    EXPECT_EQ(lock.sleepers, 1 << 0 | 1 << 3); /* 2 is after 1 */
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_kick), 1);

    stile_spinlock_lock(&lock, 3, pages);
    stile_spinlock_unlock(&lock, 3);
    EXPECT_EQ(lock.sleepers, 1 << 3); /* round to 0 */
}

KTF_TEST(spinlock, who_came_too_late_is_handed_the_lock_in_its_turn)
{
    stile_spinlock_lock(&lock, 0, pages);
    lock.sleepers = 1 << 2 | 1 << 3;
    lock.losers = 1 << 2;
    stile_spinlock_unlock(&lock, 0);
    EXPECT_EQ(lock.holder, 2 + 1); /* nobody else can take it */
    EXPECT_EQ(lock.losers, 0);
    EXPECT_EQ(lock.sleepers, 1 << 3);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_kick), 1);
    stile_spinlock_wait(&lock, 2, pages); /* finds that it has it */
    stile_spinlock_unlock(&lock, 2);
    EXPECT_EQ(lock.sleepers, 0);
    EXPECT_EQ(lock.holder, 0);
}

/* vCPU 63 is the last that has a bit. */
KTF_TEST(spinlock, the_turn_goes_round_behind_the_last_vcpu)
{
    lock.holder = 63 + 1;
    lock.sleepers = UINT64_C(1) << 63 | 1 << 1;
    lock.losers = 1 << 1;
    stile_spinlock_unlock(&lock, 63);
    EXPECT_EQ(lock.holder, 1 + 1);
    EXPECT_EQ(lock.sleepers, UINT64_C(1) << 63);
}

/* unlock saw a sleeper, whose bit the unlock before this one has taken since. */
KTF_TEST(spinlock, an_unlock_that_finds_nobody_frees_the_lock)
{
    stile_spinlock_lock(&lock, 1, pages);
    stile_spinlock_pass(&lock, 1);
    EXPECT_EQ(lock.holder, 0);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_vcpu_kick), 0);
}

KTF_TEST(spinlock, a_preempted_holder_is_not_spun_for)
{
    EXPECT_TRUE(stile_spinlock_try(&lock, 1));
    stile_fake_preempt(vm, 1, true);
    EXPECT_TRUE(pages[1].preempted);
    /* The only thread: it would sleep for ever, but a sleep returns, and by then it is handed. */
    lock.losers = 1 << 0;
    lock.sleepers = 1 << 0;
    stile_spinlock_pass(&lock, 1);
    stile_spinlock_wait(&lock, 0, pages);
    EXPECT_EQ(lock.holder, 1);
    EXPECT_EQ(lock.losers | lock.sleepers, 0);
}
