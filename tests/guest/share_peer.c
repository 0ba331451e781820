/* SPDX-License-Identifier: MIT */
/*
 * The VM that shares are offered to: it serves the one that has the tests until that ends.
 */
#include "arch/cpu.h"
#include "ktf.h"
#include "lib/printk.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "share_remote.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS  20000
#define NR_WRITES 20

static void need_owner(void)
{
    support_need_hypervisor();
    if (!machine_option("serve"))
        SKIP("there is no VM to serve");
}

KTF_SUITE(share_peer, .suite_setup = need_owner);

/** An access that may fail. */
struct access {
    volatile uint64_t *at;
    uint64_t value;
};

static void do_read(void *argument)
{
    struct access *access = argument;

    access->value = *access->at;
}

static void do_write(void *argument)
{
    const struct access *access = argument;

    *access->at = access->value;
}

/* The handle of the first share that is offered and not accepted; 0 if there is none. */
static uint32_t find_offer(void)
{
    struct stile_result result = {0, {0, 0, 0}};

    do
        result = stile_memory_next_offered(stile_share((uint32_t)result.value[0]));
    while (result.status == STILE_SUCCESS && (result.value[2] & STILE_SHARE_ACCEPTED));
    return result.status == STILE_SUCCESS ? (uint32_t)result.value[0] : 0;
}

static int64_t accept(stile_share_t share, uint64_t pa)
{
    return stile_memory_accept(share, stile_ipa(pa), stile_nr_pages(1),
                               STILE_ACCESS_READ | STILE_ACCESS_WRITE)
        .status;
}

/* Accepts the first share that is offered, however long that takes; none: 0. */
static stile_share_t accept_first(uint64_t pa)
{
    stile_share_t share = stile_share(0);

    if (support_wait((share.handle = find_offer()) != 0, LIMIT_MS))
        EXPECT_EQ(accept(share, pa), STILE_SUCCESS);
    return share;
}

/* Whether what was accepted is the owner's no more. */
static bool is_over(stile_share_t share)
{
    struct stile_result result = stile_memory_next_offered(stile_share(share.handle - 1));

    return result.status != STILE_SUCCESS || result.value[0] != share.handle ||
           (result.value[2] & STILE_SHARE_ENDED);
}

/* The owner revokes meanwhile: what was accepted may be used and is there until it is released. */
static uint64_t chase(uint64_t times, uint64_t pa)
{
    struct fault fault;
    uint64_t nr_accepted = 0;

    while (times-- > 0) {
        struct access access = {phys_to_virt(pa), times};
        stile_share_t share = stile_share(find_offer());
        int64_t status = accept(share, pa);

        EXPECT_TRUE(status == STILE_SUCCESS || status == STILE_NOT_FOUND);
        if (status != STILE_SUCCESS)
            continue;
        nr_accepted++;
        for (unsigned i = 0; i < NR_WRITES; i++)
            EXPECT_FALSE(exception_try(do_write, &access, &fault));
        EXPECT_EQ(stile_memory_release(share).status, STILE_SUCCESS);
        EXPECT_TRUE(exception_try(do_write, &access, &fault));
    }
    return nr_accepted;
}

static void serve(struct remote_page *page)
{
    struct fault fault = {0, 0, 0};
    struct access access = {phys_to_virt(page->args[0]), page->args[1]};
    struct stile_result result;

    switch (page->op) {
    case REMOTE_CALL:
        result = stile_hvc(STILE_FID((uint32_t)page->args[0]), page->args[1], page->args[2],
                           page->args[3], page->args[4], 0, 0);
        page->results[0] = (uint64_t)result.status;
        for (unsigned i = 0; i < 3; i++)
            page->results[i + 1] = result.value[i];
        break;
    case REMOTE_READ:
        page->results[0] = exception_try(do_read, &access, &fault);
        page->results[1] = access.value;
        break;
    case REMOTE_WRITE:
        page->results[0] = exception_try(do_write, &access, &fault);
        break;
    default:
        page->results[0] = chase(page->args[0], page->args[1]);
        break;
    }
    if (fault.esr != 0)
        EXPECT_TRUE(support_is_external_abort(&fault));
}

/* Serves until the owner has ended the share. What is found after that means nothing. */
static void serve_all(struct remote_page *page, stile_share_t share)
{
    uint32_t done = 0;

    while (!is_over(share)) {
        uint32_t request = __atomic_load_n(&page->request, __ATOMIC_ACQUIRE);

        if (request == done || is_over(share)) {
            thread_sleep_until(cpu_ticks() + time_us_to_ticks(50));
            continue;
        }
        done = request;
        serve(page);
        __atomic_store_n(&page->reply, done, __ATOMIC_RELEASE);
    }
}

/* Lets go of all that has ended. */
static void release_all(void)
{
    struct stile_result result = {0, {0, 0, 0}};
    stile_share_t share;

    while ((result = stile_memory_next_offered(stile_share((uint32_t)result.value[0]))).status ==
           STILE_SUCCESS) {
        share = stile_share((uint32_t)result.value[0]);
        EXPECT_EQ(stile_memory_release(share).status, STILE_SUCCESS);
        EXPECT_EQ(result.value[2] & STILE_SHARE_ENDED, STILE_SHARE_ENDED);
    }
}

/* What was the owner's is gone; the pages come back, and hold nothing. */
static void expect_gone(uint64_t pa)
{
    struct access access = {phys_to_virt(pa), 1};
    struct fault fault;

    EXPECT_TRUE(exception_try(do_read, &access, &fault));
    EXPECT_EQ(stile_memory_map(stile_ipa(pa), stile_nr_pages(1)).status, STILE_SUCCESS);
    EXPECT_EQ(*access.at, 0);
    page_free(pa);
}

KTF_TEST(share_peer, serves_until_the_owner_ends)
{
    uint64_t slots[REMOTE_NR_SLOTS + 1];

    for (unsigned i = 0; i <= REMOTE_NR_SLOTS; i++) {
        slots[i] = page_alloc();
        ASSERT_NE(slots[i], 0);
        ASSERT_EQ(stile_memory_unmap(stile_ipa(slots[i]), stile_nr_pages(1)).status, STILE_SUCCESS);
    }
    struct remote_page *page = phys_to_virt(slots[REMOTE_NR_SLOTS]);
    stile_share_t first = accept_first(slots[REMOTE_NR_SLOTS]);
    ASSERT_NE(first.handle, 0);
    for (unsigned i = REMOTE_NR_SLOTS; i-- > 0;)
        __atomic_store_n(&page->slots[i], slots[i], __ATOMIC_RELEASE);

    serve_all(page, first);
    release_all();
    for (unsigned i = 0; i <= REMOTE_NR_SLOTS; i++)
        expect_gone(slots[i]);
    EXPECT_EQ(find_offer(), 0);
    printk("share_peer: the owner is gone, and so are its pages\n");
}
