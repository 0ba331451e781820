/* SPDX-License-Identifier: MIT */
/*
 * config/vm_tree.c and config/dt.c: what a VM's device tree may ask for, and what it may not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/memory.h"
#include "fakes/tree.h"

#include "config/dt.c"
#include "vm/refusal.c"
#include "config/machine_device.c"
#include "config/vm_check.c"
#include "config/vm_device.c"
#ifdef CONFIG_ITS
#include "config/vm_its.c"
#endif
#include "config/vm_range.c"
#include "config/vm_sriov.c"
#include "config/vm_tree.c"
#include "config/vm_virtio.c"

#include "ktf.h"

static size_t free_before;

static struct pcpu self;

static void setup(void)
{
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fake_memory();
    free_before = page_nr_free();
}

static void teardown(void)
{
    EXPECT_EQ(page_nr_free(), free_before);
}

KTF_SUITE(vm_config, .setup = setup, .teardown = teardown);

static uint64_t buffer[TREE_BYTES / 8];

/* Parses a copy of exact size, aligned to 4 bytes only, as files of an archive are. */
static const char *parse_first(size_t bytes, struct vm_config *config)
{
    char *copy = malloc(bytes + 4);
    const char *fault;

    memset(config, 0, sizeof(*config));
    memcpy(copy + 4, buffer, bytes);
    fault = vm_tree_parse(copy + 4, bytes, config);
    free(copy);
    return fault;
}

static const char *parse_with(const struct tree *tree, struct vm_config *config)
{
    return parse_first(tree_make(buffer, tree), config);
}

KTF_TEST(vm_config, a_tree_is_read)
{
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree_default, &config), NULL);
    EXPECT_EQ(config.mode, VM_MODE_ASSISTED);
    EXPECT_FALSE(config.pmu);
    EXPECT_FALSE(config.pmu_el2);
    EXPECT_FALSE(config.privileged);
    EXPECT_FALSE(vm_config_makes_vms(&config));
    EXPECT_EQ(config.nr_vcpus, 2);
    ASSERT_EQ(config.nr_memory, 1);
    EXPECT_EQ(config.memory[0].base.ipa, 0x40000000);
    EXPECT_EQ(config.memory[0].bytes, 0x1000000);
    EXPECT_EQ(config.gic_version, 3);
    EXPECT_EQ(config.gicd.base.ipa, 0x08000000);
    EXPECT_EQ(config.gicr[0].base.ipa, 0x080A0000);
    EXPECT_EQ(config.gicr[0].bytes, 0x40000);
    EXPECT_EQ(config.gicc.bytes, 0);
    EXPECT_EQ(config.uart.base.ipa, 0x09000000);
    EXPECT_EQ(config.uart_intid, 33);
}

KTF_TEST(vm_config, the_cpus_own_monitors_are_another_property)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.pmu = 2;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_FALSE(config.pmu);
    EXPECT_TRUE(config.pmu_el2);
}

KTF_TEST(vm_config, a_privilege_may_be_a_quota)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.privileged = 1;
    tree.nr_quota = 3;
    tree.quota[0] = 256;
    tree.quota[1] = 4;
    tree.quota[2] = UINT32_MAX;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_FALSE(config.privileged);
    EXPECT_TRUE(vm_config_makes_vms(&config));
    EXPECT_EQ(config.quota.memory_mib, 256);
    EXPECT_EQ(config.quota.nr_vcpus, 4);
    EXPECT_EQ(config.quota.hv_memory_kib, UINT32_MAX);
    for (tree.nr_quota = 2; tree.nr_quota <= 4; tree.nr_quota += 2)
        EXPECT_STREQ(parse_with(&tree, &config),
                     "vm.dtb: stile,privileged is neither empty nor <MiB vCPUs KiB>");
}

KTF_TEST(vm_config, another_tree_is_read)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.mode = "trap";
    tree.pmu = 1;
    tree.privileged = 1;
    tree.nr_cpus = 1;
    tree.nodes[0].reg[2] = 0x100000000;
    tree.nodes[0].reg[3] = 0x40000000;
    tree.nodes[0].nr_regs = 2;
    tree.nodes[1] = (struct tree_node){.name = "intc@8000000",
                                       .compatible = "arm,cortex-a15-gic",
                                       .reg = {0x08000000, 0x1000, 0x08010000, 0x2000},
                                       .nr_regs = 2};
    tree.nodes[2].status = "disabled";
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.mode, VM_MODE_TRAP);
    EXPECT_TRUE(config.pmu);
    EXPECT_FALSE(config.pmu_el2);
    EXPECT_TRUE(config.privileged);
    EXPECT_TRUE(vm_config_makes_vms(&config));
    EXPECT_FALSE(config.quota.is_there);
    EXPECT_EQ(config.nr_vcpus, 1);
    ASSERT_EQ(config.nr_memory, 2);
    EXPECT_EQ(config.memory[1].base.ipa, 0x100000000);
    EXPECT_EQ(config.gic_version, 2);
    EXPECT_EQ(config.gicc.base.ipa, 0x08010000);
    EXPECT_EQ(config.gicr[0].bytes, 0);
    EXPECT_EQ(config.uart.bytes, 0);
    tree.mode = NULL;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.mode, VM_MODE_ASSISTED);
    tree.mode = "paravirtual";
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.mode, VM_MODE_PARAVIRTUAL);
}

KTF_TEST(vm_config, either_uart_will_do)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[2].compatible = "arm,sbsa-uart";
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.uart.base.ipa, 0x09000000);
    EXPECT_EQ(config.uart_intid, 33);
    tree.nodes[2].compatible = "ns16550a";
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.uart.bytes, 0);
}

KTF_TEST(vm_config, what_is_not_in_use_does_not_count)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[3] = (struct tree_node){
        .name = "memory@60000000", .status = "disabled", .reg = {0x60000001, 1}, .nr_regs = 1};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.nr_memory, 1);
    tree.nodes[0].name = "ram@40000000"; /* it is the type that tells */
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: no /memory");
}

/* --- refusals: one thing is wrong with the default tree ------------------------------------- */

#define NONE (-1)

struct wrong {
    const char *fault;
    int node;            /* which node is replaced, or NONE */
    struct tree_node to; /* by what; no name: left out */
    const char *mode;    /* if not NULL */
    unsigned nr_cpus;    /* 99: none */
    uint32_t first_cpu;
    uint32_t cells; /* the root's #address-cells, if not 0 */
};

#define MEMORY(...)                                                                                \
    0,                                                                                             \
    {                                                                                              \
        .name = "memory@1", .reg = {__VA_ARGS__},                                                  \
        .nr_regs = sizeof((uint64_t[]){__VA_ARGS__}) / (2 * sizeof(uint64_t))                      \
    }
#define GIC(type, ...)                                                                             \
    1,                                                                                             \
    {                                                                                              \
        .name = "gic", .compatible = type, .reg = {__VA_ARGS__},                                   \
        .nr_regs = sizeof((uint64_t[]){__VA_ARGS__}) / (2 * sizeof(uint64_t))                      \
    }
#define UART(spi, ...)                                                                             \
    2,                                                                                             \
    {                                                                                              \
        .name = "uart", .compatible = "arm,pl011", .reg = {__VA_ARGS__},                           \
        .nr_regs = sizeof((uint64_t[]){__VA_ARGS__}) / (2 * sizeof(uint64_t)), .interrupt = {      \
            0,                                                                                     \
            spi,                                                                                   \
            4                                                                                      \
        }                                                                                          \
    }

/* clang-format off */
static const struct wrong wrongs[] = {
    {"vm.dtb: no /memory", 0, {.name = NULL}, NULL, 0, 0, 0},
    {"vm.dtb: /memory has no address and size", 0, {.name = "memory"}, NULL, 0, 0, 0},
    {"vm.dtb: no /memory", MEMORY(0x40000000, 0), NULL, 0, 0, 0},
    {"vm.dtb: /memory is not in whole pages of 4 KiB",
     MEMORY(0x40000800, 0x1000000), NULL, 0, 0, 0},
    {"vm.dtb: /memory is not in whole pages of 4 KiB",
     MEMORY(0x40000000, 0x1000800), NULL, 0, 0, 0},
    {"vm.dtb: /memory exceeds the 512 GiB of a VM's address space",
     MEMORY(0x40000000, 0x8000000000), NULL, 0, 0, 0},
    {"vm.dtb: /memory exceeds the 512 GiB of a VM's address space",
     MEMORY(0xFFFFFFFFFFE00000, 0x200000), NULL, 0, 0, 0},
    {"vm.dtb: /memory exceeds the 512 GiB of a VM's address space",
     MEMORY(0x40000000, 0xFFFFFFFFC0000000), NULL, 0, 0, 0},
    {"vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000",
     MEMORY(0x40000000, 0x400000, 0x40200000, 0x200000), NULL, 0, 0, 0},
    {"vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000",
     MEMORY(0x8000000, 0x200000), NULL, 0, 0, 0},
    {"vm.dtb: /memory overlaps itself, a device or the pages shared at 0xB000000",
     MEMORY(0xA000000, 0x2000000), NULL, 0, 0, 0},
    {"vm.dtb: no CPUs", NONE, {.name = NULL}, NULL, 99, 0, 0},
    {"vm.dtb: 9 CPUs, of at most 8", NONE, {.name = NULL}, NULL, CONFIG_NR_VCPUS + 1, 0, 0},
    {"vm.dtb: stile,mode is not \"assisted\", \"trap\" or \"paravirtual\"",
     NONE, {.name = NULL}, "", 0, 0, 0},
    {"vm.dtb: stile,mode is not \"assisted\", \"trap\" or \"paravirtual\"",
     NONE, {.name = NULL}, "trapped", 0, 0, 0},
    {"vm.dtb: the root's #address-cells or #size-cells is not 1 or 2",
     NONE, {.name = NULL}, NULL, 0, 0, 3},
    {"vm.dtb: the root's #address-cells or #size-cells is not 1 or 2",
     NONE, {.name = NULL}, NULL, 0, 0, 0xFFFFFFFF},
    {"vm.dtb: no interrupt controller (arm,cortex-a15-gic, arm,gic-v3), and stile,mode is not "
     "\"paravirtual\"", 1, {.name = NULL}, NULL, 0, 0, 0},
    {"vm.dtb: no interrupt controller (arm,cortex-a15-gic, arm,gic-v3), and stile,mode is not "
     "\"paravirtual\"", 1, {.name = NULL}, "trap", 0, 0, 0},
    {"vm.dtb: more than one interrupt controller",
     3, {.name = "gic", .compatible = "arm,gic-400", .reg = {0, 0x1000}, .nr_regs = 1},
     NULL, 0, 0, 0},
    {"vm.dtb: the GICv3's registers are missing or too small for its CPUs",
     GIC("arm,gic-v3", 0x8000000, 0x10000), NULL, 0, 0, 0},
    {"vm.dtb: the GICv3's registers are missing or too small for its CPUs",
     GIC("arm,gic-v3", 0x8000000, 0x10000, 0x80A0000, 0x20000), NULL, 0, 0, 0},
    {"vm.dtb: the GICv2's registers are missing or too small",
     GIC("arm,gic-400", 0x8000000, 0x10000), NULL, 0, 0, 0},
    {"vm.dtb: the GICv2's registers are missing or too small",
     GIC("arm,gic-400", 0x8000000, 0x1000, 0x8010000, 0x100), NULL, 0, 0, 0},
    {"vm.dtb: devices overlap, or the pages shared at 0xB000000",
     GIC("arm,gic-400", 0x8000000, 0x10000, 0x800F000, 0x2000), NULL, 0, 0, 0},
    {"vm.dtb: the interrupt controller is not in whole pages",
     GIC("arm,gic-400", 0x8000800, 0x10000, 0x8020000, 0x2000), NULL, 0, 0, 0},
    {"vm.dtb: a device exceeds the VM's address space",
     GIC("arm,gic-400", 0x8000000000, 0x10000, 0x8020000, 0x2000), NULL, 0, 0, 0},
    {"vm.dtb: the UART has no address and size", 2,
     {.name = "uart", .compatible = "arm,pl011", .interrupt = {0, 1, 4}}, NULL, 0, 0, 0},
    {"vm.dtb: the UART has no SPI that the GIC has", 2,
     {.name = "uart", .compatible = "arm,pl011", .reg = {0x9000000, 0x1000}, .nr_regs = 1},
     NULL, 0, 0, 0},
    {"vm.dtb: the UART has no SPI that the GIC has",
     UART(64, 0x9000000, 0x1000), NULL, 0, 0, 0},
    {"vm.dtb: the UART has no SPI that the GIC has",
     UART(0xFFFFFFF0, 0x9000000, 0x1000), NULL, 0, 0, 0},
    {"vm.dtb: devices overlap, or the pages shared at 0xB000000",
     UART(1, 0xB000000, 0x1000), NULL, 0, 0, 0},
    {"vm.dtb: a device's registers are not in whole words of 8 bytes",
     UART(1, 0x9000004, 0x1000), NULL, 0, 0, 0},
    {"vm.dtb: a device's registers are not in whole words of 8 bytes",
     UART(1, 0x9000000, 0x1004), NULL, 0, 0, 0},
    {"vm.dtb: a device takes 4 GiB or more",
     UART(1, 0x200000000, 0x100000000), NULL, 0, 0, 0},
    {"vm.dtb: the GICv3's redistributor-stride is not 128 KiB", 1,
     {.name = "gic", .compatible = "arm,gic-v3", .reg = {0x8000000, 0x10000, 0x80A0000, 0x80000},
      .nr_regs = 2, .gicr_stride = 0x40000}, NULL, 0, 0, 0},
    {"vm.dtb: the PL031 has no address and size", 3,
     {.name = "rtc", .compatible = "arm,pl031"}, NULL, 0, 0, 0},
    {"vm.dtb: devices overlap, or the pages shared at 0xB000000", 3,
     {.name = "rtc", .compatible = "arm,pl031", .reg = {0x9000800, 0x1000}, .nr_regs = 1},
     NULL, 0, 0, 0},
    {"vm.dtb: a cfi-flash has no address and size", 3,
     {.name = "flash", .compatible = "cfi-flash", .reg = {0, 0}, .nr_regs = 1}, NULL, 0, 0, 0},
    {"vm.dtb: cfi-flash is in more than 2 pieces", 3,
     {.name = "flash", .compatible = "cfi-flash", .reg = {0, 8, 16, 8, 32, 8}, .nr_regs = 3},
     NULL, 0, 0, 0},
    {"vm.dtb: a virtio,mmio slot has no address and size", 3,
     {.name = "slot", .compatible = "virtio,mmio"}, NULL, 0, 0, 0},
    {"vm.dtb: more than one UART", 3,
     {.name = "uart", .compatible = "arm,pl011", .reg = {0x9001000, 0x1000}, .nr_regs = 1,
      .interrupt = {0, 2, 4}}, NULL, 0, 0, 0},
};
/* clang-format on */

static void describe(const struct wrong *wrong, char *text, size_t size)
{
    snprintf(text, size, "%s", wrong->fault);
}

KTF_TEST_EACH(vm_config, is_refused, struct wrong, wrongs, describe)
{
    struct tree tree = tree_default;
    struct vm_config config;

    if (param->node != NONE)
        tree.nodes[param->node] = param->to;
    if (param->mode)
        tree.mode = param->mode;
    if (param->nr_cpus)
        tree.nr_cpus = param->nr_cpus == 99 ? 0 : param->nr_cpus;
    tree.first_cpu = param->first_cpu;
    if (param->cells)
        tree.cells[0] = param->cells;
    EXPECT_STREQ(parse_with(&tree, &config), param->fault);
}

/* --- without an interrupt controller --- */

KTF_TEST(vm_config, a_paravirtual_vm_needs_no_gic)
{
    struct tree tree = tree_default;
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_TRUE(vm_config_has_gic(&config));
    tree.mode = "paravirtual";
    tree.nodes[1].name = NULL;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_FALSE(vm_config_has_gic(&config));
    EXPECT_EQ(config.gic_version, 0); /* the machine's, when that is known */
    EXPECT_EQ(config.gicc.base.ipa, VM_GICC_IPA);
    EXPECT_EQ(config.gicc.bytes, PAGE_SIZE);
    EXPECT_EQ(config.uart_intid, 33);
    memset(tree.nodes[2].interrupt, 0, sizeof(tree.nodes[2].interrupt));
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.uart.base.ipa, 0x09000000);
    EXPECT_EQ(config.uart_intid, 0);
    tree.nodes[2].name = NULL;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.uart.bytes, 0);
}

KTF_TEST(vm_config, the_place_of_its_cpu_interface_is_kept_free)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.mode = "paravirtual";
    tree.nodes[1].name = NULL;
    tree.nodes[2].reg[0] = VM_GICC_IPA;
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: devices overlap, or the pages shared at 0xB000000");
    tree.nodes[2].reg[0] = VM_GICC_IPA + PAGE_SIZE;
    tree.nodes[2].interrupt[1] = 64;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: the UART has no SPI that the GIC has");
    tree.nodes[2].interrupt[1] = 63;
    EXPECT_STREQ(parse_with(&tree, &config), NULL);
}

/* --- CPUs --- */

KTF_TEST(vm_config, affinities_may_be_any_in_any_order)
{
    static const struct tree_cpu cpus[] = {
        {UINT64_C(0x200000100), NULL},
        {0x10000, "okay"},
        {0x100, "disabled"},
        {0x10F, "ok"},
        {0x500, "fail"},
    };
    struct tree tree = tree_default;
    struct vm_config config;

    tree.cpus = cpus;
    tree.nr_cpus = 5;
    tree.nodes[1].reg[3] = 0x60000;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    ASSERT_EQ(config.nr_vcpus, 3);
    EXPECT_EQ(config.mpidr[0], 0x10F);
    EXPECT_EQ(config.mpidr[1], 0x10000);
    EXPECT_EQ(config.mpidr[2], UINT64_C(0x200000100));
    EXPECT_EQ(vm_config_vcpu(&config, 0x10000), 1);
    EXPECT_EQ(vm_config_vcpu(&config, 0x100), 3);
}

static const char *with_cpus(uint64_t first, uint64_t second, uint32_t gic_version)
{
    const struct tree_cpu cpus[] = {{first, NULL}, {second, NULL}};
    struct tree tree = tree_default;
    struct vm_config config;

    tree.cpus = cpus;
    if (gic_version == 2)
        tree.nodes[1] = (struct tree_node){.name = "intc@8000000",
                                           .compatible = "arm,gic-400",
                                           .reg = {0x08000000, 0x1000, 0x08010000, 0x1000},
                                           .nr_regs = 2};
    return parse_with(&tree, &config);
}

KTF_TEST(vm_config, what_is_no_affinity_is_refused)
{
    static const char not_affinity[] =
        "vm.dtb: a CPU's reg is not the affinity fields of an MPIDR_EL1";

    EXPECT_STREQ(with_cpus(0, 0x80000001, 3), not_affinity);
    EXPECT_STREQ(with_cpus(0, UINT64_C(1) << 40, 3), not_affinity);
    EXPECT_STREQ(with_cpus(0x100, 0x100, 3), "vm.dtb: two CPUs have the same reg");
    EXPECT_STREQ(with_cpus(0, 0x10, 3),
                 "vm.dtb: the lowest byte of a CPU's reg is above 15, where a GICv3's SGIs end");
    EXPECT_STREQ(with_cpus(0, 0x10, 2), NULL);
}

KTF_TEST(vm_config, redistributors_may_be_in_two_regions)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[1] =
        (struct tree_node){.name = "intc@8000000",
                           .compatible = "arm,gic-v3",
                           .reg = {0x08000000, 0x10000, 0x080A0000, 0x20000, 0x08100000, 0x20000},
                           .nr_regs = 3,
                           .gicr_regions = 2,
                           .gicr_stride = 0x20000};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.gicr[0].bytes, 0x20000);
    EXPECT_EQ(config.gicr[1].base.ipa, 0x08100000);
    tree.nodes[1].gicr_regions = 0; /* the third is something else */
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: the GICv3's registers are missing or too small for its CPUs");
    tree.nodes[1].gicr_regions = 3;
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: the GICv3's #redistributor-regions is not 1 or 2");
}

KTF_TEST(vm_config, an_interrupt_may_name_its_controller)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[1].phandle = 7;
    tree.nodes[2].extended = 7;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.uart_intid, 33);
    tree.nodes[2].extended = 8;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: the UART has no SPI that the GIC has");
}

/* --- what is there and empty --- */

/* What config/vm_node.c goes by. */
KTF_TEST(vm_config, what_the_hypervisors_node_needs_is_read)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[1].phandle = 7;
    tree.nodes[2].extended = 7;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.interrupt_cells, 0); /* nobody says who takes the root's interrupts */
    EXPECT_FALSE(config.has_node);
    tree.interrupt_parent = 8;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.interrupt_cells, 0);
    tree.interrupt_parent = 7;
    tree.nodes[3] = (struct tree_node){.name = "hypervisor", .compatible = "stile,hypervisor"};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.interrupt_cells, 3);
    EXPECT_EQ(config.address_cells, 2);
    EXPECT_EQ(config.size_cells, 2);
    EXPECT_TRUE(config.has_node);
}

KTF_TEST(vm_config, neighbouring_slots_are_one_piece)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nr_slots = 32;
    memcpy(tree.slots, (uint64_t[]){0xA000000, 0x200, 0x200}, sizeof(tree.slots));
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.slots[0].base.ipa, 0xA000000);
    EXPECT_EQ(config.slots[0].bytes, 0x4000);
    EXPECT_EQ(config.slots[1].bytes, 0);
    EXPECT_EQ(config.slot_bytes, 0x200);
    memcpy(tree.slots, (uint64_t[]){0xA003E00, 0x200, -UINT64_C(0x200)}, sizeof(tree.slots));
    ASSERT_STREQ(parse_with(&tree, &config), NULL); /* from the last to the first */
    EXPECT_EQ(config.slots[0].base.ipa, 0xA000000);
    EXPECT_EQ(config.slots[0].bytes, 0x4000);
    memcpy(tree.slots, (uint64_t[]){0xA000000, 0x200, 0x400}, sizeof(tree.slots));
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: the virtio,mmio slots are in more than 4 pieces");
    tree.nr_slots = 4;
    /* What is between two pieces makes all of them one. */
    tree.nodes[3] = (struct tree_node){
        .name = "slot", .compatible = "virtio,mmio", .reg = {0xA000200, 0x200}, .nr_regs = 1};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.slots[2].base.ipa, 0xA000000);
    EXPECT_EQ(config.slots[2].bytes, 0x600);
    EXPECT_EQ(config.slots[3].bytes, 0);
    tree.nodes[3].reg[1] = 0x1000;
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: the virtio,mmio slots are not all of one size");
}

KTF_TEST(vm_config, flash_and_a_clock_are_read)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[3] = (struct tree_node){.name = "flash@0",
                                       .compatible = "cfi-flash",
                                       .reg = {0, 0x4000000, 0x4000000, 0x4000000},
                                       .nr_regs = 2};
    tree.nodes[4] = (struct tree_node){.name = "pl031@9010000",
                                       .compatible = "arm,pl031",
                                       .reg = {0x9010000, 0x1000},
                                       .nr_regs = 1};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.flash[0].base.ipa, 0);
    EXPECT_EQ(config.flash[0].bytes, 0x8000000);
    EXPECT_EQ(config.flash[1].bytes, 0);
    EXPECT_EQ(config.rtc.base.ipa, 0x9010000);
    tree.nodes[5] = tree.nodes[4];
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: more than one PL031");
    tree.nodes[5].name = NULL;
    tree.nodes[3].status = "disabled";
    tree.nodes[4].status = "disabled";
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.flash[0].bytes, 0);
    EXPECT_EQ(config.rtc.bytes, 0);
}

/* --- places --- */

KTF_TEST(vm_config, a_tree_may_say_where_its_kernel_goes)
{
    struct tree tree = tree_default;
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.kernel_address, VM_ANYWHERE);
    EXPECT_EQ(config.kernel_entry, VM_ANYWHERE);
    EXPECT_EQ(config.dtb_address, VM_ANYWHERE);
    tree.numbers[0] = (struct tree_number){"stile,kernel-address", 0x40080000};
    tree.numbers[1] = (struct tree_number){"stile,dtb-address", 0x40000000};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.kernel_address, 0x40080000);
    EXPECT_EQ(config.kernel_bytes, 0);
    EXPECT_EQ(config.kernel_entry, 0x40080000);
    EXPECT_EQ(config.dtb_address, 0x40000000);
    tree.numbers[2] = (struct tree_number){"stile,kernel-entry", 0x40081000};
    tree.numbers[3] = (struct tree_number){"stile,kernel-bytes", 0x3000};
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.kernel_entry, 0x40081000);
    EXPECT_EQ(config.kernel_bytes, 0x3000);
    tree.numbers[1].value = 0x40000004;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: stile,dtb-address is not a multiple of 8");
    tree.numbers[1].value = 0x40000000;
    tree.numbers[2].value = 0x40081002;
    EXPECT_STREQ(
        parse_with(&tree, &config),
        "vm.dtb: the kernel's stile,kernel-address or -entry is not in memory, or not aligned");
    tree.numbers[0].name = NULL;
    EXPECT_STREQ(parse_with(&tree, &config),
                 "vm.dtb: stile,kernel-bytes and -entry need a stile,kernel-address");
}

KTF_TEST(vm_config, memory_may_be_of_a_few_pages)
{
    struct tree tree = tree_default;
    struct vm_config config;
    const uint64_t reg[] = {0x40001000, 0x1000, 0x40003000, 0x1FF000,
                            0x50000000, 0,      0x60000000, 0x4100000};

    memcpy(tree.nodes[0].reg, reg, sizeof(reg));
    tree.nodes[0].nr_regs = 4;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    ASSERT_EQ(config.nr_memory, 3);
    EXPECT_EQ(config.memory[0].bytes, 0x1000);
    EXPECT_EQ(config.memory[1].base.ipa, 0x40003000);
    EXPECT_EQ(config.memory[2].bytes, 0x4100000);
}

KTF_TEST(vm_config, too_many_ranges_of_memory_are_refused)
{
    struct tree tree = tree_default;
    struct vm_config config;

    tree.nodes[3] = (struct tree_node){.name = "memory@1", .nr_regs = 4};
    for (unsigned i = 0; i < 4; i++) {
        tree.nodes[3].reg[2 * i] = 0x80000000 + i * 0x200000;
        tree.nodes[3].reg[2 * i + 1] = 0x200000;
    }
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: /memory has more than 4 ranges");
}

KTF_TEST(vm_config, its_share_of_the_machine_is_read)
{
    struct tree tree = tree_default;
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.weight, VM_WEIGHT_DEFAULT);
    EXPECT_EQ(config.affinity, UINT64_MAX);
    tree.has_sharing = 1;
    tree.weight = VM_WEIGHT_MAX;
    tree.affinity = 6;
    tree.affinity_bytes = 8;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.weight, VM_WEIGHT_MAX);
    EXPECT_EQ(config.affinity, 6);
    tree.weight++;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: stile,weight is not 1 to 10000");
    tree.weight = 0;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: stile,weight is not 1 to 10000");
    tree.weight = 1;
    tree.affinity_bytes = 3;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: stile,affinity is not a number");
}

KTF_TEST(vm_config, a_share_of_the_hypervisors_memory_is_read)
{
    struct tree tree = tree_default;
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.hv_memory_kib, 0);
    tree.hv_memory_kib = VM_HV_MEMORY_KIB_MAX;
    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.hv_memory_kib, VM_HV_MEMORY_KIB_MAX);
    tree.hv_memory_kib++;
    EXPECT_STREQ(parse_with(&tree, &config), "vm.dtb: stile,hv-memory-kib is not 1 to 1048576");
}

KTF_TEST(vm_config, a_vector_length_is_read)
{
    static const char refusal[] = "vm.dtb: stile,sve is not a multiple of 128 from 0 to 2048";
    struct tree tree = tree_default;
    struct vm_config config;

    ASSERT_STREQ(parse_with(&tree, &config), NULL);
    EXPECT_EQ(config.sve_bits, VM_SVE_BITS_MAX);
    tree.has_sve = 1;
    for (tree.sve_bits = 0; tree.sve_bits <= VM_SVE_BITS_MAX; tree.sve_bits += 128) {
        ASSERT_STREQ(parse_with(&tree, &config), NULL);
        EXPECT_EQ(config.sve_bits, tree.sve_bits);
    }
    EXPECT_STREQ(parse_with(&tree, &config), refusal);
    tree.sve_bits = 64;
    EXPECT_STREQ(parse_with(&tree, &config), refusal);
    tree.sve_bits = UINT32_MAX;
    EXPECT_STREQ(parse_with(&tree, &config), refusal);
}

KTF_TEST(vm_config, what_is_no_tree_is_refused)
{
    struct vm_config config;

    memset(buffer, 0, sizeof(buffer));
    EXPECT_STREQ(parse_first(1024, &config), "vm.dtb: not a flattened device tree");
    EXPECT_STREQ(parse_first(1, &config), "vm.dtb: cut short");
    EXPECT_STREQ(vm_tree_parse(buffer, VM_DTB_MAX + 1, &config), "vm.dtb: larger than 64 KiB");
}

KTF_TEST(vm_config, without_memory_of_its_own_the_hypervisor_refuses)
{
    struct vm_config config;
    size_t bytes = tree_make(buffer, &tree_default);
    void *first = NULL;

    while (page_nr_free() > 0) {
        void **page = page_alloc(PAGE_OWNER_HV, 0);

        *page = first;
        first = page;
    }
    EXPECT_STREQ(parse_first(bytes, &config), "vm.dtb: the hypervisor has no memory to read it");
    while (first) {
        void *next = *(void **)first;

        page_free(first, 0);
        first = next;
    }
}

/* --- cut and bent everywhere ---------------------------------------------------------------- */

KTF_TEST(vm_config, it_may_be_cut_anywhere)
{
    struct vm_config config;
    size_t whole = tree_make(buffer, &tree_default);

    for (size_t bytes = 0; bytes < whole; bytes++)
        ASSERT_STREQ(parse_first(bytes, &config), "vm.dtb: cut short");
    EXPECT_STREQ(parse_first(whole, &config), NULL);
}

/* Whatever was accepted keeps what vm_config.h and the rest of the hypervisor count on. */
static void expect_sane(const struct vm_config *config)
{
    EXPECT_GE(config->nr_vcpus, 1);
    EXPECT_LE(config->nr_vcpus, CONFIG_NR_VCPUS);
    EXPECT_GE(config->nr_memory, 1);
    EXPECT_LE(config->nr_memory, STILE_VM_NR_REGIONS);
    for (uint32_t i = 0; i < config->nr_memory; i++) {
        EXPECT_GT(config->memory[i].bytes, 0);
        EXPECT_LE(config->memory[i].bytes, STAGE2_IPA_END);
        EXPECT_LE(config->memory[i].base.ipa + config->memory[i].bytes, STAGE2_IPA_END);
        EXPECT_TRUE(is_aligned(config->memory[i].base.ipa | config->memory[i].bytes, PAGE_SIZE));
    }
    for (uint32_t i = 0; i < config->nr_vcpus; i++) {
        EXPECT_EQ(config->mpidr[i] & ~MPIDR_AFFINITY, 0);
        EXPECT_TRUE(i == 0 || config->mpidr[i - 1] < config->mpidr[i]);
    }
    for (uint32_t i = 0; i < VM_NR_SLOTS; i++) {
        EXPECT_LE(config->slots[i].bytes, UINT32_MAX);
        EXPECT_TRUE(config->slots[i].bytes == 0 || config->slot_bytes != 0);
        EXPECT_TRUE(is_aligned(config->slots[i].base.ipa | config->slots[i].bytes, 8));
    }
    EXPECT_LE(config->flash[0].bytes, UINT32_MAX);
    EXPECT_LE(config->rtc.bytes, UINT32_MAX);
    EXPECT_TRUE(config->kernel_entry == VM_ANYWHERE ||
                vm_config_is_entry(config, config->kernel_entry));
    EXPECT_TRUE(config->gic_version == 2 || config->gic_version == 3);
    EXPECT_TRUE(config->uart.bytes == 0 ||
                (config->uart_intid >= 32 && config->uart_intid < VGIC_NR_INTIDS));
}

/* A tree of everything that is read. */
static struct tree rich_tree(void)
{
    static const struct tree_cpu cpus[] = {{0x100, NULL}, {3, "okay"}, {0, "fail"}};
    struct tree tree = tree_default;

    tree.cpus = cpus;
    tree.nr_cpus = 3;
    tree.nr_slots = 3;
    memcpy(tree.slots, (uint64_t[]){0xA000000, 0x200, 0x200}, sizeof(tree.slots));
    tree.nodes[3] = (struct tree_node){
        .name = "flash", .compatible = "cfi-flash", .reg = {0, 0x4000000}, .nr_regs = 1};
    tree.nodes[4] = (struct tree_node){
        .name = "rtc", .compatible = "arm,pl031", .reg = {0x9010000, 0x1000}, .nr_regs = 1};
    tree.numbers[0] = (struct tree_number){"stile,kernel-address", 0x40080000};
    tree.numbers[1] = (struct tree_number){"stile,dtb-address", 0x40000000};
    tree.numbers[2] = (struct tree_number){"stile,kernel-entry", 0x40081000};
    tree.numbers[3] = (struct tree_number){"stile,kernel-bytes", 0x3000};
    return tree;
}

KTF_TEST(vm_config, every_bit_may_be_wrong)
{
    const struct tree rich = rich_tree();
    struct vm_config config;
    size_t bytes = tree_make(buffer, &rich);
    unsigned char *tree = (unsigned char *)buffer;

    ASSERT_STREQ(parse_first(bytes, &config), NULL);
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
        if (!parse_first(bytes, &config))
            expect_sane(&config);
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
    }
}

KTF_TEST(vm_config, many_bytes_may_be_wrong)
{
    const struct tree rich = rich_tree();
    struct vm_config config;
    unsigned char *tree = (unsigned char *)buffer;

    for (unsigned i = 0; i < 20000; i++) {
        size_t bytes = tree_make(buffer, &rich);

        for (unsigned j = 0; j < 1 + i % 4; j++)
            tree[fake_random() % bytes] = (unsigned char)fake_random();
        if (!parse_first(bytes, &config))
            expect_sane(&config);
    }
}
