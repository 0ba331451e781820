/* SPDX-License-Identifier: MIT */
/*
 * virt/vrtc.c as Linux's rtc-pl031 and U-Boot's pl031 drivers use it.
 */
#include <string.h>

#include "vm/vm.h"
#include "vm/vcpu.h"
#include "vm/mmio_map.c"
#include "virt/vrtc.c"

#include "ktf.h"

#define BASE UINT64_C(0x9010000)

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};
static uint64_t seconds;

uint64_t clock_seconds(void)
{
    return seconds;
}

static void setup(void)
{
    memset(&vm, 0, sizeof(vm));
    seconds = 1700000000;
    vm.config.rtc = (struct ipa_range){ipa_make(BASE), 0x1000};
    vrtc_init(&vm);
}

KTF_SUITE(vrtc, .setup = setup);

static uint64_t rtc_read(uint32_t offset)
{
    return vrtc_read(&vcpu, offset, 4);
}

static void rtc_write(uint32_t offset, uint64_t value)
{
    vrtc_write(&vcpu, offset, 4, value);
}

KTF_TEST(vrtc, a_vm_has_one_if_its_tree_has)
{
    EXPECT_EQ(vm.mmio.nr_regions, 1);
    EXPECT_EQ(vm.mmio.regions[0].base, BASE);
    memset(&vm, 0, sizeof(vm));
    vrtc_init(&vm);
    EXPECT_EQ(vm.mmio.nr_regions, 0);
}

KTF_TEST(vrtc, it_is_a_primecell)
{
    const uint8_t expected[8] = {0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

    for (uint32_t i = 0; i < 8; i++)
        EXPECT_EQ(rtc_read(IDS + 4 * i), expected[i]);
    EXPECT_EQ(vrtc_read(&vcpu, 0xFF8, 8), 0x05);
    EXPECT_EQ(rtc_read(CR), 1);
}

KTF_TEST(vrtc, it_tells_the_wall_clock)
{
    EXPECT_EQ(rtc_read(DR), 1700000000);
    seconds += 5;
    EXPECT_EQ(rtc_read(DR), 1700000005);
    seconds = UINT64_C(0x100000007); /* it has 32 bits */
    EXPECT_EQ(rtc_read(DR), 7);
}

KTF_TEST(vrtc, the_guest_sets_it)
{
    rtc_write(LR, 1000000000);
    EXPECT_EQ(rtc_read(LR), 1000000000);
    EXPECT_EQ(rtc_read(DR), 1000000000);
    seconds += 60;
    EXPECT_EQ(rtc_read(DR), 1000000060);
    rtc_write(LR, 2000000000);
    EXPECT_EQ(rtc_read(DR), 2000000000);
    vrtc_init(&vm);
    EXPECT_EQ(rtc_read(DR), 1700000060);
}

KTF_TEST(vrtc, its_alarm_never_comes)
{
    rtc_write(MR, 1700000001);
    rtc_write(IMSC, 0xFF);
    EXPECT_EQ(rtc_read(MR), 1700000001);
    EXPECT_EQ(rtc_read(IMSC), 1);
    seconds++;
    EXPECT_EQ(rtc_read(0x14), 0);
    EXPECT_EQ(rtc_read(0x18), 0);
    rtc_write(CR, 0);
    EXPECT_EQ(rtc_read(CR), 1);
}
