/* SPDX-License-Identifier: MIT */
/*
 * virt/vslots.c and virt/vflash.c: what a probe finds, and that nothing comes of a write.
 */
#include <string.h>

#include "vm/vm.h"
#include "vm/vcpu.h"
#include "vm/mmio_map.c"
#include "virt/vflash.c"
#include "virt/vslots.c"

#include "ktf.h"

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};

static void setup(void)
{
    memset(&vm, 0, sizeof(vm));
    vm.config.slot_bytes = 0x200;
}

KTF_SUITE(vslots, .setup = setup);

KTF_TEST(vslots, a_map_has_each_piece)
{
    vm.config.slots[0] = (struct ipa_range){ipa_make(0xA000000), 0x4000};
    vm.config.slots[1] = (struct ipa_range){ipa_make(0xA008000), 0x200};
    vm.config.flash[0] = (struct ipa_range){ipa_make(0), 0x8000000};
    vslots_init(&vm);
    vflash_init(&vm);
    ASSERT_EQ(vm.mmio.nr_regions, 3);
    EXPECT_EQ(vm.mmio.regions[1].base, 0xA008000);
    EXPECT_EQ(vm.mmio.regions[1].ops, &vslots_ops);
    EXPECT_EQ(vm.mmio.regions[2].bytes, 0x8000000);
    EXPECT_EQ(vm.mmio.regions[2].ops, &vflash_ops);
}

KTF_TEST(vslots, each_has_a_magic_a_version_and_no_device)
{
    for (uint32_t slot = 0; slot < 32; slot++) {
        uint32_t base = slot * 0x200;

        EXPECT_EQ(vslots_read(&vcpu, base, 4), 0x74726976u);
        EXPECT_EQ(vslots_read(&vcpu, base + 4, 4), 2u);
        vslots_write(&vcpu, base + 8, 4, 2);
        for (uint32_t offset = 8; offset < 0x200; offset += 4)
            EXPECT_EQ(vslots_read(&vcpu, base + offset, 4), 0u);
    }
}

KTF_TEST(vslots, its_registers_are_read_by_words)
{
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
        EXPECT_EQ(vslots_read(&vcpu, 0, bytes), bytes == 4 ? 0x74726976u : 0u);
}

KTF_TEST(vslots, flash_is_erased_whatever_is_written)
{
    vflash_write(&vcpu, 0x55, 1, 0x98); /* "what are you?" */
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
        EXPECT_EQ(vflash_read(&vcpu, 0x20, bytes), UINT64_MAX);
}
