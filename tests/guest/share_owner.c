/* SPDX-License-Identifier: MIT */
/*
 * Shares with another VM, which does what it is asked to: share_peer.c.
 */
#include <stdlib.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "share_remote.h"
#include "support.h"
#include "test/test.h"
#include "threads/thread.h"

#define LIMIT_MS 20000
#define NR_RACES 200
#define RW       (STILE_ACCESS_READ | STILE_ACCESS_WRITE)

static union {
    struct remote_page page;
    uint8_t bytes[PAGE_SIZE];
} control __attribute__((aligned(PAGE_SIZE)));

static uint32_t peer;

/* --- asking the other VM ------------------------------------------------------------------- */

static struct stile_result share(uint64_t pa, uint32_t access)
{
    return stile_memory_share(stile_ipa(pa), stile_nr_pages(1), stile_vm_id(peer), access);
}

/* Until the other VM runs, and has accepted the page by which it is asked. */
static void connect(void)
{
    volatile uint64_t *last_written = &control.page.slots[0];
    uint64_t limit = cpu_ticks() + time_ms_to_ticks(LIMIT_MS);

    control.page = (struct remote_page){.request = 0};
    while (share(virt_to_phys(&control), RW).status != STILE_SUCCESS && cpu_ticks() < limit)
        thread_sleep_ms(1);
    EXPECT_TRUE(support_wait(*last_written != 0, LIMIT_MS));
}

static void need_peer(void)
{
    const char *name = machine_option_value("peer=");

    support_need_hypervisor();
    if (!name)
        SKIP("there is no other VM");
    peer = test_find_peer(name);
    connect();
}

KTF_SUITE(share_owner, .suite_setup = need_peer);

static void ask(enum remote_op op, uint64_t arg0, uint64_t arg1)
{
    control.page.op = op;
    control.page.args[0] = arg0;
    control.page.args[1] = arg1;
    __atomic_fetch_add(&control.page.request, 1, __ATOMIC_RELEASE);
}

static void await(void)
{
    EXPECT_TRUE(support_wait(
        __atomic_load_n(&control.page.reply, __ATOMIC_ACQUIRE) == control.page.request, LIMIT_MS));
}

static struct stile_result remote_call(uint32_t nr, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4)
{
    const uint64_t *results = control.page.results;

    control.page.args[2] = x2;
    control.page.args[3] = x3;
    control.page.args[4] = x4;
    ask(REMOTE_CALL, nr, x1);
    await();
    return (struct stile_result){(int64_t)results[0], {results[1], results[2], results[3]}};
}

static int64_t remote_accept_as(uint64_t handle, uint64_t pa, uint64_t pages, uint64_t access)
{
    return remote_call(STILE_NR_memory_accept, handle, pa, pages, access).status;
}

static int64_t remote_accept(uint64_t handle, uint64_t pa)
{
    return remote_accept_as(handle, pa, 1, RW);
}

static int64_t remote_release(uint64_t handle)
{
    return remote_call(STILE_NR_memory_release, handle, 0, 0, 0).status;
}

static void expect_remote(uint64_t pa, uint64_t value)
{
    ask(REMOTE_READ, pa, ~value);
    await();
    EXPECT_EQ(control.page.results[0], 0);
    EXPECT_EQ(control.page.results[1], value);
}

static void expect_remote_abort(uint64_t pa)
{
    ask(REMOTE_READ, pa, 0);
    await();
    EXPECT_EQ(control.page.results[0], 1);
}

/* Returns whether the other VM could write. */
static bool remote_write(uint64_t pa, uint64_t value)
{
    ask(REMOTE_WRITE, pa, value);
    await();
    return control.page.results[0] == 0;
}

/* --- the tests ----------------------------------------------------------------------------- */

static volatile uint64_t *word_at(uint64_t pa)
{
    return phys_to_virt(pa);
}

static int64_t revoke(uint64_t handle)
{
    return stile_memory_revoke(stile_share((uint32_t)handle)).status;
}

static uint64_t must_share(uint64_t pa, uint32_t access)
{
    struct stile_result result = share(pa, access);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

KTF_TEST(share_owner, both_see_what_the_other_writes_until_it_is_revoked)
{
    uint64_t slot = control.page.slots[0];
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);

    expect_remote_abort(slot);
    EXPECT_EQ(remote_accept(handle, slot), STILE_SUCCESS);
    *word_at(pa) = 4711;
    expect_remote(slot, 4711);
    EXPECT_TRUE(remote_write(slot, 4712));
    EXPECT_EQ(*word_at(pa), 4712);
    EXPECT_EQ(remote_accept(handle, slot), STILE_BUSY);

    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(revoke(handle), STILE_NOT_FOUND);
    EXPECT_EQ(remote_accept(handle, slot), STILE_NOT_FOUND);
    EXPECT_TRUE(remote_write(slot, 4713)); /* which is scratch of the other VM's */
    expect_remote(slot, 4713);
    EXPECT_EQ(*word_at(pa), 4712);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_release(handle), STILE_NOT_FOUND);
    expect_remote_abort(slot);
    EXPECT_FALSE(remote_write(slot, 4714));
    page_free(pa);
}

/* No call takes it for memory, and it is in nobody's way. */
KTF_TEST(share_owner, calls_leave_scratch_alone)
{
    uint64_t self = stile_core_info(STILE_INFO_VM_ID).value[0];
    uint64_t slot = control.page.slots[0];
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);

    EXPECT_EQ(remote_accept(handle, slot), STILE_SUCCESS);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_call(STILE_NR_memory_query, slot, 0, 0, 0).value[0], STILE_MEMORY_MAPPED | RW);
    EXPECT_EQ(remote_call(STILE_NR_memory_protect, slot, 1, RW, 0).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_unmap, slot, 1, 0, 0).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_clean, slot, 1, 0, 0).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_discard, slot, 1, 0, 0).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_map, slot, 1, 0, 0).status, STILE_ALREADY_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_share, slot, 1, self, RW).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_memory_donate, slot, 1, self, 0).status, STILE_NOT_MAPPED);
    EXPECT_EQ(remote_call(STILE_NR_console_write_buffer, slot, 1, 0, 0).status, STILE_NOT_MAPPED);
    EXPECT_TRUE(remote_write(slot, 1));
    struct stile_result found = remote_call(STILE_NR_memory_next_offered, handle - 1, 0, 0, 0);
    EXPECT_EQ(found.value[0], handle);
    EXPECT_EQ(found.value[1], UINT64_C(1) << 32 | self);
    EXPECT_EQ(found.value[2], RW | STILE_SHARE_ACCEPTED | STILE_SHARE_ENDED);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    page_free(pa);
}

KTF_TEST(share_owner, what_is_not_as_agreed_is_not_mapped)
{
    uint64_t slot = control.page.slots[0];
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, STILE_ACCESS_READ);

    EXPECT_EQ(remote_accept_as(handle, slot, 2, STILE_ACCESS_READ), STILE_INVALID_ARGUMENT);
    EXPECT_EQ(control.page.results[1], 3);
    EXPECT_EQ(remote_accept_as(handle, slot, 1, RW), STILE_DENIED);
    EXPECT_EQ(remote_accept_as(handle, slot, 1, STILE_ACCESS_READ | STILE_SHARE_DONATED),
              STILE_DENIED);
    expect_remote_abort(slot);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_release(handle), STILE_NOT_FOUND);
    page_free(pa);
}

KTF_TEST(share_owner, what_is_read_only_stays_so)
{
    uint64_t slot = control.page.slots[0];
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, STILE_ACCESS_READ);

    EXPECT_EQ(remote_accept_as(handle, slot, 1, STILE_ACCESS_READ), STILE_SUCCESS);
    expect_remote(slot, 0);
    EXPECT_FALSE(remote_write(slot, 1));
    EXPECT_EQ(remote_call(STILE_NR_memory_protect, slot, 1, RW, 0).status, STILE_DENIED);
    EXPECT_EQ(
        remote_call(STILE_NR_memory_protect, slot, 1, STILE_ACCESS_READ | STILE_ACCESS_EXECUTE, 0)
            .status,
        STILE_DENIED);
    EXPECT_FALSE(remote_write(slot, 1));
    EXPECT_EQ(*word_at(pa), 0);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_TRUE(remote_write(slot, 1)); /* scratch */
    EXPECT_EQ(*word_at(pa), 0);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    page_free(pa);
}

KTF_TEST(share_owner, what_is_released_may_be_accepted_again_elsewhere)
{
    const uint64_t *slots = control.page.slots;
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);

    EXPECT_EQ(remote_release(handle), STILE_NOT_FOUND);
    EXPECT_EQ(remote_accept(handle, slots[0]), STILE_SUCCESS);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    expect_remote_abort(slots[0]);
    EXPECT_EQ(remote_accept(handle, slots[1]), STILE_SUCCESS);
    *word_at(pa) = 5;
    expect_remote(slots[1], 5);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    page_free(pa);
}

KTF_TEST(share_owner, query_tells_both_sides)
{
    uint64_t self = stile_core_info(STILE_INFO_VM_ID).value[0];
    uint64_t slot = control.page.slots[0];
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);
    uint64_t what = STILE_MEMORY_MAPPED | STILE_MEMORY_SHARED | RW;

    EXPECT_EQ(remote_accept(handle, slot), STILE_SUCCESS);
    EXPECT_EQ(stile_memory_query(stile_ipa(pa)).value[0], self << 32 | what | STILE_ACCESS_EXECUTE);
    EXPECT_EQ(remote_call(STILE_NR_memory_query, slot + 5, 0, 0, 0).value[0], self << 32 | what);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_release(handle), STILE_SUCCESS);
    EXPECT_EQ(remote_call(STILE_NR_memory_query, slot + 5, 0, 0, 0).value[0], 0);
    page_free(pa);
}

KTF_TEST(share_owner, shared_pages_stay_where_they_are)
{
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);

    EXPECT_EQ(stile_memory_unmap(stile_ipa(pa), stile_nr_pages(1)).status, STILE_BUSY);
    EXPECT_EQ(stile_memory_protect(stile_ipa(pa), stile_nr_pages(1), RW).status, STILE_BUSY);
    EXPECT_EQ(stile_memory_discard(stile_ipa(pa), stile_nr_pages(1)).status, STILE_BUSY);
    EXPECT_EQ(stile_memory_donate(stile_ipa(pa), stile_nr_pages(1), stile_vm_id(peer)).status,
              STILE_BUSY);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    EXPECT_EQ(stile_memory_unmap(stile_ipa(pa), stile_nr_pages(1)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_memory_map(stile_ipa(pa), stile_nr_pages(1)).status, STILE_SUCCESS);
    page_free(pa);
}

KTF_TEST(share_owner, a_handle_is_for_the_two_alone)
{
    uint64_t pa = page_alloc_zeroed();
    uint64_t handle = must_share(pa, RW);
    stile_share_t mine = stile_share((uint32_t)handle);

    EXPECT_EQ(
        stile_memory_accept(mine, stile_ipa(support_beyond_memory()), stile_nr_pages(1), RW).status,
        STILE_NOT_FOUND);
    EXPECT_EQ(stile_memory_release(mine).status, STILE_NOT_FOUND);
    EXPECT_EQ(remote_call(STILE_NR_memory_revoke, handle, 0, 0, 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(remote_accept(handle, virt_to_phys(&control)), STILE_ALREADY_MAPPED);
    EXPECT_EQ(revoke(handle), STILE_SUCCESS);
    page_free(pa);
}

/* The page by which the other VM is asked is one. */
KTF_TEST(share_owner, so_many_and_no_more)
{
    uint64_t handles[STILE_SHARES_MAX - 1];
    uint64_t pa = page_alloc_zeroed();

    for (unsigned i = 0; i < STILE_SHARES_MAX - 1; i++)
        handles[i] = must_share(pa, RW);
    EXPECT_EQ(share(pa, RW).status, STILE_LIMIT);
    for (unsigned i = 0; i < STILE_SHARES_MAX - 1; i++)
        EXPECT_EQ(revoke(handles[i]), STILE_SUCCESS);
    page_free(pa);
}

KTF_TEST(share_owner, a_donated_page_goes_and_may_come_back)
{
    uint64_t self = stile_core_info(STILE_INFO_VM_ID).value[0];
    uint64_t slot = control.page.slots[1];
    uint64_t pages = stile_core_info(STILE_INFO_PAGES).value[0];
    uint64_t pages_max = stile_core_info(STILE_INFO_PAGES_MAX).value[0];
    uint64_t pa = page_alloc_zeroed();
    struct fault fault;

    *word_at(pa) = 815;
    struct stile_result given =
        stile_memory_donate(stile_ipa(pa), stile_nr_pages(1), stile_vm_id(peer));
    EXPECT_EQ(given.status, STILE_SUCCESS);
    EXPECT_EQ(remote_accept(given.value[0], slot), STILE_DENIED); /* it was not told for good */
    EXPECT_EQ(remote_accept_as(given.value[0], slot, 1, RW | STILE_SHARE_DONATED), STILE_SUCCESS);
    EXPECT_EQ(revoke(given.value[0]), STILE_NOT_FOUND);
    EXPECT_TRUE(support_touch(pa, true, &fault));
    EXPECT_TRUE(support_is_external_abort(&fault));
    EXPECT_EQ(stile_memory_map(stile_ipa(pa), stile_nr_pages(1)).status, STILE_NO_MEMORY);
    EXPECT_EQ(stile_core_info(STILE_INFO_PAGES).value[0], pages - 1);
    EXPECT_EQ(stile_core_info(STILE_INFO_PAGES_MAX).value[0], pages_max - 1);
    expect_remote(slot, 815);
    EXPECT_TRUE(remote_write(slot, 816));

    given = remote_call(STILE_NR_memory_donate, slot, 1, self, 0);
    EXPECT_EQ(given.status, STILE_SUCCESS);
    EXPECT_EQ(stile_memory_accept(stile_share((uint32_t)given.value[0]), stile_ipa(pa),
                                  stile_nr_pages(1),
                                  RW | STILE_ACCESS_EXECUTE | STILE_SHARE_DONATED)
                  .status,
              STILE_SUCCESS);
    EXPECT_EQ(*word_at(pa), 816);
    expect_remote_abort(slot);
    EXPECT_EQ(stile_core_info(STILE_INFO_PAGES_MAX).value[0], pages_max);
    page_free(pa);
}

/* --- races --------------------------------------------------------------------------------- */

/* The other VM accepts, writes and releases as fast as it can; each revocation is final. */
KTF_TEST(share_owner, revocation_wins_every_race)
{
    uint64_t pa = page_alloc_zeroed();

    ask(REMOTE_CHASE, NR_RACES, control.page.slots[2]);
    for (unsigned i = 0; i < NR_RACES || control.page.reply != control.page.request; i++) {
        uint64_t handle = must_share(pa, RW);

        thread_sleep_until(cpu_ticks() + time_us_to_ticks(i % 50));
        EXPECT_EQ(revoke(handle), STILE_SUCCESS);
        *word_at(pa) = UINT64_MAX; /* no count of the other VM's */
        for (unsigned wait = 0; wait < 100; wait++)
            ASSERT_EQ(*word_at(pa), UINT64_MAX);
        ASSERT_LT(i, LIMIT_MS * 1000);
    }
    await();
    page_free(pa);
}

static struct {
    uint64_t handle;
    uint32_t nr_ready;
    uint32_t nr_successes;
} race;

static void race_to_revoke(void *argument)
{
    (void)argument;
    __atomic_fetch_add(&race.nr_ready, 1, __ATOMIC_RELEASE);
    (void)support_wait(__atomic_load_n(&race.nr_ready, __ATOMIC_ACQUIRE) == 2, LIMIT_MS);
    if (revoke(race.handle) == STILE_SUCCESS)
        __atomic_fetch_add(&race.nr_successes, 1, __ATOMIC_RELAXED);
}

KTF_TEST(share_owner, of_two_vcpus_one_revokes)
{
    uint64_t pa = page_alloc_zeroed();

    for (unsigned i = 0; i < NR_RACES / 4; i++) {
        race.handle = must_share(pa, RW);
        race.nr_ready = 0;
        race.nr_successes = 0;
        EXPECT_EQ(remote_accept(race.handle, control.page.slots[0]), STILE_SUCCESS);
        struct thread *other = thread_create("revoke", race_to_revoke, NULL, NULL);
        ASSERT_TRUE(other != NULL);
        race_to_revoke(NULL);
        thread_join(other);
        ASSERT_EQ(race.nr_successes, 1);
        ASSERT_EQ(remote_release(race.handle), STILE_SUCCESS);
    }
    page_free(pa);
}

/* --- the other VM starts anew; keep this one the last --- */

KTF_TEST(share_owner, zz_a_peer_that_starts_anew_has_nothing)
{
    uint64_t pa = page_alloc_zeroed();
    uint64_t lent = must_share(pa, RW);

    EXPECT_EQ(remote_accept(lent, control.page.slots[0]), STILE_SUCCESS);
    control.page.args[2] = control.page.args[3] = control.page.args[4] = 0;
    ask(REMOTE_CALL, STILE_NR_power_reboot, 0);
    EXPECT_TRUE(support_wait(!(stile_memory_query(stile_ipa(pa)).value[0] & STILE_MEMORY_SHARED),
                             LIMIT_MS));
    EXPECT_EQ(revoke(lent), STILE_NOT_FOUND);
    connect();
    EXPECT_EQ(remote_accept(lent, control.page.slots[0]), STILE_NOT_FOUND);
    lent = must_share(pa, RW);
    EXPECT_EQ(remote_accept(lent, control.page.slots[0]), STILE_SUCCESS);
    *word_at(pa) = 77;
    expect_remote(control.page.slots[0], 77);
    EXPECT_EQ(revoke(lent), STILE_SUCCESS);
    EXPECT_EQ(remote_release(lent), STILE_SUCCESS);
    page_free(pa);
}
