/* SPDX-License-Identifier: MIT */
/*
 * A VM that lends memory and ends in one of the ways there are, and one that borrows it and goes on
 * using it whatever happens. That one dies of any abort.
 */
#include <string.h>

#include "lib/printk.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/hypercall.h"
#include "test/test.h"
#include "threads/thread.h"

#define ELSEWHERE   UINT64_C(0x1000000000) /* where nothing of the machine is */
#define SHIFTED     (ELSEWHERE + UINT64_C(0x40001000))
#define BLOCK_PAGES 512u
#define NR_BLOCKS   4u
#define ACCESS      (STILE_ACCESS_READ | STILE_ACCESS_WRITE)
#define NR_LENT     3 /* a page, a block of 2 MiB, and several of which the peer has pages */
#define NR_REVOKED  10

/* Rounds of using what has ended. */
#define NR_MORE 2000

/* --- the owner ----------------------------------------------------------------------------- */

static stile_share_t must_lend(uint64_t ipa, uint64_t nr_pages, uint32_t peer)
{
    struct stile_result result;

    while ((result = stile_memory_share(stile_ipa(ipa), stile_nr_pages(nr_pages), stile_vm_id(peer),
                                        ACCESS))
               .status != STILE_SUCCESS)
        thread_sleep_ms(1); /* until the peer runs */
    return stile_share((uint32_t)result.value[0]);
}

static unsigned nr_accepted(void)
{
    struct stile_result result = {0, {0, 0, 0}};
    unsigned nr = 0;

    while ((result = stile_memory_next_shared(stile_share((uint32_t)result.value[0]))).status ==
           STILE_SUCCESS)
        nr += (result.value[2] & STILE_SHARE_ACCEPTED) != 0;
    return nr;
}

/* The quota is used up from the beginning: single pages make room for blocks. */
static void make_blocks(void)
{
    stile_nr_pages_t block = stile_nr_pages(BLOCK_PAGES);

    for (unsigned i = 0; i < NR_BLOCKS * BLOCK_PAGES; i++)
        (void)stile_memory_unmap(stile_ipa(page_alloc()), stile_nr_pages(1));
    for (unsigned i = 0; i < NR_BLOCKS; i++) {
        uint64_t at = ELSEWHERE + i * BLOCK_PAGES * PAGE_SIZE;

        if (stile_memory_map(stile_ipa(at), block).value[0] != BLOCK_PAGES)
            printk("lend: no block\n");
    }
}

void lend_run(const char *how)
{
    const char *colon = strchr(how, ':');
    const char *way = colon ? colon + 1 : "";
    uint32_t peer = test_find_peer(how);
    uint64_t page = page_alloc();
    unsigned nr_rounds = strncmp(way, "revoke", 6) == 0 ? NR_REVOKED : 1;
    stile_share_t lent[NR_LENT];

    (void)stile_core_version(STILE_VERSION_CURRENT);
    make_blocks();
    for (unsigned round = 0; round < nr_rounds; round++) {
        lent[0] = must_lend(page, 1, peer);
        lent[1] = must_lend(ELSEWHERE, BLOCK_PAGES, peer);
        lent[2] = must_lend(ELSEWHERE, NR_BLOCKS * BLOCK_PAGES, peer);
        while (nr_accepted() < NR_LENT)
            thread_sleep_ms(1);
        thread_sleep_ms(5 + round);
        for (unsigned i = 0; nr_rounds > 1 && i < NR_LENT; i++)
            (void)stile_memory_revoke(lent[i]);
    }
    printk("lend: this is the end\n");
    if (strncmp(way, "crash", 5) == 0)
        (void)stile_power_crash(stile_ipa(0), stile_nr_bytes(0));
    else if (strncmp(way, "reset", 5) == 0)
        sensitive->power_reset();
    sensitive->power_off(0);
}

/* --- the borrower -------------------------------------------------------------------------- */

/** What is borrowed. */
struct borrowed {
    stile_share_t share;
    uint64_t ipa;
    uint64_t nr_pages;
    volatile uint8_t *at;
    bool is_used;
};

static bool is_ended(stile_share_t share)
{
    struct stile_result result = stile_memory_next_offered(stile_share(share.handle - 1));

    return result.status == STILE_SUCCESS && result.value[0] == share.handle &&
           (result.value[2] & STILE_SHARE_ENDED);
}

/* Loads, stores and atomics, at both ends, in the middle and across pages. */
static void use(const struct borrowed *borrowed, unsigned round)
{
    uint64_t bytes = borrowed->nr_pages * PAGE_SIZE;
    volatile uint64_t *words = (volatile uint64_t *)(volatile void *)borrowed->at;
    uint64_t place = round * UINT64_C(0x9E3779B97F4A7C15) % bytes / sizeof(uint64_t);

    words[place]++;
    words[bytes / sizeof(uint64_t) - 1] = round;
    (void)__atomic_fetch_add(&words[0], 1, __ATOMIC_ACQ_REL);
    (void)__atomic_exchange_n(&words[place], round, __ATOMIC_RELAXED);
    if (borrowed->nr_pages > 1) {
        uint64_t last = (1 + place * sizeof(uint64_t) / PAGE_SIZE) % (borrowed->nr_pages - 1);
        volatile uint8_t *across = borrowed->at + (last + 1) * PAGE_SIZE - 1;

        across[1] = (uint8_t)(across[0] + 1);
    }
}

/* Takes what is offered and not accepted yet, as one of what is known. */
static void accept_some(struct borrowed all[])
{
    struct stile_result offered = {0, {0, 0, 0}};

    while ((offered = stile_memory_next_offered(stile_share((uint32_t)offered.value[0]))).status ==
           STILE_SUCCESS) {
        stile_share_t share = stile_share((uint32_t)offered.value[0]);

        for (unsigned i = 0; i < NR_LENT; i++) {
            if (all[i].is_used || offered.value[1] >> 32 != all[i].nr_pages ||
                stile_memory_accept(share, stile_ipa(all[i].ipa), stile_nr_pages(all[i].nr_pages),
                                    ACCESS)
                        .status != STILE_SUCCESS)
                continue;
            all[i].is_used = true;
            all[i].share = share;
        }
    }
}

/* Uses what is borrowed until it has ended, and then some more. */
static void use_to_the_end(struct borrowed all[])
{
    unsigned round = 0;

    for (unsigned left = NR_MORE; left > 0; round++) {
        for (unsigned i = 0; i < NR_LENT; i++)
            use(&all[i], round);
        if (is_ended(all[0].share) && is_ended(all[1].share) && is_ended(all[2].share))
            left--;
    }
    for (unsigned i = 0; i < NR_LENT; i++) {
        if (stile_memory_release(all[i].share).status != STILE_SUCCESS)
            printk("borrow: not released\n");
        all[i].is_used = false;
    }
}

void borrow_run(const char *how)
{
    struct borrowed all[NR_LENT] = {{.ipa = page_alloc(), .nr_pages = 1},
                                    {.ipa = ELSEWHERE, .nr_pages = BLOCK_PAGES},
                                    {.ipa = SHIFTED, .nr_pages = NR_BLOCKS * BLOCK_PAGES}};
    unsigned nr_ends = 0;

    (void)stile_core_version(STILE_VERSION_CURRENT);
    all[0].at = phys_to_virt(all[0].ipa);
    for (unsigned i = 1; i < NR_LENT; i++)
        all[i].at = kernel_map_shared(all[i].ipa, all[i].nr_pages * PAGE_SIZE);
    (void)stile_memory_unmap(stile_ipa(all[0].ipa), stile_nr_pages(1));
    for (unsigned wanted = how[0] == '1' && how[1] == '0' ? 10u : (unsigned)(how[0] - '0');
         nr_ends < wanted; nr_ends++) {
        while (!all[0].is_used || !all[1].is_used || !all[2].is_used) {
            thread_sleep_ms(1);
            accept_some(all);
        }
        use_to_the_end(all);
        printk("borrow: still here after %u\n", nr_ends + 1);
    }
    sensitive->power_off(0);
}
