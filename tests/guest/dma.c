/* SPDX-License-Identifier: MIT */
/*
 * A device that reads and writes memory by itself: a virtio disk, each 8 bytes of which say how far
 * they are from its beginning. In a VM it is one of the machine's (stile,device).
 */
#include <string.h>

#include "arch/cpu.h"
#include "blk_rig.h"
#include "dev/irq.h"
#include "ktf.h"
#include "lib/time.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/hypercall.h"
#include "support.h"
#include "test/test.h"
#include "threads/thread.h"

#define NR_PAGES          8u
#define SECTORS_OF(pages) ((pages) * (uint32_t)(PAGE_SIZE / BLK_SECTOR))
#define WORDS_OF(bytes)   ((bytes) / sizeof(uint64_t))

static uint64_t pages[NR_PAGES];

static void setup(void)
{
    for (uint32_t i = 0; i < NR_PAGES; i++) {
        pages[i] = page_alloc();
        ASSERT_TRUE(pages[i] != 0);
    }
    ASSERT_TRUE(blk_rig_start());
}

static void teardown(void)
{
    blk_rig_stop();
    for (uint32_t i = 0; i < NR_PAGES; i++)
        if (pages[i] != 0)
            page_free(pages[i]);
    memset(pages, 0, sizeof(pages));
}

KTF_SUITE(dma, .suite_setup = blk_rig_need_disk, .setup = setup, .teardown = teardown);

static enum blk_status transfer(bool write, uint64_t sector, const struct blk_piece pieces[],
                                uint32_t nr)
{
    blk_rig_submit(write, sector, pieces, nr);
    return blk_rig_wait(BLK_WAIT_MS);
}

static enum blk_status transfer_page(bool write, uint64_t sector, uint64_t pa)
{
    return transfer(write, sector, &(struct blk_piece){pa, PAGE_SIZE}, 1);
}

/* How many words of a page are not what the disk has from @sector on, plus @more. */
static uint32_t wrong_words(uint64_t pa, uint64_t sector, uint64_t more)
{
    const uint64_t *words = phys_to_virt(pa);
    uint32_t nr = 0;

    for (uint32_t i = 0; i < WORDS_OF(PAGE_SIZE); i++)
        nr += words[i] != sector * BLK_SECTOR + i * sizeof(words[0]) + more;
    return nr;
}

static void fill(uint64_t pa, uint64_t sector, uint64_t more)
{
    uint64_t *words = phys_to_virt(pa);

    for (uint32_t i = 0; i < WORDS_OF(PAGE_SIZE); i++)
        words[i] = sector * BLK_SECTOR + i * sizeof(words[0]) + more;
}

/* Into memory that the CPU has not touched before: what is found there is the device's. */
KTF_TEST(dma, it_writes_to_memory_that_nobody_touched)
{
    for (uint32_t i = 0; i < NR_PAGES; i++)
        ASSERT_EQ(transfer_page(false, SECTORS_OF(i), pages[i]), BLK_OK);
    for (uint32_t i = 0; i < NR_PAGES; i++)
        EXPECT_EQ(wrong_words(pages[i], SECTORS_OF(i), 0), 0);
}

KTF_TEST(dma, it_reads_what_the_cpu_wrote)
{
    for (uint32_t i = 0; i < NR_PAGES; i++) {
        fill(pages[i], SECTORS_OF(i), 1);
        ASSERT_EQ(transfer_page(true, SECTORS_OF(i), pages[i]), BLK_OK);
    }
    for (uint32_t i = 0; i < NR_PAGES; i++) {
        memset(phys_to_virt(pages[i]), 0xA5, PAGE_SIZE);
        ASSERT_EQ(transfer_page(false, SECTORS_OF(i), pages[i]), BLK_OK);
        EXPECT_EQ(wrong_words(pages[i], SECTORS_OF(i), 1), 0);
    }
    for (uint32_t i = 0; i < NR_PAGES; i++) {
        fill(pages[i], SECTORS_OF(i), 0);
        ASSERT_EQ(transfer_page(true, SECTORS_OF(i), pages[i]), BLK_OK);
    }
}

/* Backwards, and in pieces that are no pages. */
KTF_TEST(dma, a_request_may_be_scattered)
{
    struct blk_piece pieces[NR_PAGES];

    for (uint32_t i = 0; i < NR_PAGES; i++)
        pieces[i] = (struct blk_piece){pages[NR_PAGES - 1 - i], PAGE_SIZE};
    ASSERT_EQ(transfer(false, 0, pieces, NR_PAGES), BLK_OK);
    for (uint32_t i = 0; i < NR_PAGES; i++)
        EXPECT_EQ(wrong_words(pages[NR_PAGES - 1 - i], SECTORS_OF(i), 0), 0);

    memset(phys_to_virt(pages[0]), 0, PAGE_SIZE);
    for (uint32_t i = 0; i < 4; i++)
        pieces[i] = (struct blk_piece){pages[0] + i * PAGE_SIZE / 4, PAGE_SIZE / 4};
    ASSERT_EQ(transfer(false, 8, pieces, 4), BLK_OK);
    EXPECT_EQ(wrong_words(pages[0], 8, 0), 0);
}

static uint32_t nr_ended; /* atomic */

static void count(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    if (blk_rig_acknowledge()) /* else it was pending from before */
        __atomic_fetch_add(&nr_ended, 1, __ATOMIC_RELAXED);
}

KTF_TEST(dma, it_interrupts_at_the_end_of_each)
{
    nr_ended = 0;
    irq_register(blk_rig_intid(), count, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        blk_rig_submit(false, i, &(struct blk_piece){pages[0], PAGE_SIZE}, 1);
        EXPECT_TRUE(
            support_wait(__atomic_load_n(&nr_ended, __ATOMIC_RELAXED) == i + 1, BLK_WAIT_MS));
        ASSERT_EQ(blk_rig_wait(BLK_WAIT_MS), BLK_OK);
        EXPECT_EQ(wrong_words(pages[0], i, 0), 0);
    }
    irq_unregister(blk_rig_intid());
}

/* All of the disk, through one page. */
KTF_TEST(dma, all_of_the_disk_can_be_read)
{
    uint64_t nr = blk_rig_sectors();

    ASSERT_TRUE(nr >= SECTORS_OF(NR_PAGES) && nr % SECTORS_OF(1) == 0);
    for (uint64_t sector = 0; sector < nr; sector += SECTORS_OF(1)) {
        ASSERT_EQ(transfer_page(false, sector, pages[0]), BLK_OK);
        ASSERT_EQ(wrong_words(pages[0], sector, 0), 0);
    }
    EXPECT_EQ(transfer_page(false, nr, pages[0]), BLK_IOERR);
}

/* What devices reach by the machine's addresses cannot be moved. */
KTF_TEST(dma, its_memory_stays_where_it_is)
{
    const stile_ipa_t page = stile_ipa(pages[0]);
    const stile_nr_pages_t one = stile_nr_pages(1);
    const stile_vm_id_t peer = stile_vm_id(1);

    if (!sensitive_is_paravirtual())
        SKIP("there is no hypervisor to call");
    EXPECT_EQ(stile_memory_unmap(page, one).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_memory_discard(page, one).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_memory_donate(page, one, peer).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_memory_map(stile_ipa(support_beyond_memory()), one).status,
              STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_memory_protect(page, one, STILE_ACCESS_READ | STILE_ACCESS_WRITE).status,
              STILE_SUCCESS);
    ASSERT_EQ(transfer_page(false, 8, pages[0]), BLK_OK);
    EXPECT_EQ(wrong_words(pages[0], 8, 0), 0);
}
