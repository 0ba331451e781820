/* SPDX-License-Identifier: MIT */
/*
 * The interrupt of a device: a level that the device holds, whatever state the interrupt is in. The
 * device is a PL061 (Arm DDI 0190), whose inputs nobody drives: an interrupt that is enabled is
 * high. In a VM it is one of the machine's (stile,device).
 */
#include "arm64/io.h"
#include "gic_rig.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "test/test.h"

#define GPIODIR    0x400
#define GPIOIS     0x404 /* 1: by level */
#define GPIOIBE    0x408
#define GPIOIEV    0x40C /* by which */
#define GPIOIE     0x410
#define GPIOIC     0x41C
#define DATA(pins) ((uint64_t)(pins) << 2)

#define PIN      1u
#define PRIORITY 0x40

#define NR_ROUNDS 3
#define NR_STORM  500

static uint64_t gpio;
static uint32_t intid;
static bool split;

static void need_device(void)
{
    gic_rig_need_gic();
    gpio = test_gpio;
    if (gpio == 0)
        ktf_skip("no PL061");
}

static void setup(void)
{
    intid = machine.gpio_intid;
    split = false;
    gic_rig_setup();
    io_write32(gpio + GPIOIE, 0);
    io_write32(gpio + GPIODIR, 0);
    io_write32(gpio + GPIOIS, PIN);
    io_write32(gpio + GPIOIBE, 0);
    io_write32(gpio + GPIOIEV, io_read32(gpio + DATA(PIN)) & PIN);
    gic_rig_quiet(intid);
    gic_rig_set_edge(intid, false);
    gic_rig_route(intid, smp_cpu()->index);
    gic_rig_enable(intid, PRIORITY);
}

static void teardown(void)
{
    io_write32(gpio + GPIOIE, 0);
    io_write32(gpio + GPIOIS, 0);
    io_write32(gpio + GPIOIC, PIN);
    gic_rig_quiet(intid);
    gic_rig_teardown();
}

KTF_SUITE(gic_device, .suite_setup = need_device, .setup = setup, .teardown = teardown);

static void set_level(bool high)
{
    io_write32(gpio + GPIOIE, high ? PIN : 0);
    (void)io_read32(gpio + GPIOIE);
}

static bool is_presented(void)
{
    return gic_rig_highest_pending() == intid;
}

/* Takes it, however long it takes to arrive; false if it does not come. */
static bool take(void)
{
    return gic_rig_wait(is_presented()) && gic_rig_take() == intid;
}

static void end(void)
{
    gic_rig_end(intid);
    if (split)
        gic_rig_deactivate(intid);
}

static bool is_pending(void)
{
    return gic_rig_read_bit(GICD_ISPENDR, intid);
}

static bool is_active(void)
{
    return gic_rig_read_bit(GICD_ISACTIVER, intid);
}

static void expect_nothing(void)
{
    EXPECT_TRUE(gic_rig_none());
    EXPECT_FALSE(is_pending());
    EXPECT_FALSE(is_active());
}

KTF_TEST(gic_device, it_comes_once_if_it_is_dealt_with)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        set_level(true);
        ASSERT_TRUE(take());
        EXPECT_TRUE(is_active());
        set_level(false);
        end();
        expect_nothing();
    }
}

KTF_TEST(gic_device, as_long_as_it_is_high_it_comes_again)
{
    set_level(true);
    for (int i = 0; i < NR_ROUNDS; i++) {
        ASSERT_TRUE(take());
        EXPECT_TRUE(gic_rig_none());
        end();
    }
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

KTF_TEST(gic_device, a_storm_ends_with_its_cause)
{
    set_level(true);
    for (int i = 0; i < NR_STORM; i++) {
        ASSERT_TRUE(take());
        end();
    }
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

/* What is pending may stay so in a VM; then the device has nothing to say. */
KTF_TEST(gic_device, lowered_before_it_is_taken_it_comes_once_at_most)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        set_level(true);
        ASSERT_TRUE(gic_rig_wait(is_presented()));
        set_level(false);
        if (gic_rig_take() == intid) {
            EXPECT_TRUE(gic_rig_traits()->is_stile);
            end();
        }
        expect_nothing();
    }
}

KTF_TEST(gic_device, disabled_it_comes_when_it_is_enabled)
{
    gic_rig_write_bit(GICD_ICENABLER, intid);
    gic_rig_settle();
    set_level(true);
    EXPECT_TRUE(gic_rig_wait(is_pending()));
    EXPECT_TRUE(gic_rig_none());
    gic_rig_write_bit(GICD_ISENABLER, intid);
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

KTF_TEST(gic_device, disabled_while_active_it_comes_when_it_is_enabled)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        set_level(true);
        ASSERT_TRUE(take());
        gic_rig_write_bit(GICD_ICENABLER, intid);
        gic_rig_settle();
        EXPECT_TRUE(is_active());
        end();
        EXPECT_TRUE(gic_rig_none());
        EXPECT_TRUE(gic_rig_wait(is_pending()));
        gic_rig_write_bit(GICD_ISENABLER, intid);
        ASSERT_TRUE(take());
        set_level(false);
        end();
        expect_nothing();
    }
}

KTF_TEST(gic_device, in_two_steps_it_comes_after_the_second)
{
    gic_rig_split_eoi(split = true);
    set_level(true);
    for (int i = 0; i < NR_ROUNDS; i++) {
        ASSERT_TRUE(take());
        gic_rig_end(intid);
        EXPECT_EQ(gic_rig_running(), RIG_IDLE);
        EXPECT_TRUE(gic_rig_none());
        EXPECT_TRUE(is_active());
        gic_rig_deactivate(intid);
    }
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

KTF_TEST(gic_device, high_it_cannot_be_withdrawn_by_a_write)
{
    set_level(true);
    ASSERT_TRUE(gic_rig_wait(is_presented()));
    gic_rig_write_bit(GICD_ICPENDR, intid);
    EXPECT_TRUE(gic_rig_wait(is_pending()));
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

/* GICD_ICACTIVER ends what was left active, and it comes again if the level is still there. */
KTF_TEST(gic_device, left_active_it_can_be_made_inactive)
{
    gic_rig_split_eoi(true);
    set_level(true);
    ASSERT_TRUE(take());
    gic_rig_end(intid);
    gic_rig_write_bit(GICD_ICACTIVER, intid);
    ASSERT_TRUE(take());
    gic_rig_end(intid);
    set_level(false);
    gic_rig_write_bit(GICD_ICACTIVER, intid);
    expect_nothing();
    gic_rig_split_eoi(false);
    set_level(true);
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}

/* Behind one that is more urgent it waits. */
KTF_TEST(gic_device, behind_another_it_waits_for_the_end)
{
    for (int i = 0; i < NR_ROUNDS; i++) {
        gic_rig_enable(RIG_SPI, PRIORITY / 2);
        gic_rig_pend(RIG_SPI);
        ASSERT_EQ(gic_rig_take(), RIG_SPI);
        set_level(true);
        EXPECT_TRUE(gic_rig_wait(is_pending()));
        EXPECT_TRUE(gic_rig_none());
        gic_rig_end(RIG_SPI);
        ASSERT_TRUE(take());
        set_level(false);
        end();
        expect_nothing();
    }
}

/* More than there are list registers, of which the device's is the least urgent. */
KTF_TEST(gic_device, among_many_it_comes_last)
{
    gic_rig_enable(intid, PRIORITY + 0x20);
    set_level(true);
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        gic_rig_enable(RIG_SPI + i, PRIORITY);
        gic_rig_pend(RIG_SPI + i);
    }
    for (uint32_t i = 0; i < RIG_NR_SPIS; i++) {
        uint32_t taken = gic_rig_take();
        ASSERT_TRUE(taken >= RIG_SPI && taken < RIG_SPI + RIG_NR_SPIS);
        gic_rig_end(taken);
    }
    ASSERT_TRUE(take());
    set_level(false);
    end();
    expect_nothing();
}
