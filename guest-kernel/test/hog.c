/* SPDX-License-Identifier: MIT */
/*
 * Memory that a hypervisor would miss elsewhere: a VM that uses up all the tables it can get, and
 * VMs that give memory away and start anew.
 */
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

void donate_run(const char *to)
{
    stile_vm_id_t peer;
    uint64_t nr;
    uint64_t block = take_all_memory(&nr);
    uint64_t most;
    struct stile_result given;

    (void)stile_core_version(STILE_VERSION_CURRENT);
    peer = stile_vm_id(test_find_peer(to));
    most = info(STILE_INFO_PAGES_MAX);
    printk("donate: %lu pages work, %lu of %lu\n", nr, info(STILE_INFO_PAGES), most);
    do {
        thread_sleep_ms(TRY_EVERY_MS);
        given = stile_memory_donate(stile_ipa(block), stile_nr_pages(BLOCK_PAGES), peer);
    } while (given.status != STILE_SUCCESS);
    for (unsigned i = 0; i < NR_TRIES && info(STILE_INFO_PAGES_MAX) == most; i++)
        thread_sleep_ms(TRY_EVERY_MS);
    if (stile_memory_revoke(stile_share((uint32_t)given.value[0])).status == STILE_SUCCESS)
        printk("donate: not accepted\n");
    sensitive->power_reset();
}

static void take_offered(uint64_t *at)
{
    const uint32_t access = STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_SHARE_DONATED;
    stile_nr_pages_t count = stile_nr_pages(BLOCK_PAGES);
    stile_share_t share = stile_share(0);
    struct stile_result offered;

    while ((offered = stile_memory_offered(share)).status == STILE_SUCCESS) {
        share = stile_share((uint32_t)offered.value[0]);
        if (stile_memory_accept(share, stile_ipa(*at), count, access).status != STILE_SUCCESS)
            continue; /* it may be taken back, or too much for the machine */
        printk("take: %lu pages now\n", info(STILE_INFO_PAGES));
        *at += BLOCK_BYTES;
    }
}

void take_run(const char *how)
{
    uint64_t at = ELSEWHERE;

    (void)stile_core_version(STILE_VERSION_CURRENT);
    printk("take: %lu pages at first\n", info(STILE_INFO_PAGES));
    while (*how != 'r' || at == ELSEWHERE) {
        take_offered(&at);
        thread_sleep_ms(TRY_EVERY_MS);
    }
    sensitive->power_reset();
}
