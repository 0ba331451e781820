/* SPDX-License-Identifier: MIT */
/*
 * config/vm_virtio.c: devices that other VMs serve, as a VM's tree may ask for them, and as it may
 * not.
 */
#include "device_rig.h"

static const struct tree_node served[] = {
    {.name = "virtio_mmio@a000200",
     .compatible = "virtio,mmio",
     .reg = {0xA000200, 0x200},
     .nr_regs = 1,
     .interrupt = {0, 17, 1},
     .backend = "io",
     .region = 5},
    {.name = "virtio_mmio@a000000",
     .compatible = "virtio,mmio",
     .reg = {0xA000000, 0x200},
     .nr_regs = 1,
     .interrupt = {0, 16, 1},
     .backend = "a-driver-vm"},
    {.name = "pool@40800000",
     .compatible = "restricted-dma-pool",
     .reg = {0x40800000, 0x100000},
     .nr_regs = 1,
     .phandle = 5},
};

static void setup(void)
{
    device_rig_setup();
    for (unsigned i = 0; i < 3; i++)
        vm_tree.nodes[3 + i] = served[i];
}

KTF_SUITE(vm_virtio, .setup = setup);

KTF_TEST(vm_virtio, they_are_read_in_the_order_of_their_addresses)
{
    ASSERT_STREQ(parse(), NULL);
    ASSERT_EQ(config.nr_virtio, 2);
    EXPECT_EQ(config.virtio_at.base.ipa, 0xA000000);
    EXPECT_EQ(config.virtio_at.bytes, 0x400);
    EXPECT_EQ(config.virtio_bytes, 0x200);
    EXPECT_STREQ(config.virtio[0].backend, "a-driver-vm");
    EXPECT_EQ(config.virtio[0].intid, 48);
    EXPECT_EQ(config.virtio[0].memory.bytes, 0);
    EXPECT_STREQ(config.virtio[1].backend, "io");
    EXPECT_EQ(config.virtio[1].intid, 49);
    EXPECT_EQ(config.virtio[1].memory.base.ipa, 0x40800000);
    EXPECT_EQ(config.virtio[1].memory.bytes, 0x100000);
    EXPECT_EQ(config.slot_bytes, 0);
}

KTF_TEST(vm_virtio, slots_without_devices_may_be_beside_them)
{
    vm_tree.nr_slots = 3;
    memcpy(vm_tree.slots, (uint64_t[]){0xA000400, 0x200, 0x200}, sizeof(vm_tree.slots));
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_virtio, 2);
    EXPECT_EQ(config.slots[0].base.ipa, 0xA000400);
    EXPECT_EQ(config.slots[0].bytes, 0x600);
    vm_tree.slots[0] = 0xA000200;
    EXPECT_STREQ(parse(), "vm.dtb: devices overlap, or the pages shared at 0xB000000");
}

/* Sets what one node has, and expects this to be said. */
static void expect_fault(const char *fault)
{
    EXPECT_STREQ(parse(), fault);
    setup();
}

KTF_TEST(vm_virtio, places_that_cannot_be)
{
    vm_tree.nodes[3].reg[1] = 0x100;
    vm_tree.nodes[4].reg[1] = 0x100;
    expect_fault("vm.dtb: virtio_mmio@a000000: its registers do not take 512 to 4096 bytes");
    vm_tree.nodes[4].reg[1] = 0x2000;
    expect_fault("vm.dtb: virtio_mmio@a000000: its registers do not take 512 to 4096 bytes");
    vm_tree.nodes[3].reg[1] = 0x400;
    expect_fault("vm.dtb: virtio_mmio@a000200: devices with stile,backend are not of one size");
    vm_tree.nodes[3].reg[0] = 0xA000400;
    expect_fault(
        "vm.dtb: virtio_mmio@a000200: devices with stile,backend are not one behind the other");
    vm_tree.nodes[3].nr_regs = 0;
    expect_fault("vm.dtb: virtio_mmio@a000200: its registers do not take 512 to 4096 bytes");
}

KTF_TEST(vm_virtio, back_ends_that_cannot_be)
{
    vm_tree.nodes[3].backend = "";
    expect_fault("vm.dtb: virtio_mmio@a000200: stile,backend is not the name of a VM");
    vm_tree.nodes[3].backend = "a-name-of-as-many-as-32-letters.";
    expect_fault("vm.dtb: virtio_mmio@a000200: stile,backend is not the name of a VM");
    vm_tree.nodes[3].backend = "itself";
    expect_fault("vm.dtb: virtio_mmio@a000200: its stile,backend is the VM itself");
}

KTF_TEST(vm_virtio, interrupts_that_cannot_be)
{
    vm_tree.nodes[3].interrupt[2] = vm_tree.nodes[3].interrupt[1] = 0;
    expect_fault("vm.dtb: virtio_mmio@a000200: it has no SPI that the GIC has");
    vm_tree.nodes[3].interrupt[1] = 64;
    expect_fault("vm.dtb: virtio_mmio@a000200: it has no SPI that the GIC has");
    vm_tree.nodes[3].interrupt[0] = 1;
    expect_fault("vm.dtb: virtio_mmio@a000200: it has no SPI that the GIC has");
    vm_tree.nodes[3].interrupt[1] = 16;
    expect_fault("vm.dtb: virtio_mmio@a000200: its SPI 16 is another device's");
    vm_tree.nodes[3].interrupt[1] = 1;
    expect_fault("vm.dtb: virtio_mmio@a000200: its SPI 1 is another device's");
    vm_tree.nodes[3].interrupt[1] = 15;
    expect_fault("vm.dtb: virtio_mmio@a000200: its SPI 15 is another device's");
}

KTF_TEST(vm_virtio, memory_that_cannot_be)
{
    static const char fault[] =
        "vm.dtb: virtio_mmio@a000200: its memory-region is no restricted-dma-pool with a reg, of "
        "whole pages in one range of /memory";

    vm_tree.nodes[3].region = 6;
    expect_fault(fault);
    vm_tree.nodes[5].compatible = "shared-dma-pool";
    expect_fault(fault);
    vm_tree.nodes[5].reg[0] += 0x800;
    expect_fault(fault);
    vm_tree.nodes[5].reg[1] = 0x800001;
    expect_fault(fault);
    vm_tree.nodes[5].reg[1] = 0x801000;
    expect_fault(fault);
    vm_tree.nodes[5].reg[0] = 0x3FFFF000;
    expect_fault(fault);
    vm_tree.nodes[5].reg[1] = UINT64_MAX & ~UINT64_C(0xFFF);
    expect_fault(fault);
    vm_tree.nodes[5].nr_regs = 0;
    expect_fault(fault);
}

KTF_TEST(vm_virtio, room_for_shares_is_kept)
{
    vm_tree.nodes[0] = (struct tree_node){.name = "memory@40000000",
                                          .reg = {0x40000000, 0x1000000, 0x50000000, 0x1000},
                                          .nr_regs = 2};
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_virtio_shares, 2 + 2 + 1); /* pages, all memory, the pool */
    vm_tree.nodes[4].backend = "io";
    vm_tree.nodes[3].region = 0;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_virtio_shares, 2 + 2); /* to both the same */
}

KTF_TEST(vm_virtio, more_shares_than_there_are_are_refused)
{
    static const char *const names[] = {"a", "b", "c", "d"};

    vm_tree.nodes[0] = (struct tree_node){
        .name = "memory@40000000",
        .reg = {0x40000000, 0x1000, 0x50000000, 0x1000, 0x60000000, 0x1000, 0x70000000, 0x1000},
        .nr_regs = 4};
    for (unsigned i = 0; i < 4; i++) {
        vm_tree.nodes[3 + i] = served[1];
        vm_tree.nodes[3 + i].reg[0] += i * 0x200;
        vm_tree.nodes[3 + i].interrupt[1] += i;
        vm_tree.nodes[3 + i].backend = names[i];
    }
    EXPECT_STREQ(parse(), "vm.dtb: its virtio devices need 20 shares, of 16");
    vm_tree.nodes[7] = vm_tree.nodes[6];
    vm_tree.nodes[7].reg[0] += 0x200;
    EXPECT_STREQ(parse(),
                 "vm.dtb: virtio_mmio@a000000: more than 4 virtio devices that other VMs serve");
}

/* What is taken for a device, and for memory, is one: whatever bit of the tree is wrong. */
KTF_TEST(vm_virtio, every_bit_may_be_wrong)
{
    unsigned char *tree = (unsigned char *)device_rig_vm;
    size_t bytes;

    ASSERT_STREQ(parse(), NULL);
    bytes = fdt_totalsize(device_rig_vm);
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
        config = (struct vm_config){.name = "itself"};
        if (!vm_tree_parse(device_rig_vm, bytes, &config)) {
            ASSERT_LE(config.nr_virtio, 2);
            EXPECT_LE(config.nr_virtio_shares, STILE_SHARES_MAX);
            EXPECT_EQ(config.virtio_at.bytes, config.nr_virtio * config.virtio_bytes);
            for (uint32_t i = 0; i < config.nr_virtio; i++) {
                EXPECT_TRUE(memchr(config.virtio[i].backend, 0, STILE_VM_NAME_BYTES));
                EXPECT_TRUE(config.virtio[i].intid - 32 < VGIC_NR_INTIDS - 32);
                EXPECT_TRUE(config.virtio[i].memory.bytes == 0 ||
                            is_memory(&config, &config.virtio[i].memory));
            }
        }
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
    }
}
