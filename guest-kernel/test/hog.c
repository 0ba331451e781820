/* SPDX-License-Identifier: MIT */
/*
 * Memory that a hypervisor would miss elsewhere: a VM that uses up all the tables it can get, and
 * VMs that give memory away and start anew.
 */
#include <string.h>

#include "lib/printk.h"
#include "threads/thread.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/abi.h"
#include "stile/stubs.h"
#include "test/test.h"

/* Where nothing of the machine is. */
#define ELSEWHERE   UINT64_C(0x1000000000)
#define BLOCK_BYTES UINT64_C(0x200000)
#define BLOCK_PAGES 512u
#define NR_BLOCKS   64u
#define NR_PAGES    1024u

#define NR_SCATTERED 64u

#define TRY_EVERY_MS 10
#define NR_TRIES     50

static uint64_t info(enum stile_info item)
{
    return stile_core_info(item).value[0];
}

static int64_t map_one(uint64_t ipa)
{
    return stile_memory_map(stile_ipa(ipa), stile_nr_pages(1)).status;
}

/* One page to each 2 MiB, until the hypervisor has no table for another; and then still more. */
void hog_run(void)
{
    uint64_t at = ELSEWHERE;
    uint64_t nr = 0;

    (void)stile_core_version(STILE_VERSION_CURRENT);
    for (uint32_t i = 0; i < NR_PAGES; i++)
        (void)stile_memory_unmap(stile_ipa(page_alloc()), stile_nr_pages(1));
    for (; map_one(at) == STILE_SUCCESS; at += BLOCK_BYTES)
        nr++;
    printk("hog: %lu single pages, %lu of %lu of the hypervisor's\n", nr, info(STILE_INFO_HV_PAGES),
           info(STILE_INFO_HV_PAGES_MAX));
    for (;; at += BLOCK_BYTES)
        if (map_one(at) == STILE_SUCCESS)
            printk("hog: one more\n");
}

/* Takes all pages there are, and finds that they hold what is written. Returns a block of them. */
static uint64_t take_all_memory(uint64_t *nr)
{
    static uint16_t nr_of[NR_BLOCKS]; /* pages of each block of 2 MiB */
    uint64_t found = 0;
    uint64_t pa;

    for (*nr = 0; (pa = page_alloc()) != 0; ++*nr) {
        volatile uint64_t *word = phys_to_virt(pa);

        *word = pa;
        if (*word == pa && ++nr_of[pa / BLOCK_BYTES % NR_BLOCKS] == BLOCK_PAGES)
            found = pa / BLOCK_BYTES * BLOCK_BYTES;
    }
    return found;
}

/* Offers memory until that is possible. Returns the share; nothing is left of it once accepted. */
static stile_share_t give(uint64_t ipa, uint64_t nr_pages, stile_vm_id_t peer)
{
    struct stile_result given;

    do {
        thread_sleep_ms(TRY_EVERY_MS);
        given = stile_memory_donate(stile_ipa(ipa), stile_nr_pages(nr_pages), peer);
    } while (given.status != STILE_SUCCESS);
    if (given.value[1] != nr_pages)
        printk("donate: %lu pages of %lu\n", given.value[1], nr_pages);
    return stile_share((uint32_t)given.value[0]);
}

/* Waits until pages are the peer's, or not for much longer. */
static void wait_given(stile_share_t share)
{
    uint64_t most = info(STILE_INFO_PAGES_MAX);

    for (unsigned i = 0; i < NR_TRIES && info(STILE_INFO_PAGES_MAX) == most; i++)
        thread_sleep_ms(TRY_EVERY_MS);
    if (stile_memory_revoke(share).status == STILE_SUCCESS)
        printk("donate: not accepted\n");
}

/* Gives single pages away that are nowhere in a row. */
static void give_scattered(uint64_t block, stile_vm_id_t peer)
{
    for (uint64_t i = 0; i < NR_SCATTERED; i++)
        (void)stile_memory_unmap(stile_ipa(block + 2 * i * PAGE_SIZE), stile_nr_pages(1));
    for (uint64_t i = 0; i < NR_SCATTERED; i++)
        if (map_one(ELSEWHERE + i * PAGE_SIZE) != STILE_SUCCESS)
            printk("donate: no page\n");
    wait_given(give(ELSEWHERE, NR_SCATTERED, peer));
}

/* @to: a VM's name; then ":off" if once is enough, ":scattered" for single pages, once */
void donate_run(const char *to)
{
    const char *way = strchr(to, ':');
    stile_vm_id_t peer;
    uint64_t nr;
    uint64_t block = take_all_memory(&nr);

    (void)stile_core_version(STILE_VERSION_CURRENT);
    peer = stile_vm_id(test_find_peer(to));
    printk("donate: %lu pages work, %lu of %lu\n", nr, info(STILE_INFO_PAGES),
           info(STILE_INFO_PAGES_MAX));
    if (way && strncmp(way, ":scattered", 10) == 0)
        give_scattered(block, peer);
    else
        wait_given(give(block, BLOCK_PAGES, peer));
    if (way)
        sensitive->power_off(0);
    sensitive->power_reset();
}

static void take_offered(uint64_t *at)
{
    const uint32_t access = STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_SHARE_DONATED;
    stile_share_t share = stile_share(0);
    struct stile_result offered;

    while ((offered = stile_memory_next_offered(share)).status == STILE_SUCCESS) {
        stile_nr_pages_t count = stile_nr_pages(offered.value[1] >> 32);

        share = stile_share((uint32_t)offered.value[0]);
        if (stile_memory_accept(share, stile_ipa(*at), count, access).status != STILE_SUCCESS)
            continue; /* it may be taken back, or too much for the machine */
        printk("take: %lu pages now\n", info(STILE_INFO_PAGES));
        *at += BLOCK_BYTES;
    }
}

/* @how: "all", for ever; "reset", once, and then anew; "pages", once, where no block can be. */
void take_run(const char *how)
{
    uint64_t first = *how == 'p' ? ELSEWHERE + PAGE_SIZE : ELSEWHERE;
    uint64_t at = first;

    (void)stile_core_version(STILE_VERSION_CURRENT);
    printk("take: %lu pages at first\n", info(STILE_INFO_PAGES));
    while (*how == 'a' || at == first) {
        take_offered(&at);
        thread_sleep_ms(TRY_EVERY_MS);
    }
    if (*how == 'p')
        sensitive->power_off(0);
    sensitive->power_reset();
}
