/* SPDX-License-Identifier: MIT */
/*
 * What is done to an interrupt while it is active: kept back, made pending, made inactive, given
 * another priority; and interrupts made active that nobody acknowledged.
 */
#include <stdio.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv2.h"
#include "dev/gicv3.h"
#include "dev/pl011.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"

#define PRIORITY  0x40
#define NR_ROUNDS 3
#define STEP      8

#define UARTIMSC  0x38
#define UARTMIS   0x40
#define UARTICR   0x44
#define UART_SENT (1u << 5)

#define SEND_LIMIT_US (10 * 1000 * 1000)

/* The emulated UART while its interrupt is a test's, and what interrupted before. */
static uint64_t uart;
static uint32_t uart_imsc;

static void teardown(void)
{
    if (uart) {
        io_write32(uart + UARTIMSC, uart_imsc);
        io_write8(gic_rig_priority(machine.uart_intid), GIC_PRIORITY);
        uart = 0;
    }
    gic_rig_teardown();
}

KTF_SUITE(gic_active, .suite_setup = gic_rig_need_gic, .setup = gic_rig_setup,
          .teardown = teardown);

/* --- kept back while it is active --- */

static void let_one(uint32_t intid, bool let)
{
    gic_rig_write_bit(let ? GICD_ISENABLER : GICD_ICENABLER, intid);
}

/* Both groups, for all there is. */
static void let_groups(uint32_t intid, bool let)
{
    static uint32_t before;
    uint64_t ctlr = gic_distributor() + GICD_CTLR;

    (void)intid;
    if (!let)
        before = io_read32(ctlr);
    io_write32(ctlr, let ? before : before & ~GICD_CTLR_ENABLES);
}

/** An interrupt, and by what it is kept back. */
struct way {
    const char *name;
    uint32_t intid;
    void (*let)(uint32_t intid, bool let);
};

static const struct way ways[] = {
    {"SGI, disabled", RIG_SGI, let_one}, {"SGI, groups off", RIG_SGI, let_groups},
    {"PPI, disabled", RIG_PPI, let_one}, {"PPI, groups off", RIG_PPI, let_groups},
    {"SPI, disabled", RIG_SPI, let_one}, {"SPI, groups off", RIG_SPI, let_groups},
};

static void describe(const struct way *way, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", way->name);
}

/* Where an interrupt becomes pending on its targets, a PPI of several CPUs has none. */
static bool can_be_pending(uint32_t intid)
{
    const struct gic_traits *traits = gic_rig_traits();
    bool is_ppi = intid >= 16 && intid < 32;

    return !is_ppi || machine.nr_cpus == 1 || !traits || !traits->pends_by_target;
}

/* A GICv2's SGIs cannot be disabled. */
static bool is_possible(const struct way *way)
{
    return can_be_pending(way->intid) &&
           (gic->version == 3 || way->intid >= 16 || way->let != let_one);
}

static void keep_back(const struct way *way)
{
    way->let(way->intid, false);
    gic_rig_settle();
}

KTF_TEST_EACH(gic_active, kept_back_it_ends_and_comes_no_more, struct way, ways, describe)
{
    uint32_t ack;

    if (!is_possible(param))
        SKIP("it cannot be disabled, or made pending");
    gic_rig_enable(param->intid, PRIORITY);
    gic_rig_pend(param->intid);
    ASSERT_EQ(gic_rig_take_source(&ack), param->intid);
    keep_back(param);
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, param->intid));
    gic_rig_end(ack);
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, param->intid));
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
    param->let(param->intid, true);
    EXPECT_TRUE(gic_rig_none());
}

static void occur_while_kept_back(const struct way *way, bool split)
{
    uint32_t ack;

    gic_rig_pend(way->intid);
    ASSERT_EQ(gic_rig_take_source(&ack), way->intid);
    keep_back(way);
    gic_rig_pend(way->intid);
    gic_rig_end(ack);
    if (split)
        gic_rig_deactivate(ack);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, way->intid));
    EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, way->intid));
    way->let(way->intid, true);
    ASSERT_EQ(gic_rig_take_source(&ack), way->intid);
    gic_rig_end(ack);
    if (split)
        gic_rig_deactivate(ack);
    EXPECT_TRUE(gic_rig_none());
}

KTF_TEST_EACH(gic_active, occurring_meanwhile_it_comes_later, struct way, ways, describe)
{
    if (!is_possible(param))
        SKIP("it cannot be disabled, or made pending");
    gic_rig_enable(param->intid, PRIORITY);
    for (int i = 0; i < NR_ROUNDS; i++)
        occur_while_kept_back(param, false);
}

KTF_TEST_EACH(gic_active, the_same_if_ended_in_two_steps, struct way, ways, describe)
{
    if (!is_possible(param))
        SKIP("it cannot be disabled, or made pending");
    gic_rig_split_eoi(true);
    gic_rig_enable(param->intid, PRIORITY);
    for (int i = 0; i < NR_ROUNDS; i++)
        occur_while_kept_back(param, true);
}

/* What is sent by one's own register of SGIs goes the shortest way there is. */
KTF_TEST(gic_active, an_sgi_sent_while_groups_are_off_comes_later)
{
    uint32_t ack;

    gic_rig_enable(RIG_SGI, PRIORITY);
    for (int i = 0; i < NR_ROUNDS; i++) {
        gic->send_sgi(smp_cpu()->index, RIG_SGI);
        ASSERT_EQ(gic_rig_take_source(&ack), RIG_SGI);
        let_groups(RIG_SGI, false);
        gic_rig_settle();
        gic->send_sgi(smp_cpu()->index, RIG_SGI);
        gic_rig_end(ack);
        EXPECT_TRUE(gic_rig_none());
        let_groups(RIG_SGI, true);
        ASSERT_EQ(gic_rig_take_source(&ack), RIG_SGI);
        gic_rig_end(ack);
        EXPECT_TRUE(gic_rig_none());
    }
}

/* As a driver would, if the kernel has one. */
static void set_up_uart(uint32_t intid)
{
    uint64_t word = gic_rig_word(GICD_IGROUPR, intid);

    if (gic->version == 3)
        io_write32(word, io_read32(word) | gicd_bit(intid));
    gic_rig_set_edge(intid, false);
    gic_rig_route(intid, smp_cpu()->index);
    gic_rig_enable(intid, PRIORITY);
    uart = pl011_data_register();
    uart_imsc = io_read32(uart + UARTIMSC);
    io_write32(uart + UARTIMSC, UART_SENT);
}

/* A character leaves when the machine's UART takes it, which other VMs use as well. */
static bool send_one(void)
{
    uint64_t end = time_uptime_us() + SEND_LIMIT_US;

    io_write32(uart, '\n');
    while (!(io_read32(uart + UARTMIS) & UART_SENT))
        if (time_uptime_us() > end)
            return false;
    return true;
}

/* A device's level: the interrupt of an emulated UART that has sent a character. */
KTF_TEST(gic_active, a_level_kept_back_comes_later)
{
    uint32_t intid = machine.uart_intid;

    if (!pl011_data_register() || !gic_rig_traits() || !gic_rig_traits()->is_stile)
        SKIP("no emulated UART");
    set_up_uart(intid);
    ASSERT_TRUE(send_one());
    for (int i = 0; i < NR_ROUNDS; i++) {
        ASSERT_EQ(gic_rig_take(), intid);
        let_one(intid, false);
        gic_rig_settle();
        gic_rig_end(intid);
        EXPECT_TRUE(gic_rig_none());
        gic_rig_write_bit(GICD_ICPENDR, intid);
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISPENDR, intid));
        let_one(intid, true);
    }
    ASSERT_EQ(gic_rig_take(), intid);
    io_write32(uart + UARTICR, UART_SENT);
    gic_rig_end(intid);
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(gic_rig_read_bit(GICD_ISPENDR, intid));
}

/* --- its priority and its state change while it is active --- */

/* The running priority is that of the acknowledgement; so is the order of the ends. */
KTF_TEST(gic_active, another_priority_counts_from_the_next_time_on)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_enable(RIG_SPI + i, 0x78 - i * STEP);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_pend(RIG_SPI + i);
        ASSERT_EQ(gic_rig_take(), RIG_SPI + i);
    }
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        io_write8(gic_rig_priority(RIG_SPI + i), (uint8_t)(i * STEP));
    for (uint32_t i = RIG_NR_SPIS; i-- > 0;) {
        EXPECT_EQ(gic_rig_running(), 0x78 - i * STEP);
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI + i));
        gic_rig_end(RIG_SPI + i);
        EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI + i));
    }
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
}

/* Ends are of what was acknowledged, not of what a write made active. */
KTF_TEST(gic_active, what_a_write_made_active_stays_so)
{
    const uint32_t nr = RIG_NR_SPIS / 2;

    for (uint32_t i = 0; i < RIG_NR_SPIS; i++)
        gic_rig_enable(RIG_SPI + i, i < nr ? 0 : 0x78 - i * STEP + 8);
    for (uint32_t i = 0; i < nr; i++)
        gic_rig_write_bit(GICD_ISACTIVER, RIG_SPI + i);
    for (uint32_t i = nr; i < RIG_NR_SPIS; i++) {
        gic_rig_pend(RIG_SPI + i);
        ASSERT_EQ(gic_rig_take(), RIG_SPI + i);
    }
    for (uint32_t i = RIG_NR_SPIS; i-- > nr;) {
        gic_rig_end(RIG_SPI + i);
        EXPECT_FALSE(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI + i));
    }
    for (uint32_t i = 0; i < nr; i++)
        EXPECT_TRUE(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI + i));
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
}

/* The end of what a write has made inactive meanwhile drops the priority, and ends nothing else. */
KTF_TEST(gic_active, what_a_write_made_inactive_is_ended_all_the_same)
{
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, 0x78 - i * STEP);
        gic_rig_pend(RIG_SPI + i);
        ASSERT_EQ(gic_rig_take(), RIG_SPI + i);
    }
    for (uint32_t i = 1; i < RIG_NR_SPIS; i += 2)
        gic_rig_write_bit(GICD_ICACTIVER, RIG_SPI + i);
    for (uint32_t i = RIG_NR_SPIS; i-- > 0;) {
        EXPECT_EQ(gic_rig_running(), 0x78 - i * STEP);
        gic_rig_end(RIG_SPI + i);
        for (uint32_t n = 0; n < RIG_NR_SPIS; n++)
            EXPECT_EQ(gic_rig_read_bit(GICD_ISACTIVER, RIG_SPI + n), n < i && n % 2 == 0);
    }
    EXPECT_EQ(gic_rig_running(), RIG_IDLE);
}

/* All of a word at once, as kernels do that start. */
KTF_TEST(gic_active, all_active_bits_are_cleared_at_once)
{
    static const uint32_t intids[] = {RIG_SGI, RIG_PPI, RIG_SPI};
    uint32_t ack;

    gic_rig_split_eoi(true);
    for (size_t i = 0; i < sizeof(intids) / sizeof(intids[0]); i++) {
        uint64_t word = gic_rig_word(GICD_ICACTIVER, intids[i]);
        if (!can_be_pending(intids[i]))
            continue;
        gic_rig_enable(intids[i], PRIORITY);
        for (int n = 0; n < NR_ROUNDS; n++) {
            gic_rig_pend(intids[i]);
            ASSERT_EQ(gic_rig_take_source(&ack), intids[i]);
            gic_rig_end(ack);
            io_write32(word, UINT32_MAX);
            EXPECT_EQ(io_read32(word), 0);
        }
    }
}
