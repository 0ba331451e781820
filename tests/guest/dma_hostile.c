/* SPDX-License-Identifier: MIT */
/*
 * A device that is told to read and write what is not its VM's. Only where an SMMU stands before
 * it: else memory of others would be written to.
 */
#include <string.h>

#include "blk_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/hypercall.h"
#include "stile/shared.h"
#include "support.h"

/* So many refused accesses end a stream: docs/vms.md. */
#define NR_FAULTS 1024u

/* Where hv/vm/vm_config.h has the VM's page, which the guest may read. */
#define VM_PAGE UINT64_C(0x0B000000)

/* How long a request may take. Of a device that has been stopped, it does not end. */
#define STOPPED_MS 2000u

static uint64_t page;
static uint32_t wait_ms;

static void need_smmu(void)
{
    blk_rig_need_disk();
    if (!machine_option("smmu"))
        ktf_skip("no SMMU");
}

static void setup(void)
{
    wait_ms = BLK_WAIT_MS;
    page = page_alloc();
    ASSERT_TRUE(page != 0);
    ASSERT_TRUE(blk_rig_start());
}

static void teardown(void)
{
    blk_rig_stop();
    page_free(page);
}

KTF_SUITE(dma_hostile, .suite_setup = need_smmu, .setup = setup, .teardown = teardown);

static enum blk_status transfer_sector(bool write, uint64_t sector, uint64_t pa)
{
    blk_rig_submit(write, sector, &(struct blk_piece){pa, BLK_SECTOR}, 1);
    return blk_rig_wait(wait_ms);
}

/* To and from a sector that tests may write to. */
static enum blk_status transfer(bool write, uint64_t pa)
{
    return transfer_sector(write, 1, pa);
}

/* What the device says of that is open; it may want a reset afterwards. */
static void try(bool write, uint64_t pa)
{
    (void)transfer(write, pa);
    blk_rig_stop();
    EXPECT_TRUE(blk_rig_start());
}

/* Whether a sector that nobody writes to goes to a page. */
static bool works(void)
{
    const uint64_t *words = phys_to_virt(page);

    memset(phys_to_virt(page), 0xA5, PAGE_SIZE);
    return transfer_sector(false, 0, page) == BLK_OK && words[0] == 0 &&
           words[63] == 63 * sizeof(words[0]);
}

/* As the machine counts, the hypervisor is there, or a GIC. */
KTF_TEST(dma_hostile, what_is_no_memory_is_refused)
{
    static const uint64_t wild[] = {0x44000000, UINT64_C(1) << 39};

    EXPECT_TRUE(works());
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
        try(false, wild[i]);
    EXPECT_TRUE(works());
}

KTF_TEST(dma_hostile, what_the_guest_may_only_read_is_not_written)
{
    struct stile_vm_page *copy = phys_to_virt(page);

    try(false, VM_PAGE);
    EXPECT_TRUE(works());
    ASSERT_EQ(transfer(true, VM_PAGE), BLK_OK);
    ASSERT_EQ(transfer(false, page), BLK_OK);
    EXPECT_EQ(copy->magic, STILE_VM_PAGE_MAGIC);
}

/* Each time anew: nobody goes by what was. */
KTF_TEST(dma_hostile, rights_that_are_taken_are_taken_from_devices)
{
    const stile_ipa_t ipa = stile_ipa(page);
    const stile_nr_pages_t one = stile_nr_pages(1);
    volatile uint64_t *word = phys_to_virt(page);

    if (!sensitive_is_paravirtual())
        SKIP("there is no hypervisor to call");
    for (uint32_t i = 0; i < 2; i++) {
        *word = 0xA5;
        ASSERT_EQ(transfer(true, page), BLK_OK);
        ASSERT_EQ(stile_memory_protect(ipa, one, STILE_ACCESS_READ).status, STILE_SUCCESS);
        ASSERT_EQ(transfer(true, page), BLK_OK);
        try(false, page);
        EXPECT_EQ(*word, 0xA5);
        ASSERT_EQ(stile_memory_protect(ipa, one, STILE_ACCESS_READ | STILE_ACCESS_WRITE).status,
                  STILE_SUCCESS);
        *word = 0;
        EXPECT_EQ(transfer(false, page), BLK_OK);
        EXPECT_EQ(*word, 0xA5);
    }
}

/* Last: there is nothing to be had from the disk then. A sector is 1 to 128 accesses. */
KTF_TEST(dma_hostile, who_goes_on_is_stopped)
{
    wait_ms = STOPPED_MS;
    ASSERT_TRUE(works());
    for (uint32_t i = 0; i <= NR_FAULTS && works(); i++)
        try(false, 0x44000000);
    EXPECT_FALSE(works());
}
