/* SPDX-License-Identifier: MIT */
/*
 * config/vm_device.c and machine_device.c: a frame of a GICv2m that a VM has, by which devices make
 * SPIs pending.
 */
#include <stdio.h>

#include "device_rig.h"

static const struct tree_node its_frame = {.name = "v2m@8020000",
                                           .compatible = "arm,gic-v2m-frame",
                                           .reg = {0x08020000, 0x1000},
                                           .nr_regs = 1};
static const struct tree_node given_frame = {.name = "v2m@c020000",
                                             .reg = {0x0C020000, 0x1000},
                                             .nr_regs = 1,
                                             .device = "/v2m@8020000",
                                             .first_msi = 82,
                                             .nr_msis = 14};

/* A device beside it, of no interest here. */
static const struct tree_node gpio = {
    .name = "pl061@9030000", .reg = {0x09030000, 0x1000}, .nr_regs = 1, .interrupt = {0, 7, 4}};
static const struct tree_node given_gpio = {.name = "gpio@c030000",
                                            .reg = {0x0C030000, 0x1000},
                                            .nr_regs = 1,
                                            .interrupt = {0, 20, 4},
                                            .device = "/pl061@9030000",
                                            .no_dma = 1};

static uint32_t msi_typer;
static unsigned nr_reads;

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    EXPECT_EQ(address, 0x08020008);
    EXPECT_EQ(bytes, 4);
    nr_reads++;
    return msi_typer;
}

static void setup(void)
{
    device_rig_setup();
    machine_tree.nodes[3] = its_frame;
    machine_tree.nodes[4] = gpio;
    vm_tree.nodes[3] = given_frame;
    vm_tree.nodes[4] = given_gpio;
    machine.memory = (struct ranges){1, {{pa_make(0x40000000), 0x1000000}}};
    fake_smmu.is_there = false;
    msi_typer = 80 << 16 | 64; /* QEMU's */
    nr_reads = 0;
}

KTF_SUITE(vm_msi, .setup = setup);

KTF_TEST(vm_msi, some_of_its_spis_are_the_vms)
{
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(nr_reads, 1);
    EXPECT_EQ(fake_windows_open, 0);
    EXPECT_FALSE(vm_config_has_dma(&config));
    ASSERT_EQ(config.nr_device_ranges, 2);
    EXPECT_TRUE(config.device_ranges[0].is_doorbell);
    EXPECT_EQ(config.device_ranges[0].at.base.ipa, 0x0C020000);
    EXPECT_EQ(config.device_ranges[0].pa.pa, 0x08020000);
    EXPECT_FALSE(config.device_ranges[1].is_doorbell);
    ASSERT_EQ(config.nr_device_spis, 15);
    for (uint32_t i = 0; i < 14; i++) {
        EXPECT_EQ(config.device_spis[i].intid, 82 + i);
        EXPECT_EQ(config.device_spis[i].phys, 82 + i);
        EXPECT_TRUE(config.device_spis[i].edge);
        EXPECT_EQ(config.device_spis[i].device, 0);
    }
    EXPECT_EQ(config.device_spis[14].device, 1);
}

/* Also where the register says something else. */
KTF_TEST(vm_msi, the_machines_tree_may_say_which)
{
    machine_tree.nodes[3].first_msi = 64;
    machine_tree.nodes[3].nr_msis = 18;
    vm_tree.nodes[3].first_msi = vm_tree.nodes[3].nr_msis = 0;
    ASSERT_STREQ(parse(), NULL);
    EXPECT_EQ(nr_reads, 0);
    ASSERT_EQ(config.nr_device_spis, 19);
    EXPECT_EQ(config.device_spis[0].phys, 64);
    EXPECT_EQ(config.device_spis[17].phys, 81);
}

static void trusted(void)
{
    vm_tree.nodes[4].no_dma = 0;
    vm_tree.nodes[4].trusted_dma = 1;
}

KTF_TEST(vm_msi, beside_a_trusted_device_it_is_where_the_machine_has_it)
{
    trusted();
    vm_tree.nodes[3].reg[0] = 0x08020000;
    vm_tree.nodes[1].reg[0] = 0x07000000;
    EXPECT_STREQ(parse(), NULL);
}

static void no_numbers(void)
{
    vm_tree.nodes[3].first_msi = vm_tree.nodes[3].nr_msis = 0;
}

static void one_number(void)
{
    vm_tree.nodes[3].nr_msis = 0;
}

static void before_them(void)
{
    vm_tree.nodes[3].first_msi = 79;
}

static void behind_them(void)
{
    msi_typer = 80 << 16 | 15;
}

static void more_than_there_are(void)
{
    vm_tree.nodes[3].nr_msis = 0xFFFFFFFF;
}

static void more_than_the_vm_has(void)
{
    vm_tree.nodes[3].nr_msis = 15;
}

static void more_than_a_vm_may_have(void)
{
    msi_typer = 64 << 16 | 32;
    vm_tree.nodes[3].first_msi = 64;
    vm_tree.nodes[3].nr_msis = 25;
}

static void one_that_another_has(void)
{
    vm_tree.nodes[4].interrupt[1] = 60;
    vm_tree.nodes[5] = vm_tree.nodes[3];
    vm_tree.nodes[3] = vm_tree.nodes[4];
    vm_tree.nodes[4] = vm_tree.nodes[5];
    vm_tree.nodes[5].name = NULL;
}

static void one_of_another_device(void)
{
    machine_tree.nodes[4].interrupt[1] = 111;
}

/* As on QEMU's virt: they are no devices of a VM's. */
KTF_TEST(vm_msi, the_smmus_interrupts_may_be_among_those_of_the_machine)
{
    machine.smmu = (struct pa_range){pa_make(0x09050000), 0x20000};
    machine.smmu_event_intid = 106;
    machine_tree.nodes[5] = (struct tree_node){.name = "smmuv3@9050000",
                                               .compatible = "arm,smmu-v3",
                                               .reg = {0x09050000, 0x20000},
                                               .nr_regs = 1,
                                               .interrupt = {0, 74, 1}};
    EXPECT_STREQ(parse(), NULL);
    machine.smmu_event_intid = 90;
    EXPECT_STREQ(parse(), "vm.dtb: v2m@c020000: its interrupt 8, of the machine's v2m@8020000, is "
                          "no SPI below 64, or another device's");
    machine.smmu = (struct pa_range){pa_make(0), 0};
    machine.smmu_event_intid = 0;
    EXPECT_STREQ(parse(), "vm.dtb: v2m@c020000: the machine's v2m@8020000 shares a page or an "
                          "interrupt with its smmuv3@9050000");
}

static void the_uarts(void)
{
    msi_typer = 33 << 16 | 16;
}

static void none(void)
{
    msi_typer = 0;
}

static void no_spis(void)
{
    msi_typer = 1010 << 16 | 11;
}

static void ppis(void)
{
    msi_typer = 31 << 16 | 64;
}

static void the_distributors_page(void)
{
    machine_tree.nodes[3].reg[0] = 0x08000000;
}

static void no_registers(void)
{
    machine_tree.nodes[3].nr_regs = 0;
}

static void beyond_all(void)
{
    machine_tree.nodes[3].first_msi = 80;
    machine_tree.nodes[3].nr_msis = UINT32_MAX;
}

static void needless_promise(void)
{
    vm_tree.nodes[3].no_dma = 1;
}

static void needless_trust(void)
{
    vm_tree.nodes[3].trusted_dma = 1;
}

static const struct fault faults[] = {
    {"no numbers", no_numbers,
     "vm.dtb: v2m@c020000: its interrupt 16, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"one number", one_number,
     "vm.dtb: v2m@c020000: its interrupt 16, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"before them", before_them,
     "vm.dtb: v2m@c020000: its interrupt 0, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"behind them", behind_them,
     "vm.dtb: v2m@c020000: its interrupt 13, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"more than there are", more_than_there_are,
     "vm.dtb: v2m@c020000: its interrupt 14, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"more than the VM has", more_than_the_vm_has,
     "vm.dtb: v2m@c020000: its interrupt 14, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"more than a VM may have", more_than_a_vm_may_have,
     "vm.dtb: v2m@c020000: more than 24 interrupts of devices"},
    {"one that another has", one_that_another_has,
     "vm.dtb: v2m@c020000: its interrupt 10, of the machine's v2m@8020000, is no SPI below 64, or "
     "another device's"},
    {"one of another device", one_of_another_device,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 shares a page or an interrupt with its "
     "pl061@9030000"},
    {"the UART's", the_uarts, "vm.dtb: v2m@c020000: the machine's v2m@8020000 is the hypervisor's"},
    {"none", none,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has registers or interrupts that cannot be "
     "given"},
    {"no SPIs", no_spis,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has registers or interrupts that cannot be "
     "given"},
    {"no registers", no_registers,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has registers or interrupts that cannot be "
     "given"},
    {"more than any GIC has", beyond_all,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has registers or interrupts that cannot be "
     "given"},
    {"a promise", needless_promise,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has no DMA: neither stile,no-dma nor "
     "stile,trusted-dma is for it"},
    {"trust", needless_trust,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has no DMA: neither stile,no-dma nor "
     "stile,trusted-dma is for it"},
    {"PPIs", ppis,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has registers or interrupts that cannot be "
     "given"},
    {"no GIC", no_gic,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 has interrupts, which need a GIC"},
    {"the distributor's page", the_distributors_page,
     "vm.dtb: v2m@c020000: the machine's v2m@8020000 is the hypervisor's"},
    {"elsewhere than the machine's", trusted,
     "vm.dtb: v2m@c020000: its address is not that of the machine's v2m@8020000"},
};

KTF_TEST_EACH(vm_msi, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    param->make();
    EXPECT_STREQ(parse(), param->text);
    EXPECT_EQ(fake_windows_open, 0);
}
