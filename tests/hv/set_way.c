/* SPDX-License-Identifier: MIT */
/*
 * memory/set_way.c on the real machine: a loop over sets and ways is one bounded walk over the VM's
 * memory, in pieces.
 */
#include "memory/set_way.h"

#include <string.h>

#include "ktf.h"
#include "memory/guest.h"
#include "memory/vmem.h"
#include "mm/page.h"
#include "one_vm.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define LEVEL_1 UINT64_C(0)
#define LEVEL_2 (UINT64_C(1) << 1)
#define OTHER   (UINT64_C(3) << 6) /* a set, on any level */

static struct vcpu vcpu;

static void make_vm_and_vcpu(void)
{
    make_vm();
    memset(&vcpu, 0, sizeof(vcpu));
    vcpu.vm = &vm;
}

KTF_SUITE(set_way, .setup = make_vm_and_vcpu, .teardown = destroy_vm);

/* How many exits one operation of the guest is. */
static uint32_t exits_of(uint64_t operand)
{
    uint32_t nr = 1;

    while (!set_way_execute(&vcpu, operand) && nr < 10000)
        nr++;
    return nr;
}

/* All parts of it. */
static void touch_block(uint32_t i)
{
    for (uint64_t at = 0; at < BLOCK_2M; at += PAGE_PART_BYTES)
        EXPECT_EQ(guest_write(&vm, ipa_make(MEMORY_IPA + i * BLOCK_2M + at), "x", 1), 1);
}

KTF_TEST(set_way, memory_that_nobody_touched_needs_nothing)
{
    EXPECT_LE(exits_of(LEVEL_1), 2);
}

KTF_TEST(set_way, what_was_touched_is_cleaned_in_pieces)
{
    uint32_t nr;

    touch_block(1);
    nr = exits_of(LEVEL_1);
    EXPECT_GE(nr, 8);
    EXPECT_LE(nr, 32);
    touch_block(3);
    EXPECT_GE(exits_of(LEVEL_1), 2 * nr - 4);
}

KTF_TEST(set_way, of_a_block_that_is_ready_in_part_only_that_is_cleaned)
{
    EXPECT_EQ(guest_write(&vm, ipa_make(MEMORY_IPA + BLOCK_2M + PAGE_PART_BYTES), "x", 1), 1);
    uint32_t nr = exits_of(LEVEL_1);
    EXPECT_GE(nr, 2);
    EXPECT_LE(nr, 4);
}

KTF_TEST(set_way, fresh_memory_stays_so)
{
    struct stage2_mapping mapping;

    touch_block(0);
    (void)exits_of(LEVEL_1);
    ASSERT_TRUE(stage2_lookup(&vm.stage2, ipa_make(MEMORY_IPA + BLOCK_2M), &mapping));
    EXPECT_EQ(mapping.attrs & STAGE2_FRESH, STAGE2_FRESH);
}

KTF_TEST(set_way, the_rest_of_a_loop_is_done_by_its_first)
{
    touch_block(0);
    EXPECT_GE(exits_of(LEVEL_1), 8);
    EXPECT_EQ(exits_of(LEVEL_1 + OTHER), 1);
    EXPECT_EQ(exits_of(LEVEL_1 + 2 * OTHER), 1);
}

KTF_TEST(set_way, another_level_and_another_loop_begin_anew)
{
    touch_block(0);
    EXPECT_GE(exits_of(LEVEL_1), 8);
    EXPECT_GE(exits_of(LEVEL_2), 8);
    EXPECT_EQ(exits_of(LEVEL_2 + OTHER), 1);
    EXPECT_GE(exits_of(LEVEL_1), 8);
    EXPECT_EQ(exits_of(LEVEL_1 + OTHER), 1);
    EXPECT_GE(exits_of(LEVEL_1), 8);
}

KTF_TEST(set_way, any_operand_will_do)
{
    touch_block(0);
    for (uint32_t bit = 0; bit < 64; bit++)
        EXPECT_LE(exits_of(UINT64_C(1) << bit), 32);
    EXPECT_LE(exits_of(UINT64_MAX), 32);
}
