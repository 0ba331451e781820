/* SPDX-License-Identifier: MIT */
/*
 * config/vm_sriov.c: bridges with stile,physical-functions, and with stile,virtual-functions.
 */
#include "fakes/config.h"

#include "bridge_rig.h"

#define GIC_OF_MACHINE 8u
#define GIC_OF_VM      9u

static const struct tree_pci default_machine_pci = {
    .nr_windows = 3,
    .windows = {{0x01000000, 0, 0, 0, 0x3EFF0000, 0, 0x10000},
                {0x02000000, 0, 0x10000000, 0, 0x20000000, 0, 0x1EFF0000},
                {0x43000000, 0x80, 0, 0x80, 0, 0x80, 0}},
    .nr_pins = 1,
    .pin_cells = 10,
    .pins = {{0, 0, 0, 1, GIC_OF_MACHINE, 0, 0, 0, 3, 4}},
    .nr_streams = 1,
    .streams = {{0, SMMU, 0x200, 0x10000}},
};

static const struct tree_pci default_vm_pci = {
    .nr_windows = 1,
    .windows = {{0x02000000, 0, 0x10000000, 0, 0x70000000, 0, 0x8000000}},
};

static void setup(void)
{
    bridge_rig_setup(3, 0x200000);
    machine_pci = default_machine_pci;
    vm_pci = default_vm_pci;
    machine_tree.nodes[1].phandle = GIC_OF_MACHINE;
    machine_tree.nodes[1].address_cells = 2;
    vm_tree.nodes[1].phandle = GIC_OF_VM;
    machine_pci.streams[0][2] = 0x200;
    fake_smmu.nr_streams = 0x20000;
}

KTF_SUITE(vm_sriov, .setup = setup);

static void two_physical(void)
{
    static const uint32_t cells[] = {0x8, 0, 0x20000000, 0x1FF, 0x90, 0x4000};

    vm_pci.nr_physical = 6;
    memcpy(vm_pci.physical, cells, sizeof(cells));
}

static void two_virtual(void)
{
    vm_pci.nr_virtual = 2;
    vm_pci.virtuals[0] = 0x9;
    vm_pci.virtuals[1] = 0x1234;
    vm_pci.windows[0][2] = 0x77000000; /* as the VM likes it */
    vm_tree.nodes[3].reg[1] = 0x100000;
}

KTF_TEST(vm_sriov, a_bridge_less_virtual_functions)
{
    two_physical();
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_streams, 0x10000);
    ASSERT_EQ(config.nr_physical, 2);
    EXPECT_EQ(config.physical_range, 0);
    EXPECT_EQ(config.physical[0].id, 0x8);
    EXPECT_EQ(config.physical[0].pci, 0x20000000);
    EXPECT_EQ(config.physical[0].pa.pa, 0x30000000);
    EXPECT_EQ(config.physical[0].bytes, 0xEFF0000);
    EXPECT_EQ(config.physical[1].id, 0x1FF);
    EXPECT_EQ(config.physical[1].pci, 0x9000004000);
    EXPECT_EQ(config.physical[1].pa.pa, 0x9000004000);
    EXPECT_EQ(config.virtuals.nr, 0);
}

/* It needs no interrupts, and has a window and buses of its own. */
KTF_TEST(vm_sriov, a_bridge_of_virtual_functions_alone)
{
    two_virtual();
    vm_tree.nodes[1].name = vm_tree.nodes[2].name = NULL;
    vm_tree.mode = "paravirtual";
    ASSERT_STREQ(parse(), NULL);
    EXPECT_TRUE(vm_config_has_streams(&config));
    EXPECT_EQ(config.first_stream, 0x200);
    EXPECT_EQ(config.nr_streams, 0);
    ASSERT_EQ(config.virtuals.nr, 2);
    EXPECT_EQ(config.virtuals.ids[0], 0x9);
    EXPECT_EQ(config.virtuals.ids[1], 0x1234);
    EXPECT_EQ(config.virtuals.machine.pa, 0x4010000000);
    EXPECT_EQ(config.virtuals.config.base.ipa, 0x60000000);
    EXPECT_EQ(config.virtuals.window.base.ipa, 0x70000000);
    EXPECT_EQ(config.virtuals.window.bytes, 0x8000000);
    EXPECT_EQ(config.virtuals.window_pci, 0x77000000);
    ASSERT_EQ(config.nr_device_ranges, 2);
    EXPECT_TRUE(config.device_ranges[0].is_shown && config.device_ranges[1].is_shown);
    EXPECT_EQ(config.nr_device_spis, 0);
}

static void no_smmu(void)
{
    two_physical();
    fake_smmu.is_there = false;
    vm_tree.nodes[3].trusted_dma = 1;
}

static void virtual_without_smmu(void)
{
    two_virtual();
    fake_smmu.is_there = false;
    vm_tree.nodes[3].trusted_dma = 1;
}

static void both(void)
{
    two_virtual();
    two_physical();
}

static void five_cells(void)
{
    two_physical();
    vm_pci.nr_physical = 5;
}

static void three_physical(void)
{
    two_physical();
    vm_pci.nr_physical = 9;
}

static void no_window(void)
{
    two_physical();
    vm_pci.physical[2] = 0x2EFF0000;
}

static void ports(void)
{
    two_physical();
    vm_pci.physical[2] = 0;
}

static void part_of_a_page(void)
{
    two_physical();
    vm_pci.physical[2] += 0x800;
}

static void another_bus(void)
{
    two_physical();
    vm_pci.physical[3] = 0x200;
}

static void no_stream(void)
{
    two_physical();
    machine_pci.streams[0][3] = 0x100;
}

static void five_virtual(void)
{
    two_virtual();
    vm_pci.nr_virtual = 5;
}

static void twice(void)
{
    two_virtual();
    vm_pci.virtuals[1] = 0x9;
}

static void beyond(void)
{
    two_virtual();
    vm_pci.virtuals[0] = 0x10000;
}

static void without_stream(void)
{
    two_virtual();
    machine_pci.streams[0][3] = 0x1200;
}

static void part_of_a_bus(void)
{
    two_virtual();
    vm_tree.nodes[3].reg[1] = 0x80000;
}

static void two_windows(void)
{
    two_virtual();
    vm_pci.nr_windows = 2;
    memcpy(vm_pci.windows[1], vm_pci.windows[0], sizeof(vm_pci.windows[0]));
}

static void window_of_ports(void)
{
    two_virtual();
    vm_pci.windows[0][0] = 0x01000000;
}

static void window_in_pages(void)
{
    two_virtual();
    vm_pci.windows[0][2] += 0x800;
}

static void window_over_memory(void)
{
    two_virtual();
    vm_pci.windows[0][4] = 0x3F000000;
}

static void virtual_no_dma(void)
{
    two_virtual();
    vm_tree.nodes[3].no_dma = 1;
}

#define NODE "vm.dtb: pcie@60000000: "
#define NO_BRIDGE                                                                                  \
    NODE "the machine's pcie@10000000 is no PCI host bridge behind an SMMU, which functions of "   \
         "several VMs need"
#define NOT_TWO                                                                                    \
    NODE "its stile,physical-functions, behind the machine's pcie@10000000, are not 1 to 2 of 3 "  \
         "cells"
#define NO_FUNCTION(n)                                                                             \
    NODE "its virtual function " n " is not behind the machine's pcie@10000000, or is another "    \
         "one, too"
#define NOT_A_PAGE(at)                                                                             \
    NODE "of its stile,physical-functions, " at " is no page of a window of the machine's "        \
         "pcie@10000000"
#define NOT_BEHIND(id)                                                                             \
    NODE "of its stile,physical-functions, " id " is not behind the part of the machine's "        \
         "pcie@10000000 that the VM has"
#define NO_WINDOW                                                                                  \
    NODE "for functions of the machine's pcie@10000000 it has not one window, of memory in whole " \
         "pages"

static const struct fault faults[] = {
    {"physical without an SMMU", no_smmu, NO_BRIDGE},
    {"virtual without an SMMU", virtual_without_smmu, NO_BRIDGE},
    {"both", both,
     NODE "the machine's pcie@10000000 has both stile,physical-functions and "
          "stile,virtual-functions here"},
    {"five cells", five_cells, NOT_TWO},
    {"three physical", three_physical, NOT_TWO},
    {"no window", no_window, NOT_A_PAGE("2eff0000")},
    {"ports", ports, NOT_A_PAGE("0")},
    {"part of a page", part_of_a_page, NOT_A_PAGE("20000800")},
    {"another bus", another_bus, NOT_BEHIND("200")},
    {"no stream", no_stream, NOT_BEHIND("1ff")},
    {"five virtual", five_virtual,
     NODE "its stile,virtual-functions, behind the machine's pcie@10000000, are not 1 to 4"},
    {"twice", twice, NO_FUNCTION("1")},
    {"beyond the bridge", beyond, NO_FUNCTION("0")},
    {"without a stream", without_stream, NO_FUNCTION("1")},
    {"part of a bus", part_of_a_bus,
     NODE "its configuration space, for functions of the machine's pcie@10000000, is not of whole "
          "buses"},
    {"two windows", two_windows, NO_WINDOW},
    {"a window of ports", window_of_ports, NO_WINDOW},
    {"a window not in pages", window_in_pages, NO_WINDOW},
    {"a window over memory", window_over_memory,
     "vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000"},
    {"without DMA", virtual_no_dma,
     NODE "what is behind the machine's pcie@10000000 reads and writes memory"},
};

KTF_TEST_EACH(vm_sriov, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    param->make();
    EXPECT_STREQ(parse(), param->text);
}

static void expect_sane(void)
{
    EXPECT_TRUE(config.nr_physical <= VM_NR_PHYSICAL && config.virtuals.nr <= VM_NR_VIRTUAL);
    EXPECT_TRUE(config.nr_physical == 0 || config.virtuals.nr == 0);
    for (uint32_t i = 0; i < config.nr_physical; i++) {
        EXPECT_TRUE(config.physical[i].id < 0x200);
        EXPECT_TRUE(is_aligned(config.physical[i].pa.pa | config.physical[i].pci, PAGE_SIZE));
        EXPECT_TRUE(config.device_ranges[config.physical_range].is_config);
    }
    for (uint32_t i = 0; i < config.nr_device_ranges; i++)
        EXPECT_EQ(config.device_ranges[i].is_shown, config.virtuals.nr > 0);
}

KTF_TEST(vm_sriov, every_bit_may_be_wrong)
{
    for (unsigned round = 0; round < 2; round++) {
        size_t bytes;
        unsigned char *tree;

        setup();
        if (round == 0)
            two_physical();
        else
            two_virtual();
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
