/* SPDX-License-Identifier: MIT */
/*
 * config/vm_its.c: an ITS that a VM has, and which DeviceIDs are its bridge's, by two msi-maps.
 */
#include "fakes/config.h"

#include <stdio.h>

#include "bridge_rig.h"

#define ITS_OF_MACHINE 8u
#define ITS_OF_VM      9u

static void setup(void)
{
    bridge_rig_setup(4, 0x1000000);
    machine_pci = (struct tree_pci){.nr_streams = 1, .streams = {{0, SMMU, 0, 0x10000}}};
    machine_pci.nr_msis = 1;
    machine_pci.msis[0][1] = ITS_OF_MACHINE;
    machine_pci.msis[0][3] = 0x10000;
    vm_pci = (struct tree_pci){.nr_msis = 1, .msis = {{0, ITS_OF_VM, 0, 0x10000}}};
    machine_tree.nodes[3] = (struct tree_node){.name = "its@8080000",
                                               .compatible = "arm,gic-v3-its",
                                               .reg = {0x08080000, 0x20000},
                                               .nr_regs = 1,
                                               .phandle = ITS_OF_MACHINE};
    vm_tree.nodes[3] = (struct tree_node){.name = "its@c080000",
                                          .reg = {0x0C080000, 0x20000},
                                          .nr_regs = 1,
                                          .phandle = ITS_OF_VM,
                                          .device = "/its@8080000"};
}

KTF_SUITE(vm_its, .setup = setup);

KTF_TEST(vm_its, all_of_a_bridge_is_the_vms)
{
    ASSERT_STREQ(parse(), NULL);
    ASSERT_NOT_NULL(vm_config_its(&config));
    EXPECT_EQ(vm_config_its(&config)->at.base.ipa, 0x0C080000);
    EXPECT_EQ(vm_config_its(&config)->at.bytes, 0x20000);
    EXPECT_EQ(vm_config_its(&config)->pa.pa, 0x08080000);
    EXPECT_EQ(config.its_devices.first, 0);
    EXPECT_EQ(config.its_devices.nr, 0x10000);
    EXPECT_EQ(config.its_devices.phys, 0);
    EXPECT_EQ(config.nr_device_ranges, 2);
    EXPECT_EQ(config.nr_devices, 2);
}

KTF_TEST(vm_its, the_order_of_nodes_does_not_matter)
{
    struct tree_node its = vm_tree.nodes[3];

    vm_tree.nodes[3] = vm_tree.nodes[4];
    vm_tree.nodes[4] = its;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.its_devices.nr, 0x10000);
}

/* Each map calls them something else; both have those from 0x300 to 0x4FF. */
KTF_TEST(vm_its, both_maps_count)
{
    const uint32_t machines[] = {0x100, ITS_OF_MACHINE, 0x7100, 0x400};
    const uint32_t vms[] = {0x300, ITS_OF_VM, 0x20, 0x1000};

    memcpy(machine_pci.msis[0], machines, sizeof(machines));
    memcpy(vm_pci.msis[0], vms, sizeof(vms));
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.its_devices.first, 0x20);
    EXPECT_EQ(config.its_devices.nr, 0x200);
    EXPECT_EQ(config.its_devices.phys, 0x7300);
}

KTF_TEST(vm_its, a_bridge_may_do_without)
{
    vm_pci.nr_msis = 0;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.its_devices.nr, 0);
}

/* Two virtual functions; their bridge has buses and a window of its own. */
static void two_virtual(void)
{
    static const uint32_t window[] = {0x02000000, 0, 0x10000000, 0, 0x70000000, 0, 0x100000};

    vm_pci.nr_virtual = 2;
    vm_pci.virtuals[0] = 0x9;
    vm_pci.virtuals[1] = 0x123;
    vm_pci.nr_windows = 1;
    memcpy(vm_pci.windows[0], window, sizeof(window));
}

KTF_TEST(vm_its, of_virtual_functions_the_vm_s_ids_count)
{
    two_virtual();
    vm_pci.msis[0][2] = 0x40;
    machine_pci.msis[0][2] = 0x5000;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.its_devices.first, 0x40);
    EXPECT_EQ(config.its_devices.nr, 16);
    EXPECT_EQ(config.its_devices.phys, 0x5000);
    EXPECT_TRUE(config.its_devices.is_virtual);
}

static void virtual_of_no_id(void)
{
    two_virtual();
    machine_pci.msis[0][3] = 0x123;
}

static void virtual_of_few_ids(void)
{
    two_virtual();
    vm_pci.msis[0][3] = 15;
}

static void virtual_of_other_ids(void)
{
    two_virtual();
    vm_pci.msis[0][0] = 8;
}

static void physical(void)
{
    static const uint32_t window[] = {0x02000000, 0, 0x10000000, 0, 0x10000000, 0, 0x100000};

    vm_pci.nr_physical = 3;
    vm_pci.physical[0] = 8;
    vm_pci.physical[2] = 0x10000000;
    machine_pci.nr_windows = 1;
    memcpy(machine_pci.windows[0], window, sizeof(window));
}

/* It knows the machine's address alone. */
static void trusted(void)
{
    fake_smmu.is_there = false;
    machine_pci.nr_streams = 0;
    vm_tree.nodes[4].trusted_dma = 1;
}

KTF_TEST(vm_its, beside_a_trusted_device_it_is_where_the_machine_has_it)
{
    trusted();
    vm_tree.nodes[3].reg[0] = 0x08080000;
    EXPECT_STREQ(parse(), NULL);
}

static void small(void)
{
    vm_tree.nodes[3].reg[1] = 0x10000;
}

static void small_in_the_machine(void)
{
    machine_tree.nodes[3].reg[1] = 0x10000;
}

static void not_aligned(void)
{
    vm_tree.nodes[3].reg[0] = 0x0C081000;
}

static void two_ranges(void)
{
    vm_tree.nodes[3].nr_regs = 2;
}

static void no_registers(void)
{
    vm_tree.nodes[3].nr_regs = 0;
}

static void a_gicv2(void)
{
    vm_tree.nodes[1].compatible = "arm,gic-400";
}

static void two_of_them(void)
{
    machine_tree.nodes[5] = machine_tree.nodes[3];
    machine_tree.nodes[5].name = "its@90c0000";
    machine_tree.nodes[5].reg[0] = 0x090C0000;
    vm_tree.nodes[5] = vm_tree.nodes[3];
    vm_tree.nodes[5].name = "its@c0c0000";
    vm_tree.nodes[5].reg[0] = 0x0C0C0000;
    vm_tree.nodes[5].device = "/its@90c0000";
}

static void another_controller(void)
{
    vm_pci.msis[0][1] = 77;
}

static void another_in_the_machine(void)
{
    machine_pci.msis[0][1] = 77;
}

static void none_in_the_machine(void)
{
    machine_pci.nr_msis = 0;
}

static void two_entries(void)
{
    vm_pci.nr_msis = 2;
    memcpy(vm_pci.msis[1], vm_pci.msis[0], sizeof(vm_pci.msis[0]));
}

static void nothing_in_common(void)
{
    machine_pci.msis[0][3] = 0x100;
    vm_pci.msis[0][0] = 0x100;
}

static void ids_that_wrap(void)
{
    vm_pci.msis[0][2] = 0xFFFFFF00;
}

static void over_memory(void)
{
    vm_tree.nodes[3].reg[0] = 0x40000000;
}

#define MAPS                                                                                       \
    "vm.dtb: pcie@60000000: its msi-map, or that of the machine's pcie@10000000, is not one "      \
    "entry "                                                                                       \
    "that leads to the ITS, or not the only one"

static const struct fault faults[] = {
    {"small", small,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"small in the machine", small_in_the_machine,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"not aligned", not_aligned,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"two ranges", two_ranges,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"no registers", no_registers,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"a GICv2", a_gicv2,
     "vm.dtb: its@c080000: it, or the machine's its@8080000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"two of them", two_of_them,
     "vm.dtb: its@c0c0000: it, or the machine's its@90c0000, is not the one ITS of a GICv3, of 128 "
     "KiB"},
    {"elsewhere than the machine's", trusted,
     "vm.dtb: its@c080000: devices do not reach the machine's its@8080000 there"},
    {"another controller", another_controller, MAPS},
    {"another in the machine", another_in_the_machine, MAPS},
    {"none in the machine", none_in_the_machine, MAPS},
    {"two entries", two_entries, MAPS},
    {"nothing in common", nothing_in_common, MAPS},
    {"ids that wrap", ids_that_wrap, MAPS},
    {"a virtual function of no id", virtual_of_no_id, MAPS},
    {"virtual functions of too few ids", virtual_of_few_ids, MAPS},
    {"virtual functions of other ids", virtual_of_other_ids, MAPS},
    {"physical functions", physical,
     "vm.dtb: pcie@60000000: with stile,physical-functions what is behind the machine's "
     "pcie@10000000 interrupts by its pins: no msi-map"},
    {"over memory", over_memory,
     "vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000"},
};

KTF_TEST_EACH(vm_its, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    param->make();
    EXPECT_STREQ(parse(), param->text);
}
