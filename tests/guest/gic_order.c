/* SPDX-License-Identifier: MIT */
/*
 * Which of several interrupts comes first: priorities, the mask, preemption, grouping, and more
 * pending ones than a hypervisor has list registers for.
 */
#include <stdio.h>

#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"

KTF_SUITE(gic_order, .suite_setup = gic_rig_need_gic, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

/* A step of priority that every controller with 32 of them tells apart. */
#define STEP 8

/* The n-th of the 16 test interrupts, in an order that is neither theirs nor its reverse. */
static uint32_t scrambled(uint32_t n)
{
    return RIG_SPI + n * 7 % RIG_NR_SPIS;
}

static void take_and_end(uint32_t intid)
{
    EXPECT_EQ(gic_rig_take(), intid);
    gic_rig_end(intid);
}

struct amount {
    uint32_t nr;
};

static const struct amount amounts[] = {{2}, {3}, {4}, {5}, {6}, {9}, {16}};

static void describe(const struct amount *amount, char *text, size_t size)
{
    (void)snprintf(text, size, "%u", amount->nr);
}

KTF_TEST_EACH(gic_order, the_most_urgent_comes_first, struct amount, amounts, describe)
{
    for (uint32_t i = 0; i < param->nr; i++)
        gic_rig_enable(scrambled(i), i * STEP);
    for (uint32_t i = 0; i < param->nr; i++)
        gic_rig_pend(RIG_SPI + i);
    for (uint32_t i = param->nr; i < RIG_NR_SPIS; i++)
        gic_rig_pend(RIG_SPI + i);
    for (uint32_t i = 0; i < param->nr; i++)
        take_and_end(scrambled(i));
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_order, of_a_word_made_pending_at_once_none_is_lost, struct amount, amounts,
              describe)
{
    uint32_t bits = (((1u << param->nr) - 1) << RIG_SPI % 32), seen = 0;

    for (uint32_t i = 0; i < param->nr; i++)
        gic_rig_enable(RIG_SPI + i, 0x40);
    io_write32(gic_rig_word(GICD_ISPENDR, RIG_SPI), bits);
    for (uint32_t i = 0; i < param->nr; i++) {
        uint32_t intid = gic_rig_take();
        ASSERT_NE(intid, RIG_SPURIOUS);
        EXPECT_EQ(seen & gicd_bit(intid), 0);
        seen |= gicd_bit(intid);
        gic_rig_end(intid);
    }
    EXPECT_EQ(seen, bits);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_order, one_that_comes_later_overtakes, struct amount, amounts, describe)
{
    const uint32_t last = RIG_SPI + RIG_NR_SPIS - 1;

    gic_rig_enable(last, 0);
    for (uint32_t i = 0; i + 1 < param->nr; i++) {
        gic_rig_enable(RIG_SPI + i, 0x40);
        gic_rig_pend(RIG_SPI + i);
    }
    gic_rig_pend(last);
    take_and_end(last);
    for (uint32_t i = 0; i + 1 < param->nr; i++) {
        uint32_t intid = gic_rig_take();
        ASSERT_NE(intid, RIG_SPURIOUS);
        gic_rig_end(intid);
    }
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST(gic_order, a_change_of_priority_counts_while_pending)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, 0x20 + i * STEP / 2);
        gic_rig_pend(RIG_SPI + i);
    }
    io_write8(gic_rig_priority(RIG_SPI + RIG_NR_SPIS - 1), 0);
    take_and_end(RIG_SPI + RIG_NR_SPIS - 1);
    io_write8(gic_rig_priority(RIG_SPI + 8), 0x10);
    take_and_end(RIG_SPI + 8);
}

/* --- the mask --- */

KTF_TEST(gic_order, only_what_is_above_the_mask_comes)
{
    gic_rig_enable(RIG_SPI, 0x40);
    gic_rig_enable(RIG_SPI + 1, 0x38);
    gic_rig_set_mask(0x40);
    gic_rig_pend(RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_pend(RIG_SPI + 1);
    take_and_end(RIG_SPI + 1);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_set_mask(0x48);
    take_and_end(RIG_SPI);
}

KTF_TEST(gic_order, what_the_mask_keeps_back_keeps_nothing_back)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, i < RIG_NR_SPIS - 1 ? 0x60 : 0x20);
        gic_rig_pend(RIG_SPI + i);
    }
    gic_rig_set_mask(0x40);
    take_and_end(RIG_SPI + RIG_NR_SPIS - 1);
    EXPECT_TRUE(gic_rig_none());
}

/* The group that the kernel does not take: 1 of a GICv2, 0 of a GICv3. */
static void use_other_group(uint32_t intid)
{
    uint64_t word = gic_rig_word(GICD_IGROUPR, intid);
    uint32_t before = io_read32(word);

    io_write32(word, gic->version == 2 ? before | gicd_bit(intid) : before & ~gicd_bit(intid));
}

KTF_TEST(gic_order, what_is_of_a_group_not_taken_keeps_nothing_back)
{
    uint64_t ctlr = gic_distributor() + GICD_CTLR;
    uint32_t before = io_read32(ctlr);

    if (!gic_rig_traits() || gic_rig_traits()->groups_hide)
        SKIP("this controller does not conform");
    io_write32(ctlr, before | GICD_CTLR_ENABLES);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, i < RIG_NR_SPIS - 1 ? 0x20 : 0x40);
        if (i < RIG_NR_SPIS - 1)
            use_other_group(RIG_SPI + i);
        gic_rig_pend(RIG_SPI + i);
    }
    EXPECT_EQ(gic_rig_take(), RIG_SPI + RIG_NR_SPIS - 1);
    gic_rig_end(RIG_SPI + RIG_NR_SPIS - 1);
    EXPECT_TRUE(gic_rig_none());
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_write_bit(GICD_ICENABLER, RIG_SPI + i);
    if (gic->version == 2)
        io_write32(gic_rig_word(GICD_IGROUPR, RIG_SPI), 0);
    io_write32(ctlr, before);
}

/* --- preemption --- */

KTF_TEST(gic_order, only_what_is_more_urgent_preempts)
{
    static const uint32_t priorities[] = {0x40, 0x48, 0x38, 0x20};

    for (uint32_t i = 0; i < 4; i++)
        gic_rig_enable(RIG_SPI + i, priorities[i]);
    gic_rig_enable(RIG_SPI + 4, 0x40);
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
    gic_rig_pend(RIG_SPI);
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    EXPECT_EQ(gic_rig_running(), 0x40);
    gic_rig_pend(RIG_SPI + 4); /* as urgent */
    gic_rig_pend(RIG_SPI + 1); /* less */
    EXPECT_TRUE(gic_rig_none());
    gic_rig_pend(RIG_SPI + 2);
    EXPECT_EQ(gic_rig_take(), RIG_SPI + 2);
    gic_rig_pend(RIG_SPI + 3);
    EXPECT_EQ(gic_rig_take(), RIG_SPI + 3);
    EXPECT_EQ(gic_rig_running(), 0x20);
    gic_rig_end(RIG_SPI + 3);
    EXPECT_EQ(gic_rig_running(), 0x38);
    gic_rig_end(RIG_SPI + 2);
    EXPECT_EQ(gic_rig_running(), 0x40);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_end(RIG_SPI);
    take_and_end(RIG_SPI + 4);
    take_and_end(RIG_SPI + 1);
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
}

KTF_TEST(gic_order, as_many_as_there_are_priorities_nest)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_enable(scrambled(i), 0x78 - i * STEP);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_pend(scrambled(i));
        EXPECT_EQ(gic_rig_take(), scrambled(i));
        EXPECT_EQ(gic_rig_running(), 0x78 - i * STEP);
    }
    EXPECT_EQ(io_read32(gic_rig_word(GICD_ISACTIVER, RIG_SPI)) & RIG_SPI_BITS, RIG_SPI_BITS);
    for (uint32_t i = RIG_NR_SPIS; i-- > 0;) {
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, scrambled(i)));
        gic_rig_end(scrambled(i));
        EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, scrambled(i)));
    }
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
    EXPECT_EQ(io_read32(gic_rig_word(GICD_ISACTIVER, RIG_SPI)) & RIG_SPI_BITS, 0);
}

KTF_TEST(gic_order, within_a_group_of_priorities_none_preempts)
{
    gic_rig_group_priorities(true);
    gic_rig_enable(RIG_SPI, 0x58);
    gic_rig_enable(RIG_SPI + 1, 0x40);
    gic_rig_enable(RIG_SPI + 2, 0x38);
    gic_rig_pend(RIG_SPI);
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_pend(RIG_SPI + 1);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_pend(RIG_SPI + 2);
    take_and_end(RIG_SPI + 2);
    gic_rig_end(RIG_SPI);
    take_and_end(RIG_SPI + 1);
}

/* --- ending in two steps --- */

KTF_TEST(gic_order, dropped_priority_leaves_it_active)
{
    gic_rig_split_eoi(true);
    for (uint32_t i = 0; i < 2; i++) {
        gic_rig_enable(RIG_SPI + i, 0x40);
        gic_rig_pend(RIG_SPI + i);
    }
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_end(RIG_SPI);
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI));
    gic_rig_pend(RIG_SPI);
    EXPECT_EQ(gic_rig_take(), RIG_SPI + 1);
    gic_rig_end(RIG_SPI + 1);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_deactivate(RIG_SPI);
    EXPECT_EQ(gic_rig_take(), RIG_SPI);
    gic_rig_end(RIG_SPI);
    gic_rig_deactivate(RIG_SPI);
    gic_rig_deactivate(RIG_SPI + 1);
    EXPECT_EQ(io_read32(gic_rig_word(GICD_ISACTIVER, RIG_SPI)) & RIG_SPI_BITS, 0);
}

/* In the order they came in, or in reverse: neither is that of their numbers alone. */
static void deactivate_many(bool reverse)
{
    gic_rig_split_eoi(true);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(scrambled(i), i * STEP);
        gic_rig_pend(scrambled(i));
    }
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        take_and_end(scrambled(i));
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        uint32_t intid = scrambled(reverse ? RIG_NR_SPIS - 1 - i : i);
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, intid));
        gic_rig_deactivate(intid);
        EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, intid));
    }
}

KTF_TEST(gic_order, many_are_deactivated_the_most_urgent_first)
{
    deactivate_many(false);
}

KTF_TEST(gic_order, many_are_deactivated_the_most_urgent_last)
{
    deactivate_many(true);
}
