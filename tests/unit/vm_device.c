/* SPDX-License-Identifier: MIT */
/*
 * config/vm_device.c and machine_device.c: which devices of the machine's a VM may have, by its
 * tree and the machine's.
 */
#include <stdio.h>

#include "device_rig.h"

/* What the machine has, beside memory, a GIC and the hypervisor's UART. */
static const struct tree_node gpio = {.name = "pl061@9030000",
                                      .compatible = "arm,pl061",
                                      .reg = {0x09030000, 0x1000},
                                      .nr_regs = 1,
                                      .interrupt = {0, 7, 4},
                                      .clocks = 1};
static const struct tree_node timer = {.name = "timer@9050800",
                                       .reg = {0x09050800, 0x100, 0x09060000, 0x2000},
                                       .nr_regs = 2,
                                       .interrupt = {0, 9, 1}};

/* The VM's nodes for them. */
static const struct tree_node given_gpio = {.name = "gpio@c030000",
                                            .reg = {0x0C030000, 0x1000},
                                            .nr_regs = 1,
                                            .interrupt = {0, 20, 4},
                                            .device = "/pl061@9030000",
                                            .no_dma = 1};
static const struct tree_node given_timer = {.name = "timer@c050800",
                                             .reg = {0x0C050800, 0x100, 0x0C060000, 0x2000},
                                             .nr_regs = 2,
                                             .interrupt = {0, 21, 1},
                                             .device = "/timer@9050800",
                                             .no_dma = 1};

static void setup(void)
{
    device_rig_setup();
    machine_tree.nodes[3] = gpio;
    machine_tree.nodes[4] = timer;
    vm_tree.nodes[3] = given_gpio;
    vm_tree.nodes[4] = given_timer;
    machine.memory =
        (struct ranges){2, {{pa_make(0x40000000), 0x1000000}, {pa_make(0x80000000), 0x1000000}}};
    machine.reserved = (struct ranges){1, {{pa_make(0x30000000), 0x1000}}};
    machine.nr_gicr = 1;
    machine.gicr[0] = (struct pa_range){pa_make(0x080A0000), 0x40000};
}

KTF_SUITE(vm_device, .setup = setup);

KTF_TEST(vm_device, two_devices_are_given)
{
    ASSERT_STREQ(parse(), NULL);
    ASSERT_EQ(config.nr_devices, 2);
    EXPECT_STREQ(config.devices[0].name, "pl061@9030000");
    EXPECT_TRUE(config.devices[0].has_clocks);
    EXPECT_STREQ(config.devices[1].name, "timer@9050800");
    EXPECT_FALSE(config.devices[1].has_clocks);
    ASSERT_EQ(config.nr_device_ranges, 3);
    EXPECT_EQ(config.device_ranges[0].at.base.ipa, 0x0C030000);
    EXPECT_EQ(config.device_ranges[0].pa.pa, 0x09030000);
    EXPECT_EQ(config.device_ranges[0].at.bytes, 0x1000);
    EXPECT_EQ(config.device_ranges[1].at.base.ipa, 0x0C050000);
    EXPECT_EQ(config.device_ranges[1].pa.pa, 0x09050000);
    EXPECT_EQ(config.device_ranges[1].at.bytes, 0x1000);
    EXPECT_EQ(config.device_ranges[2].at.base.ipa, 0x0C060000);
    EXPECT_EQ(config.device_ranges[2].at.bytes, 0x2000);
    ASSERT_EQ(config.nr_device_spis, 2);
    EXPECT_EQ(config.device_spis[0].intid, 52);
    EXPECT_EQ(config.device_spis[0].phys, 39);
    EXPECT_FALSE(config.device_spis[0].edge);
    EXPECT_EQ(config.device_spis[1].intid, 53);
    EXPECT_EQ(config.device_spis[1].phys, 41);
    EXPECT_TRUE(config.device_spis[1].edge);
}

KTF_TEST(vm_device, a_node_that_is_not_in_use_is_none)
{
    vm_tree.nodes[3].status = vm_tree.nodes[4].status = "disabled";
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.nr_devices, 0);
}

/* It may do without an interrupt, and have less of a range. */
KTF_TEST(vm_device, it_may_have_less)
{
    vm_tree.nodes[4].reg[3] = 0x1000;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(config.device_ranges[2].at.bytes, 0x1000);
}

/* Two in one page, beside a third one: the VM's where the machine has them. */
static void make_slots(void)
{
    static const char *const names[] = {"slot@a003c00", "slot@a003e00", "slot@a003a00"};
    static const char *const given[] = {"slot@c003c00", "slot@c003e00"};
    static const char *const paths[] = {"/slot@a003c00", "/slot@a003e00"};

    for (unsigned i = 0; i < 3; i++)
        machine_tree.nodes[5 + i] = (struct tree_node){.name = names[i],
                                                       .reg = {0x0A003C00 + 0x200 * i, 0x200},
                                                       .nr_regs = 1,
                                                       .interrupt = {0, 40 + i, 1}};
    machine_tree.nodes[7].reg[0] = 0x0A003A00;
    for (unsigned i = 0; i < 2; i++)
        vm_tree.nodes[3 + i] = (struct tree_node){.name = given[i],
                                                  .reg = {0x0C003C00 + 0x200 * i, 0x200},
                                                  .nr_regs = 1,
                                                  .interrupt = {0, 30 + i, 1},
                                                  .device = paths[i],
                                                  .trusted_dma = 1};
}

KTF_TEST(vm_device, those_trusted_with_dma_may_share_a_page)
{
    make_slots();
    ASSERT_STREQ(parse(), NULL);
    EXPECT_TRUE(config.one_to_one);
    ASSERT_EQ(config.nr_devices, 2);
    EXPECT_TRUE(config.devices[0].has_dma);
    ASSERT_EQ(config.nr_device_ranges, 1);
    EXPECT_EQ(config.device_ranges[0].at.base.ipa, 0x0C003000);
    EXPECT_EQ(config.device_ranges[0].pa.pa, 0x0A003000);
    ASSERT_EQ(config.nr_device_spis, 2);
    EXPECT_EQ(config.device_spis[1].phys, 32 + 41);
}

static void no_such_path(void)
{
    vm_tree.nodes[3].device = "/pl061";
}

static void relative_path(void)
{
    vm_tree.nodes[3].device = "pl061@9030000";
}

static void empty_path(void)
{
    vm_tree.nodes[3].device = "";
}

static void not_in_use(void)
{
    machine_tree.nodes[3].status = "disabled";
}

static void dma(void)
{
    vm_tree.nodes[3].no_dma = 0;
}

static void dma_and_none(void)
{
    vm_tree.nodes[3].trusted_dma = 1;
}

static void dma_beside_no_dma(void)
{
    make_slots();
    vm_tree.nodes[4].trusted_dma = 0;
    vm_tree.nodes[4].no_dma = 1;
}

static void slots_apart(void)
{
    make_slots();
    vm_tree.nodes[4].reg[0] = 0x0C00BE00;
    vm_tree.nodes[5] = vm_tree.nodes[3];
    vm_tree.nodes[5].name = "memory@c00b000";
    vm_tree.nodes[5].device = NULL;
    vm_tree.nodes[5].reg[0] = 0x0C00B000;
    vm_tree.nodes[5].reg[1] = 0x1000;
}

static void a_slot_beside_an_its(void)
{
    make_slots();
    machine_tree.nodes[7].compatible = "arm,gic-v3-its";
}

static void the_uart(void)
{
    vm_tree.nodes[3].device = "/pl011@9000000";
}

static void the_gic(void)
{
    vm_tree.nodes[3].device = "/intc@8000000";
}

static void memory(void)
{
    vm_tree.nodes[3].device = "/memory@40000000";
}

static void other_memory(void)
{
    machine_tree.nodes[4] =
        (struct tree_node){.name = "memory@80000000", .reg = {0x80000000, 0x1000000}, .nr_regs = 1};
    vm_tree.nodes[3].device = "/memory@80000000";
}

static void what_firmware_keeps(void)
{
    machine_tree.nodes[3].reg[0] = 0x30000000;
}

#ifndef CONFIG_ITS
static void an_its(void)
{
    machine_tree.nodes[3].compatible = "arm,gic-v3-its";
}
#endif

static void the_smmu(void)
{
    machine_tree.nodes[3].compatible = "arm,smmu-v3";
}

static void a_line_of_its_own(void)
{
    vm_tree.nodes[3].device = "/x\r\n[hv] \x1b[1mfine";
}

static void a_page_of_another(void)
{
    machine_tree.nodes[4].reg[0] = 0x09030800;
}

static void an_interrupt_of_another(void)
{
    machine_tree.nodes[4].interrupt[1] = 7;
}

static void an_extended_interrupt_of_another(void)
{
    machine_tree.nodes[1].phandle = machine_tree.nodes[4].extended = 8;
    machine_tree.nodes[4].interrupt[1] = 7;
}

/* Further devices, all with as many ranges. */
static void add_devices(unsigned nr, unsigned nr_regs)
{
    static char names[4][2][32], paths[4][32];

    for (unsigned i = 0; i < nr; i++) {
        struct tree_node node = {.nr_regs = nr_regs};

        for (unsigned j = 0; j < nr_regs; j++) {
            node.reg[2 * j] = 0x0A000000 + 0x10000 * i + 0x1000 * j;
            node.reg[2 * j + 1] = 0x1000;
        }
        snprintf(names[i][0], sizeof(names[i][0]), "new@%x", (unsigned)node.reg[0]);
        snprintf(names[i][1], sizeof(names[i][1]), "given@%x", (unsigned)node.reg[0]);
        snprintf(paths[i], sizeof(paths[i]), "/%s", names[i][0]);
        node.name = names[i][0];
        machine_tree.nodes[5 + i] = node;
        node.name = names[i][1];
        node.device = paths[i];
        node.no_dma = 1;
        vm_tree.nodes[5 + i] = node;
    }
}

static void five_devices(void)
{
    add_devices(3, 1);
}

static void eleven_ranges(void)
{
    add_devices(2, 4);
}

static void too_many_interrupts_of_one(void)
{
    machine_tree.nodes[3].interrupt[1] = 100;
    machine_tree.nodes[3].nr_more = 8;
}

static void more_interrupts(void)
{
    vm_tree.nodes[3].nr_more = 1;
}

static void the_uarts_interrupt(void)
{
    machine_tree.nodes[3].interrupt[1] = 1;
}

static void a_ppi(void)
{
    machine_tree.nodes[3].interrupt[0] = 1;
}

static void registers_that_wrap(void)
{
    machine_tree.nodes[3].reg[0] = UINT64_MAX - 0xFFF;
}

static void other_registers(void)
{
    vm_tree.nodes[4].nr_regs = 1;
}

static void larger(void)
{
    vm_tree.nodes[3].reg[1] = 0x2000;
}

static void elsewhere_in_a_page(void)
{
    vm_tree.nodes[4].reg[0] = 0x0C050000;
}

static void no_interrupt(void)
{
    vm_tree.nodes[3].interrupt[1] = 0;
}

static void an_interrupt_there_is_not(void)
{
    vm_tree.nodes[3].interrupt[1] = 64;
}

static void the_same_interrupt(void)
{
    vm_tree.nodes[4].interrupt[1] = 20;
}

static void the_consoles_interrupt(void)
{
    vm_tree.nodes[3].interrupt[1] = 15;
}

static void over_memory(void)
{
    vm_tree.nodes[3].reg[0] = 0x40000000;
}

static void twice(void)
{
    vm_tree.nodes[4] = given_gpio;
    vm_tree.nodes[4].name = "gpio@c040000";
    vm_tree.nodes[4].reg[0] = 0x0C040000;
    vm_tree.nodes[4].interrupt[1] = 22;
}

static const struct fault faults[] = {
    {"no such path", no_such_path, "vm.dtb: gpio@c030000: the machine has no /pl061"},
    {"a relative path", relative_path, "vm.dtb: gpio@c030000: the machine has no pl061@9030000"},
    {"an empty path", empty_path, "vm.dtb: gpio@c030000: its stile,device is no path"},
    {"not in use", not_in_use, "vm.dtb: gpio@c030000: the machine's pl061@9030000 is not in use"},
    {"DMA", dma,
     "vm.dtb: gpio@c030000: nothing keeps DMA of the machine's pl061@9030000 from others' memory: "
     "stile,no-dma or stile,trusted-dma must be there"},
    {"DMA and none", dma_and_none,
     "vm.dtb: gpio@c030000: it says both stile,no-dma and stile,trusted-dma"},
    {"DMA beside one that does none", dma_beside_no_dma,
     "vm.dtb: slot@c003e00: the machine's slot@a003e00 shares a page or an interrupt with its "
     "slot@a003c00"},
    {"two of a page in two pages", slots_apart,
     "vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000"},
    {"a slot beside an ITS", a_slot_beside_an_its,
     "vm.dtb: slot@c003c00: the machine's slot@a003c00 shares a page or an interrupt with its "
     "slot@a003a00"},
    {"the UART", the_uart, "vm.dtb: gpio@c030000: the machine's pl011@9000000 is the hypervisor's"},
    {"the GIC", the_gic, "vm.dtb: gpio@c030000: the machine's intc@8000000 is the hypervisor's"},
    {"memory", memory, "vm.dtb: gpio@c030000: the machine's memory@40000000 is the hypervisor's"},
    {"other memory", other_memory,
     "vm.dtb: gpio@c030000: the machine's memory@80000000 is the hypervisor's"},
    {"what firmware keeps", what_firmware_keeps,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 is the hypervisor's"},
#ifndef CONFIG_ITS
    {"an ITS", an_its, "vm.dtb: gpio@c030000: the machine's pl061@9030000 is the hypervisor's"},
#endif
    {"the SMMU", the_smmu, "vm.dtb: gpio@c030000: the machine's pl061@9030000 is the hypervisor's"},
    {"a line of its own", a_line_of_its_own,
     "vm.dtb: gpio@c030000: the machine has no /x??[hv] ?[1mfine"},
    {"a page of another", a_page_of_another,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 shares a page or an interrupt with its "
     "timer@9050800"},
    {"an interrupt of another", an_interrupt_of_another,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 shares a page or an interrupt with its "
     "timer@9050800"},
    {"an extended interrupt of another", an_extended_interrupt_of_another,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 shares a page or an interrupt with its "
     "timer@9050800"},
    {"five devices", five_devices, "vm.dtb: given@a020000: more than 4 devices of the machine's"},
    {"eleven ranges", eleven_ranges, "vm.dtb: given@a010000: more than 8 ranges of devices"},
    {"too many interrupts of one", too_many_interrupts_of_one,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 has registers or interrupts that cannot be "
     "given"},
    {"more interrupts", more_interrupts,
     "vm.dtb: gpio@c030000: it has more interrupts than the machine's pl061@9030000"},
    {"no GIC", no_gic,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 has interrupts, which need a GIC"},
    {"the UART's interrupt", the_uarts_interrupt,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 is the hypervisor's"},
    {"a PPI", a_ppi,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 has registers or interrupts that cannot be "
     "given"},
    {"registers that wrap", registers_that_wrap,
     "vm.dtb: gpio@c030000: the machine's pl061@9030000 has registers or interrupts that cannot be "
     "given"},
    {"other registers", other_registers,
     "vm.dtb: timer@c050800: its reg has 1 ranges, that of the machine's timer@9050800 2"},
    {"larger", larger,
     "vm.dtb: gpio@c030000: its range 0 is larger than that of the machine's pl061@9030000, or "
     "elsewhere in 4 KiB"},
    {"elsewhere in 4 KiB", elsewhere_in_a_page,
     "vm.dtb: timer@c050800: its range 0 is larger than that of the machine's timer@9050800, or "
     "elsewhere in 4 KiB"},
    {"no interrupt", no_interrupt,
     "vm.dtb: gpio@c030000: its interrupt 0, of the machine's pl061@9030000, is no SPI below 64, "
     "or "
     "another device's"},
    {"an interrupt there is not", an_interrupt_there_is_not,
     "vm.dtb: gpio@c030000: its interrupt 0, of the machine's pl061@9030000, is no SPI below 64, "
     "or "
     "another device's"},
    {"the same interrupt", the_same_interrupt,
     "vm.dtb: timer@c050800: its interrupt 0, of the machine's timer@9050800, is no SPI below 64, "
     "or another device's"},
    {"the console's interrupt", the_consoles_interrupt,
     "vm.dtb: gpio@c030000: its interrupt 0, of the machine's pl061@9030000, is no SPI below 64, "
     "or "
     "another device's"},
    {"over memory", over_memory,
     "vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000"},
    {"twice", twice, "vm.dtb: gpio@c040000: the machine's pl061@9030000 is another node's already"},
};

KTF_TEST_EACH(vm_device, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    param->make();
    EXPECT_STREQ(parse(), param->text);
}
