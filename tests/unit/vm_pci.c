/* SPDX-License-Identifier: MIT */
/*
 * config/vm_device.c and machine_device.c: a PCI host bridge that a VM has, with as much of its
 * windows and of its interrupts as the VM's tree says.
 */
#include <stdio.h>

#include "bridge_rig.h"

#define GIC_OF_MACHINE 8u
#define GIC_OF_VM      9u

/* I/O, memory of 32 and of 64 bits; two slots of two pins, which share two SPIs. */
static const struct tree_pci default_machine_pci = {
    .nr_windows = 3,
    .windows = {{0x01000000, 0, 0, 0, 0x3EFF0000, 0, 0x10000},
                {0x02000000, 0, 0x10000000, 0, 0x10000000, 0, 0x2EFF0000},
                {0x43000000, 0x80, 0, 0x80, 0, 0x80, 0}},
    .nr_pins = 4,
    .pin_cells = 10,
    .pins = {{0, 0, 0, 1, GIC_OF_MACHINE, 0, 0, 0, 3, 4},
             {0, 0, 0, 2, GIC_OF_MACHINE, 0, 0, 0, 4, 4},
             {0x800, 0, 0, 1, GIC_OF_MACHINE, 0, 0, 0, 4, 4},
             {0x800, 0, 0, 2, GIC_OF_MACHINE, 0, 0, 0, 3, 4}},
};

/* The VM's GIC has no address in maps. */
static const struct tree_pci default_vm_pci = {
    .nr_windows = 2,
    .windows = {{0x02000000, 0, 0x10000000, 0, 0x70000000, 0, 0x8000000},
                {0x01000000, 0, 0, 0, 0x6FFF0000, 0, 0x10000}},
    .nr_pins = 4,
    .pin_cells = 8,
    .pins = {{0, 0, 0, 1, GIC_OF_VM, 0, 24, 4},
             {0, 0, 0, 2, GIC_OF_VM, 0, 25, 4},
             {0x800, 0, 0, 1, GIC_OF_VM, 0, 25, 4},
             {0x800, 0, 0, 2, GIC_OF_VM, 0, 24, 4}},
};

static void setup(void)
{
    bridge_rig_setup(3, 0x1000000);
    machine_pci = default_machine_pci;
    vm_pci = default_vm_pci;
    machine_tree.nodes[1].phandle = GIC_OF_MACHINE;
    machine_tree.nodes[1].address_cells = 2;
    vm_tree.nodes[1].phandle = GIC_OF_VM;
    vm_tree.nodes[3].trusted_dma = 1;
    fake_smmu.is_there = false;
}

KTF_SUITE(vm_pci, .setup = setup);

KTF_TEST(vm_pci, a_bridge_has_buses_windows_and_pins)
{
    ASSERT_STREQ(parse(), NULL);
    EXPECT_TRUE(config.one_to_one);
    ASSERT_EQ(config.nr_devices, 1);
    ASSERT_EQ(config.nr_device_ranges, 3);
    EXPECT_TRUE(config.device_ranges[0].is_config);
    EXPECT_EQ(config.device_ranges[0].at.base.ipa, 0x60000000);
    EXPECT_EQ(config.device_ranges[0].pa.pa, 0x4010000000);
    EXPECT_EQ(config.device_ranges[0].at.bytes, 0x1000000);
    EXPECT_FALSE(config.device_ranges[1].is_config);
    EXPECT_EQ(config.device_ranges[1].at.base.ipa, 0x70000000);
    EXPECT_EQ(config.device_ranges[1].pa.pa, 0x10000000);
    EXPECT_EQ(config.device_ranges[1].at.bytes, 0x8000000);
    EXPECT_EQ(config.device_ranges[2].at.base.ipa, 0x6FFF0000);
    EXPECT_EQ(config.device_ranges[2].pa.pa, 0x3EFF0000);
    EXPECT_EQ(config.device_ranges[2].at.bytes, 0x10000);
    ASSERT_EQ(config.nr_device_spis, 2);
    EXPECT_EQ(config.device_spis[0].intid, 56);
    EXPECT_EQ(config.device_spis[0].phys, 35);
    EXPECT_FALSE(config.device_spis[0].edge);
    EXPECT_EQ(config.device_spis[1].intid, 57);
    EXPECT_EQ(config.device_spis[1].phys, 36);
}

KTF_TEST(vm_pci, it_may_have_less)
{
    vm_pci.nr_windows = 0;
    vm_pci.nr_pins = 1;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_device_ranges, 1);
    EXPECT_EQ(config.nr_device_spis, 1);
    vm_pci.nr_pins = 0;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_device_spis, 0);
}

/* Of 512 GiB, a part that an IPA can have. */
KTF_TEST(vm_pci, a_window_may_be_smaller)
{
    vm_pci.windows[0][0] = 0x43000000;
    vm_pci.windows[0][1] = 0x80;
    vm_pci.windows[0][2] = 0;
    vm_pci.windows[0][3] = 1;
    vm_pci.windows[0][4] = 0x40000000;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.device_ranges[1].at.base.ipa, 0x140000000);
    EXPECT_EQ(config.device_ranges[1].pa.pa, 0x8000000000);
    EXPECT_EQ(config.device_ranges[1].at.bytes, 0x8000000);
}

/* Of a map, or of "iommus", which is one stream. */
static void put_smmu_before_it(void)
{
    fake_smmu.is_there = true;
    vm_tree.nodes[3].trusted_dma = 0;
    machine_pci.nr_streams = 1;
    machine_pci.streams[0][1] = SMMU;
    machine_pci.streams[0][3] = 0x10000;
}

KTF_TEST(vm_pci, behind_an_smmu_it_needs_no_trust)
{
    put_smmu_before_it();
    machine_pci.streams[0][2] = 0x200;
    machine_pci.streams[0][3] = 0x100;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_FALSE(config.one_to_one);
    EXPECT_TRUE(vm_config_has_dma(&config));
    EXPECT_EQ(config.first_stream, 0x200);
    EXPECT_EQ(config.nr_streams, 0x100);
}

static void no_dma(void)
{
    vm_tree.nodes[3].trusted_dma = 0;
    vm_tree.nodes[3].no_dma = 1;
}

static void another_space(void)
{
    vm_pci.windows[0][0] = 0x43000000;
}

static void another_address(void)
{
    vm_pci.windows[0][2] = 0x10200000;
}

static void larger(void)
{
    vm_pci.windows[1][6] = 0x20000;
}

static void empty(void)
{
    vm_pci.windows[1][6] = 0;
}

static void elsewhere_in_a_block(void)
{
    vm_pci.windows[0][4] = 0x70100000;
}

static void elsewhere_in_a_page(void)
{
    vm_pci.windows[1][4] = 0x6FFF0800;
}

static void buses_elsewhere_in_a_block(void)
{
    vm_tree.nodes[3].reg[0] = 0x60100000;
}

static void part_of_a_bus(void)
{
    vm_tree.nodes[3].reg[1] = 0x180000;
}

static void over_the_end(void)
{
    vm_pci.windows[0][3] = 0x7F;
    vm_pci.windows[0][4] = 0xF8200000;
}

static void over_memory(void)
{
    vm_pci.windows[0][4] = 0x3C000000;
}

static void more_pins(void)
{
    vm_pci.nr_pins = 5;
    memcpy(vm_pci.pins[4], vm_pci.pins[3], sizeof(vm_pci.pins[4]));
}

static void another_pin(void)
{
    vm_pci.pins[1][3] = 3;
}

static void pins_apart(void)
{
    vm_pci.pins[2][6] = 26;
}

static void pins_together(void)
{
    vm_pci.pins[1][6] = 24;
}

static void a_pin_that_is_no_spi(void)
{
    vm_pci.pins[1][5] = 1;
}

static void another_controller(void)
{
    vm_pci.pins[1][4] = 77;
}

static void pins_of_another_controller(void)
{
    machine_pci.pins[1][4] = 77;
}

static void an_interrupt_of_another(void)
{
    machine_tree.nodes[4] = (struct tree_node){
        .name = "timer@9050000", .reg = {0x09050000, 0x1000}, .nr_regs = 1, .interrupt = {0, 4, 4}};
}

static void a_page_of_another(void)
{
    machine_tree.nodes[4] =
        (struct tree_node){.name = "timer@20000000", .reg = {0x20000000, 0x1000}, .nr_regs = 1};
}

static void five_windows(void)
{
    machine_pci.nr_windows = 4;
    memcpy(machine_pci.windows[3], machine_pci.windows[0], sizeof(machine_pci.windows[3]));
    machine_pci.windows[3][4] = 0x3EFE0000;
}

static void over_the_uart(void)
{
    machine_pci.windows[0][4] = 0x09000000;
}

static void no_smmu(void)
{
    put_smmu_before_it();
    fake_smmu.is_there = false;
}

static void another_smmu(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][1] = SMMU + 1;
}

static void trust_behind_an_smmu(void)
{
    put_smmu_before_it();
    vm_tree.nodes[3].trusted_dma = 1;
}

static void half_a_bus(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][3] = 0x180;
}

static void half_way_into_a_bus(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][2] = 0x80;
    machine_pci.streams[0][3] = 0x100;
}

static void streams_of_other_ids(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][0] = 0x100;
}

static void two_maps(void)
{
    put_smmu_before_it();
    machine_pci.nr_streams = 2;
}

static void too_many_streams(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][2] = 0x100;
}

static void streams_that_wrap(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][2] = 0xFFFFFF00;
    machine_pci.streams[0][3] = 0x200;
}

static void no_streams(void)
{
    put_smmu_before_it();
    machine_pci.streams[0][3] = 0;
}

#define NO_STREAMS                                                                                 \
    "vm.dtb: pcie@60000000: the streams of the machine's pcie@10000000 are not whole buses of "    \
    "its SMMU, or not the only ones of the VM"
#define NO_PROTECTION                                                                              \
    "vm.dtb: pcie@60000000: nothing keeps DMA of the machine's pcie@10000000 from others' "        \
    "memory: stile,no-dma or stile,trusted-dma must be there"

static const struct fault faults[] = {
    {"no SMMU", no_smmu, NO_PROTECTION},
    {"another SMMU", another_smmu, NO_PROTECTION},
    {"trust behind an SMMU", trust_behind_an_smmu,
     "vm.dtb: pcie@60000000: the machine's pcie@10000000 is behind an SMMU: it needs no trust, and "
     "has none"},
    {"half a bus", half_a_bus, NO_STREAMS},
    {"half way into a bus", half_way_into_a_bus, NO_STREAMS},
    {"streams of other ids", streams_of_other_ids, NO_STREAMS},
    {"two maps", two_maps, NO_STREAMS},
    {"too many streams", too_many_streams, NO_STREAMS},
    {"streams that wrap", streams_that_wrap, NO_STREAMS},
    {"no streams", no_streams, NO_STREAMS},
    {"no DMA", no_dma,
     "vm.dtb: pcie@60000000: what is behind the machine's pcie@10000000 reads and writes memory"},
    {"another space", another_space,
     "vm.dtb: pcie@60000000: its window 0 is none of the machine's pcie@10000000, or elsewhere in "
     "2048 KiB"},
    {"another address", another_address,
     "vm.dtb: pcie@60000000: its window 0 is none of the machine's pcie@10000000, or elsewhere in "
     "2048 KiB"},
    {"larger", larger,
     "vm.dtb: pcie@60000000: its window 1 is none of the machine's pcie@10000000, or elsewhere in "
     "4 KiB"},
    {"empty", empty,
     "vm.dtb: pcie@60000000: its window 1 is none of the machine's pcie@10000000, or elsewhere in "
     "4 KiB"},
    {"elsewhere in a block", elsewhere_in_a_block,
     "vm.dtb: pcie@60000000: its window 0 is none of the machine's pcie@10000000, or elsewhere in "
     "2048 KiB"},
    {"elsewhere in a page", elsewhere_in_a_page,
     "vm.dtb: pcie@60000000: its window 1 is none of the machine's pcie@10000000, or elsewhere in "
     "4 KiB"},
    {"buses elsewhere in a block", buses_elsewhere_in_a_block,
     "vm.dtb: pcie@60000000: its range 0 is larger than that of the machine's pcie@10000000, or "
     "elsewhere in 2048 KiB"},
    {"part of a bus", part_of_a_bus,
     "vm.dtb: pcie@60000000: its configuration space is not of whole buses"},
    {"over the end", over_the_end, "vm.dtb: a device exceeds the VM's address space"},
    {"over memory", over_memory,
     "vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000"},
    {"more pins", more_pins,
     "vm.dtb: pcie@60000000: entry 4 of its interrupt-map is another device's than in that of the "
     "machine's pcie@10000000"},
    {"another pin", another_pin,
     "vm.dtb: pcie@60000000: entry 1 of its interrupt-map is another device's than in that of the "
     "machine's pcie@10000000"},
    {"pins apart", pins_apart,
     "vm.dtb: pcie@60000000: entry 2 of its interrupt-map names another interrupt than one before, "
     "which is the same of the machine's pcie@10000000"},
    {"pins together", pins_together,
     "vm.dtb: pcie@60000000: its interrupt 1, of the machine's pcie@10000000, is no SPI below 64, "
     "or another device's"},
    {"a pin that is no SPI", a_pin_that_is_no_spi,
     "vm.dtb: pcie@60000000: its interrupt 1, of the machine's pcie@10000000, is no SPI below 64, "
     "or another device's"},
    {"another controller", another_controller,
     "vm.dtb: pcie@60000000: its interrupt 1, of the machine's pcie@10000000, is no SPI below 64, "
     "or another device's"},
    {"pins of another controller", pins_of_another_controller,
     "vm.dtb: pcie@60000000: the machine's pcie@10000000 has registers or interrupts that cannot "
     "be given"},
    {"an interrupt of another", an_interrupt_of_another,
     "vm.dtb: pcie@60000000: the machine's pcie@10000000 shares a page or an interrupt with its "
     "timer@9050000"},
    {"five windows", five_windows,
     "vm.dtb: pcie@60000000: the machine's pcie@10000000 has registers or interrupts that cannot "
     "be given"},
    {"over the UART", over_the_uart,
     "vm.dtb: pcie@60000000: the machine's pcie@10000000 is the hypervisor's"},
};

KTF_TEST_EACH(vm_pci, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    param->make();
    EXPECT_STREQ(parse(), param->text);
}

/* Its own interrupts, as many bridges have them, are not those of what is behind it. */
KTF_TEST(vm_pci, a_bridge_may_have_interrupts_too)
{
    machine_tree.nodes[3].interrupt[1] = 90;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_device_spis, 2);
    EXPECT_EQ(config.device_spis[0].phys, 35);
}

/* What was taken is whole, and of the machine's bridge alone. */
static void expect_sane(void)
{
    EXPECT_TRUE(config.nr_devices <= 1 && config.nr_device_spis <= 2);
    for (uint32_t i = 0; i < config.nr_device_ranges; i++) {
        const struct vm_device_range *range = &config.device_ranges[i];
        uint64_t pa = range->pa.pa, bytes = range->at.bytes;

        EXPECT_TRUE(is_aligned(range->at.base.ipa | pa | bytes, PAGE_SIZE) && bytes > 0);
        EXPECT_TRUE((pa >= 0x4010000000 && pa + bytes <= 0x4020000000) ||
                    (pa >= 0x10000000 && pa + bytes <= 0x3F000000) || pa == 0x8000000000);
        EXPECT_TRUE(range->at.base.ipa + bytes <= STAGE2_IPA_END);
    }
    for (uint32_t i = 0; i < config.nr_device_spis; i++)
        EXPECT_TRUE(config.device_spis[i].phys == 35 || config.device_spis[i].phys == 36);
    EXPECT_TRUE(config.nr_streams == 0 || config.nr_streams == 0x10000);
}

/* Of a VM that is trusted, and of one that an SMMU keeps to its memory. */
KTF_TEST(vm_pci, every_bit_may_be_wrong)
{
    for (unsigned round = 0; round < 2; round++) {
        size_t bytes;
        unsigned char *tree;

        if (round > 0)
            put_smmu_before_it();
        ASSERT_STREQ(parse(), NULL);
        bytes = fdt_totalsize(device_rig_vm);
        tree = (unsigned char *)device_rig_vm;
        for (size_t bit = 0; bit < 8 * bytes; bit++) {
            tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
            config = (struct vm_config){0};
            if (!vm_tree_parse(device_rig_vm, bytes, &config))
                expect_sane();
            tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
        }
    }
}

/* Another device that is given finds that a bridge's window, or pin, is its. */
KTF_TEST(vm_pci, others_are_looked_for_behind_it)
{
    static const char *const text =
        "vm.dtb: timer@c000000: the machine's %s shares a page or an interrupt with its "
        "pcie@10000000";
    char expected[128];

    vm_tree.nodes[3] = (struct tree_node){.name = "timer@c000000",
                                          .reg = {0x0C000000, 0x1000},
                                          .nr_regs = 1,
                                          .interrupt = {0, 20, 4},
                                          .device = "/timer@9050000",
                                          .no_dma = 1};
    an_interrupt_of_another();
    machine_tree.nodes[3].interrupt[1] = 90;
    snprintf(expected, sizeof(expected), text, "timer@9050000");
    EXPECT_STREQ(parse(), expected);

    a_page_of_another();
    vm_tree.nodes[3].device = "/timer@20000000";
    vm_tree.nodes[3].interrupt[1] = 0;
    snprintf(expected, sizeof(expected), text, "timer@20000000");
    EXPECT_STREQ(parse(), expected);
}
