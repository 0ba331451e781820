/* SPDX-License-Identifier: MIT */
/*
 * The multicall builder: results in their entries, however often the hypervisor pauses.
 */
#include "ktf.h"
#include "stile/fake.h"
#include "stile/multicall.h"

static struct stile_multicall multicall;
static struct stile_mailbox *mailbox;
static uint32_t vm, made;

static void start(void)
{
    stile_fake_reset();
    vm = stile_fake_start(NULL);
    mailbox = stile_fake_mailbox(vm, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_multicall_begin(&multicall, mailbox);
}

KTF_SUITE(multicall, .setup = start);

KTF_TEST(multicall, each_call_has_its_own_result)
{
    const struct stile_call_entry *id = stile_multicall_core_info(&multicall, STILE_INFO_VM_ID);
    const struct stile_call_entry *bad = stile_multicall_core_info(&multicall, 1000);
    const struct stile_call_entry *null = stile_multicall_core_null(&multicall);

    EXPECT_EQ(stile_multicall_run(&multicall, 0, &made), STILE_SUCCESS);
    EXPECT_EQ(made, 3);
    EXPECT_EQ(id->status, STILE_SUCCESS);
    EXPECT_EQ(id->value[0], vm);
    EXPECT_EQ(bad->status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(bad->value[0], 1);
    EXPECT_EQ(null->status, STILE_SUCCESS);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_core_multicall), 1);
}

KTF_TEST(multicall, it_stops_at_an_error_if_asked)
{
    (void)stile_multicall_core_null(&multicall);
    (void)stile_multicall_core_info(&multicall, 1000);
    struct stile_call_entry *last = stile_multicall_core_null(&multicall);

    last->status = 77;
    EXPECT_EQ(stile_multicall_run(&multicall, STILE_MULTICALL_STOP, &made), STILE_SUCCESS);
    EXPECT_EQ(made, 2);
    EXPECT_EQ(last->status, 77);
    EXPECT_EQ(mailbox->calls[0].status, STILE_SUCCESS);
    EXPECT_EQ(mailbox->calls[1].status, STILE_INVALID_ARGUMENT);
}

/* After each call of the memory group the hypervisor pauses. */
KTF_TEST(multicall, it_goes_on_after_a_pause)
{
    const uint64_t base = STILE_FAKE_MEMORY_BASE;

    for (uint64_t i = 0; i < 5; i++) {
        (void)stile_multicall_memory_unmap(&multicall, stile_ipa(base + i * STILE_PAGE_SIZE),
                                           stile_nr_pages(1));
        (void)stile_multicall_core_info(&multicall, STILE_INFO_PAGES);
    }
    EXPECT_EQ(stile_multicall_run(&multicall, STILE_MULTICALL_STOP, &made), STILE_SUCCESS);
    EXPECT_EQ(made, 10);
    for (uint64_t i = 0; i < 5; i++) {
        EXPECT_EQ(mailbox->calls[2 * i].nr, STILE_NR_memory_unmap);
        EXPECT_EQ(mailbox->calls[2 * i].x[0], base + i * STILE_PAGE_SIZE);
        EXPECT_EQ(mailbox->calls[2 * i].status, STILE_SUCCESS);
        EXPECT_EQ(mailbox->calls[2 * i + 1].value[0], 255 - i);
    }
}

KTF_TEST(multicall, an_error_after_a_pause_leaves_the_entries_in_order)
{
    (void)stile_multicall_core_null(&multicall);
    (void)stile_multicall_memory_unmap(&multicall, stile_ipa(STILE_FAKE_MEMORY_BASE),
                                       stile_nr_pages(1));
    (void)stile_multicall_memory_unmap(&multicall, stile_ipa(STILE_FAKE_MEMORY_BASE),
                                       stile_nr_pages(1)); /* gone */
    (void)stile_multicall_core_features(&multicall, 3);
    EXPECT_EQ(stile_multicall_run(&multicall, STILE_MULTICALL_STOP, &made), STILE_SUCCESS);
    EXPECT_EQ(made, 3);
    EXPECT_EQ(mailbox->calls[0].nr, STILE_NR_core_null);
    EXPECT_EQ(mailbox->calls[1].status, STILE_SUCCESS);
    EXPECT_EQ(mailbox->calls[2].status, STILE_NOT_MAPPED);
    EXPECT_EQ(mailbox->calls[3].nr, STILE_NR_core_features);
}

KTF_TEST(multicall, it_holds_so_many_and_no_more)
{
    for (uint32_t i = 0; i < STILE_MULTICALL_MAX; i++)
        EXPECT_NOT_NULL(stile_multicall_core_null(&multicall));
    EXPECT_NULL(stile_multicall_core_null(&multicall));
    EXPECT_EQ(stile_multicall_run(&multicall, 0, NULL), STILE_SUCCESS);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_core_null), STILE_MULTICALL_MAX);
    EXPECT_EQ(stile_fake_calls_of(STILE_NR_core_multicall), 1);
}

KTF_TEST(multicall, an_error_of_its_own_is_returned)
{
    (void)stile_multicall_core_null(&multicall);
    EXPECT_EQ(stile_multicall_run(&multicall, 2, &made), STILE_INVALID_ARGUMENT);
    EXPECT_EQ(made, 0);
    stile_multicall_begin(&multicall, mailbox);
    EXPECT_EQ(stile_multicall_run(&multicall, 0, &made), STILE_SUCCESS);
    EXPECT_EQ(made, 0);
}

KTF_TEST(multicall, none_is_inside_another)
{
    const struct stile_call_entry *inner = stile_multicall_core_multicall(&multicall, 0, 1, 0);

    EXPECT_EQ(stile_multicall_run(&multicall, 0, &made), STILE_SUCCESS);
    EXPECT_EQ(inner->status, STILE_NOT_SUPPORTED);
}
