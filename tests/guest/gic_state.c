/* SPDX-License-Identifier: MIT */
/*
 * The state of one interrupt: enabled, pending, active, of a group; set and cleared by the
 * distributor's registers, of every kind of interrupt, and what of it reaches the CPU.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"

KTF_SUITE(gic_state, .suite_setup = gic_rig_need_gic, .setup = gic_rig_setup,
          .teardown = gic_rig_teardown);

struct kind {
    const char *name;
    uint32_t intid;
};

static const struct kind kinds[] = {{"SGI", RIG_SGI}, {"PPI", RIG_PPI}, {"SPI", RIG_SPI}};

static void describe(const struct kind *kind, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", kind->name);
}

/* A GICv2 has registers of their own for SGIs, which cannot be disabled. */
static bool is_v2_sgi(uint32_t intid)
{
    return gic->version == 2 && intid < 16;
}

/* --- registers: one bit is set and cleared, and no other --- */

/* A register's word; of pending bits, without the timer's, which is set and cleared by itself. */
static uint32_t read_steady(uint64_t word, uint32_t set, uint32_t intid)
{
    bool has_timer = set == GICD_ISPENDR && intid / 32 == machine.timer_intid / 32 &&
                     intid != machine.timer_intid;

    return io_read32(word) & ~(has_timer ? gicd_bit(machine.timer_intid) : 0);
}

static void check_pair(uint32_t intid, uint32_t set, uint32_t clear)
{
    uint64_t set_word = gic_rig_word(set, intid), clear_word = gic_rig_word(clear, intid);
    uint32_t others = read_steady(set_word, set, intid) & ~gicd_bit(intid);

    io_write32(set_word, gicd_bit(intid));
    EXPECT_EQ(read_steady(set_word, set, intid), others | gicd_bit(intid));
    EXPECT_EQ(read_steady(clear_word, set, intid), others | gicd_bit(intid));
    io_write32(set_word, 0);
    io_write32(clear_word, 0);
    EXPECT_EQ(read_steady(set_word, set, intid), others | gicd_bit(intid));
    io_write32(clear_word, gicd_bit(intid));
    gic_rig_settle();
    EXPECT_EQ(read_steady(set_word, set, intid), others);
    EXPECT_EQ(read_steady(clear_word, set, intid), others);
}

KTF_TEST_EACH(gic_state, enabled_is_set_and_cleared, struct kind, kinds, describe)
{
    if (!is_v2_sgi(param->intid)) {
        check_pair(param->intid, GICD_ISENABLER, GICD_ICENABLER);
        return;
    }
    gic_rig_write_bit(GICD_ICENABLER, param->intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISENABLER, param->intid));
}

KTF_TEST_EACH(gic_state, pending_is_set_and_cleared, struct kind, kinds, describe)
{
    if (!is_v2_sgi(param->intid)) {
        check_pair(param->intid, GICD_ISPENDR, GICD_ICPENDR);
        return;
    }
    /* Read-only (IHI 0048 4.3.7). */
    gic_rig_write_bit(GICD_ISPENDR, param->intid);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    gic_rig_pend(param->intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    gic_rig_write_bit(GICD_ICPENDR, param->intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ICPENDR, param->intid));
}

KTF_TEST_EACH(gic_state, active_is_set_and_cleared, struct kind, kinds, describe)
{
    check_pair(param->intid, GICD_ISACTIVER, GICD_ICACTIVER);
}

KTF_TEST_EACH(gic_state, the_group_is_stored, struct kind, kinds, describe)
{
    uint64_t word = gic_rig_word(GICD_IGROUPR, param->intid);
    uint32_t before = io_read32(word);

    io_write32(word, before ^ gicd_bit(param->intid));
    EXPECT_EQ(io_read32(word), before ^ gicd_bit(param->intid));
    io_write32(word, before);
    EXPECT_EQ(io_read32(word), before);
}

KTF_TEST(gic_state, every_interrupt_of_a_word_is_its_own)
{
    static const uint32_t pairs[][2] = {{GICD_ISENABLER, GICD_ICENABLER},
                                        {GICD_ISPENDR, GICD_ICPENDR},
                                        {GICD_ISACTIVER, GICD_ICACTIVER}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        for (uint32_t n = 0; n < RIG_NR_SPIS; n++)
            check_pair(RIG_SPI + n, pairs[i][0], pairs[i][1]);
        io_write32(gic_rig_word(pairs[i][0], RIG_SPI), RIG_SPI_BITS);
        EXPECT_EQ(io_read32(gic_rig_word(pairs[i][1], RIG_SPI)) & RIG_SPI_BITS, RIG_SPI_BITS);
        io_write32(gic_rig_word(pairs[i][1], RIG_SPI), 0x55550000);
        EXPECT_EQ(io_read32(gic_rig_word(pairs[i][0], RIG_SPI)) & RIG_SPI_BITS, 0xAAAA0000);
        io_write32(gic_rig_word(pairs[i][1], RIG_SPI), RIG_SPI_BITS);
        gic_rig_settle();
        EXPECT_EQ(io_read32(gic_rig_word(pairs[i][0], RIG_SPI)) & RIG_SPI_BITS, 0);
    }
}

/* --- from pending to ended --- */

KTF_TEST_EACH(gic_state, it_is_pending_then_active_then_neither, struct kind, kinds, describe)
{
    uint32_t ack;

    gic_rig_enable(param->intid, 0x40);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_pend(param->intid);
    EXPECT_EQ(gic_rig_highest_pending(), param->intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, param->intid));
    EXPECT_TRUE(gic_rig_none());
    gic_rig_end(ack);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, param->intid));
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_state, pending_while_active_it_comes_again, struct kind, kinds, describe)
{
    uint32_t ack;

    gic_rig_enable(param->intid, 0x40);
    gic_rig_pend(param->intid);
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    gic_rig_pend(param->intid);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, param->intid));
    EXPECT_TRUE(gic_rig_none());
    gic_rig_end(ack);
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    gic_rig_end(ack);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_state, pending_twice_it_comes_once, struct kind, kinds, describe)
{
    uint32_t ack;

    gic_rig_enable(param->intid, 0x40);
    gic_rig_pend(param->intid);
    gic_rig_pend(param->intid);
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    gic_rig_end(ack);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_state, disabled_it_stays_pending, struct kind, kinds, describe)
{
    if (is_v2_sgi(param->intid))
        SKIP("a GICv2's SGIs cannot be disabled");
    gic_rig_enable(param->intid, 0x40);
    gic_rig_write_bit(GICD_ICENABLER, param->intid);
    gic_rig_settle();
    gic_rig_pend(param->intid);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, param->intid));
    gic_rig_write_bit(GICD_ISENABLER, param->intid);
    ASSERT_EQ(gic_rig_take(), param->intid);
    gic_rig_end(param->intid);
}

KTF_TEST_EACH(gic_state, disabled_while_pending_it_does_not_come, struct kind, kinds, describe)
{
    if (is_v2_sgi(param->intid))
        SKIP("a GICv2's SGIs cannot be disabled");
    gic_rig_enable(param->intid, 0x40);
    gic_rig_pend(param->intid);
    gic_rig_write_bit(GICD_ICENABLER, param->intid);
    gic_rig_settle();
    EXPECT_TRUE(gic_rig_none());
    gic_rig_write_bit(GICD_ICPENDR, param->intid);
    gic_rig_write_bit(GICD_ISENABLER, param->intid);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_state, withdrawn_it_does_not_come, struct kind, kinds, describe)
{
    if (is_v2_sgi(param->intid))
        SKIP("a GICv2's SGIs are withdrawn by GICD_CPENDSGIR");
    gic_rig_enable(param->intid, 0x40);
    gic_rig_pend(param->intid);
    gic_rig_write_bit(GICD_ICPENDR, param->intid);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_state, made_active_it_does_not_come, struct kind, kinds, describe)
{
    uint32_t ack;

    gic_rig_enable(param->intid, 0x40);
    gic_rig_write_bit(GICD_ISACTIVER, param->intid);
    gic_rig_pend(param->intid);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_write_bit(GICD_ICACTIVER, param->intid);
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    gic_rig_end(ack);
}

/* A level is pending while its input is high: one that was written is gone when it was taken. */
KTF_TEST(gic_state, a_level_made_pending_by_writing_comes_once)
{
    gic_rig_set_edge(RIG_SPI, false);
    gic_rig_enable(RIG_SPI, 0x40);
    gic_rig_pend(RIG_SPI);
    ASSERT_EQ(gic_rig_take(), RIG_SPI);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, RIG_SPI));
    gic_rig_end(RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
    gic_rig_pend(RIG_SPI);
    gic_rig_write_bit(GICD_ICPENDR, RIG_SPI);
    EXPECT_TRUE(gic_rig_none());
}

/* WFI ends although PSTATE.I masks what is pending, or this case hangs. */
KTF_TEST_EACH(gic_state, it_ends_wfi, struct kind, kinds, describe)
{
    uint32_t ack;

    gic_rig_enable(param->intid, 0x40);
    gic_rig_pend(param->intid);
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    gic_rig_end(ack);
}
