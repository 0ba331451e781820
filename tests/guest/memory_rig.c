/* SPDX-License-Identifier: MIT */
#include "memory_rig.h"

#include "ktf.h"
#include "mm/page.h"
#include "sensitive/balloon.h"
#include "support.h"

void expect_done(struct stile_result result, uint64_t pages)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], pages);
}

void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

uint64_t make_block(void)
{
    uint64_t block = (support_beyond_memory() + BLOCK_SIZE - 1) & ~(uint64_t)(BLOCK_SIZE - 1);

    EXPECT_EQ(balloon_set(BLOCK_PAGES), BLOCK_PAGES);
    expect_done(stile_memory_map(stile_ipa(block), stile_nr_pages(BLOCK_PAGES)), BLOCK_PAGES);
    return block;
}

void free_block(uint64_t block)
{
    uint64_t done = 0;

    EXPECT_EQ(stile_memory_unmap_all(stile_ipa(block), stile_nr_pages(BLOCK_PAGES), &done),
              STILE_SUCCESS);
    EXPECT_EQ(done, BLOCK_PAGES);
    EXPECT_EQ(balloon_set(0), 0);
}
