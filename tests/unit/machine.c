/* SPDX-License-Identifier: MIT */
/*
 * config/machine_tree.c: the trees of machines, and those of which the hypervisor can make nothing.
 */
#include "fakes/tree.h"

#include "config/dt.c"
#include "config/machine_tree.c"
#include "dev/intid.c"
#include "dev/machine.c"
#include "dev/ranges.c"

#include "ktf.h"

KTF_SUITE(machine);

static uint64_t buffer[TREE_BYTES / 8];

/** What a test's tree has besides the two CPUs. */
struct spec {
    struct tree_node nodes[8];
    const char *psci;
    const char *stdout_path;
    const char *bootargs;
    uint64_t initrd[2];
    struct tree_node reserved[2];
    uint64_t memreserve[2];
    uint32_t seed_bytes;
    unsigned nr_cpus;
    const char *firmware_psci; /* the method of /firmware/psci */
    void (*add)(void);         /* adds what else there is to the root */
};

static const struct spec spec_v3 = {
    .nodes =
        {
            {.name = "memory@40000000", .reg = {0x40000000, 0x10000000}, .nr_regs = 1},
            {.name = "intc@8000000",
             .compatible = "arm,gic-v3",
             .reg = {0x08000000, 0x10000, 0x080A0000, 0xF60000},
             .nr_regs = 2},
            {.name = "pl011@9000000",
             .compatible = "arm,pl011",
             .reg = {0x09000000, 0x1000},
             .nr_regs = 1,
             .interrupt = {0, 1, 4}},
        },
    .psci = "smc",
    .nr_cpus = 2,
};

/* What a seed has in it, byte for byte. */
static const char seed[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123";

static void make_chosen(const struct spec *spec)
{
    fdt_begin_node(buffer, "chosen");
    if (spec->stdout_path)
        tree_add_string(buffer, "stdout-path", spec->stdout_path);
    if (spec->bootargs)
        tree_add_string(buffer, "bootargs", spec->bootargs);
    if (spec->seed_bytes > 0)
        fdt_property(buffer, "rng-seed", seed, (int)spec->seed_bytes);
    if (spec->initrd[1]) {
        fdt_property_u32(buffer, "linux,initrd-start", (uint32_t)spec->initrd[0]);
        fdt_property_u64(buffer, "linux,initrd-end", spec->initrd[1]);
    }
    fdt_end_node(buffer);
}

static void make_reserved(const struct spec *spec)
{
    fdt_begin_node(buffer, "reserved-memory");
    fdt_property_u32(buffer, "#address-cells", 2);
    fdt_property_u32(buffer, "#size-cells", 2);
    for (unsigned i = 0; i < 2; i++) {
        if (spec->reserved[i].name)
            tree_add_node(buffer, &spec->reserved[i]);
    }
    fdt_end_node(buffer);
}

static const char *parse_fault(const struct spec *spec)
{
    fdt_create(buffer, TREE_BYTES);
    if (spec->memreserve[1])
        fdt_add_reservemap_entry(buffer, spec->memreserve[0], spec->memreserve[1]);
    fdt_finish_reservemap(buffer);
    fdt_begin_node(buffer, "");
    fdt_property_u32(buffer, "#address-cells", 2);
    fdt_property_u32(buffer, "#size-cells", 2);
    make_chosen(spec);
    if (spec->psci) {
        fdt_begin_node(buffer, "psci");
        tree_add_string(buffer, "method", spec->psci);
        fdt_end_node(buffer);
    }
    if (spec->firmware_psci) {
        fdt_begin_node(buffer, "firmware");
        fdt_begin_node(buffer, "psci");
        tree_add_string(buffer, "method", spec->firmware_psci);
        fdt_end_node(buffer);
        fdt_end_node(buffer);
    }
    if (spec->add)
        spec->add();
    tree_add_cpus(buffer, spec->nr_cpus, 0, NULL);
    make_reserved(spec);
    for (unsigned i = 0; i < 8; i++) {
        if (spec->nodes[i].name)
            tree_add_node(buffer, &spec->nodes[i]);
    }
    fdt_begin_node(buffer, "aliases");
    tree_add_string(buffer, "serial0", "/pl011@9040000");
    fdt_end_node(buffer);
    fdt_end_node(buffer);
    fdt_finish(buffer);
    fake_sysreg_write("mpidr_el1", 0x80000000);
    ppi = (struct ppi){25, 26, 27, 30, 23};
    return machine_tree_parse(buffer, pa_make(0x40200000));
}

static void parse(const struct spec *spec)
{
    ASSERT_STREQ(parse_fault(spec), NULL);
}

KTF_TEST(machine, a_machine_with_a_gicv3)
{
    struct spec spec = spec_v3;

    spec.initrd[0] = 0x48000000;
    spec.initrd[1] = 0x48012345;
    spec.bootargs = "one two";
    parse(&spec);
    EXPECT_EQ(machine.nr_cpus, 2);
    EXPECT_EQ(machine.cpu_mpidr[0], 0);
    EXPECT_EQ(machine.cpu_mpidr[1], 1);
    ASSERT_EQ(machine.memory.nr, 1);
    EXPECT_EQ(machine.memory.at[0].base.pa, 0x40000000);
    EXPECT_EQ(machine.memory.at[0].bytes, 0x10000000);
    EXPECT_EQ(machine.gic_version, 3);
    EXPECT_EQ(machine.gicd.base.pa, 0x08000000);
    EXPECT_EQ(machine.gicr[0].base.pa, 0x080A0000);
    EXPECT_EQ(machine.gicr[0].bytes, 0xF60000);
    EXPECT_EQ(machine.uart.base.pa, 0x09000000);
    EXPECT_EQ(machine.uart_intid, 33);
    EXPECT_TRUE(machine.has_psci);
    EXPECT_EQ(machine.bundle.base.pa, 0x48000000);
    EXPECT_EQ(machine.bundle.bytes, 0x12345);
    EXPECT_STREQ(machine.bootargs, "one two");
    EXPECT_EQ(machine.image.base.pa, 0x40200000);
    EXPECT_EQ(machine.image.bytes, 0x60000);
    EXPECT_EQ(machine.dtb.bytes, fdt_totalsize(buffer));
    EXPECT_EQ(machine.reserved.nr, 0);
}

KTF_TEST(machine, a_machine_with_a_gicv2)
{
    struct spec spec = spec_v3;

    spec.nodes[1] = (struct tree_node){
        .name = "intc@8000000",
        .compatible = "arm,cortex-a15-gic",
        .reg = {0x08000000, 0x10000, 0x08010000, 0x10000, 0x08030000, 0x10000, 0x08040000, 0x10000},
        .nr_regs = 4};
    parse(&spec);
    EXPECT_EQ(machine.gic_version, 2);
    EXPECT_EQ(machine.gicc.base.pa, 0x08010000);
    EXPECT_EQ(machine.gich.base.pa, 0x08030000);
    EXPECT_EQ(machine.gicv.base.pa, 0x08040000);
    EXPECT_EQ(machine.nr_gicr, 0);
}

KTF_TEST(machine, reserved_memory_is_respected)
{
    struct spec spec = spec_v3;

    spec.reserved[0] = (struct tree_node){
        .name = "firmware@0", .reg = {0x44000000, 0x1000, 0x45000000, 0x2000}, .nr_regs = 2};
    spec.reserved[1] = (struct tree_node){.name = "dynamic"};
    spec.memreserve[0] = 0x46000000;
    spec.memreserve[1] = 0x3000;
    parse(&spec);
    ASSERT_EQ(machine.reserved.nr, 3);
    EXPECT_EQ(machine.reserved.at[1].base.pa, 0x45000000);
    EXPECT_EQ(machine.reserved.at[2].base.pa, 0x46000000);
    EXPECT_EQ(machine.reserved.at[2].bytes, 0x3000);
}

KTF_TEST(machine, the_cpu_that_booted_is_the_first)
{
    struct spec spec = spec_v3;

    spec.nr_cpus = 8;
    parse(&spec);
    EXPECT_EQ(machine.nr_cpus, CONFIG_NR_PCPUS);
    fake_sysreg_write("mpidr_el1", 0x80000007);
    ASSERT_STREQ(machine_tree_parse(buffer, pa_make(0x40200000)), NULL);
    EXPECT_EQ(machine.nr_cpus, CONFIG_NR_PCPUS);
    EXPECT_EQ(machine.cpu_mpidr[0], 7);
    EXPECT_EQ(machine.cpu_mpidr[1], 0);
}

KTF_TEST(machine, a_clock_is_found_if_there_is_one)
{
    struct spec spec = spec_v3;

    parse(&spec);
    EXPECT_EQ(machine.rtc.bytes, 0);
    spec.nodes[3] = (struct tree_node){.name = "pl031@9010000",
                                       .compatible = "arm,pl031",
                                       .reg = {0x09010000, 0x1000},
                                       .nr_regs = 1};
    parse(&spec);
    EXPECT_EQ(machine.rtc.base.pa, 0x09010000);
    EXPECT_EQ(machine.rtc.bytes, 0x1000);
}

KTF_TEST(machine, psci_by_hvc_is_not_for_us)
{
    struct spec spec = spec_v3;

    spec.psci = "hvc";
    parse(&spec);
    EXPECT_FALSE(machine.has_psci);
}

KTF_TEST(machine, stdout_path_chooses_among_consoles)
{
    static const char *const second[] = {"/pl011@9040000", "/pl011@9040000:115200n8", "serial0",
                                         "serial0:115200"};
    static const char *const first[] = {"/pl011@9000000", "/nothing", "", "serial9", NULL};
    struct spec spec = spec_v3;

    spec.nodes[3] = (struct tree_node){.name = "pl011@9040000",
                                       .compatible = "arm,pl011",
                                       .reg = {0x09040000, 0x1000},
                                       .nr_regs = 1,
                                       .interrupt = {0, 8, 4}};
    for (unsigned i = 0; i < 4; i++) {
        spec.stdout_path = second[i];
        parse(&spec);
        EXPECT_EQ(machine.uart.base.pa, 0x09040000);
        EXPECT_EQ(machine.uart_intid, 40);
    }
    for (unsigned i = 0; i < 5; i++) {
        spec.stdout_path = first[i];
        parse(&spec);
        EXPECT_EQ(machine.uart.base.pa, 0x09000000);
    }
    spec.nodes[2].status = "disabled";
    parse(&spec);
    EXPECT_EQ(machine.uart.base.pa, 0x09040000);
}

KTF_TEST(machine, a_command_line_may_be_long)
{
    static char args[4000];
    struct spec spec = spec_v3;

    memset(args, 'a', sizeof(args) - 1);
    strcpy(args + sizeof(args) - 20, " stile.semihosting");
    spec.bootargs = args;
    parse(&spec);
    EXPECT_STREQ(machine.bootargs, args);
    EXPECT_TRUE(machine_option("stile.semihosting"));
}

KTF_TEST(machine, words_of_the_command_line_are_options)
{
    struct spec spec = spec_v3;

    spec.bootargs = "stile.semihostings one.two  stile.semihosting";
    parse(&spec);
    EXPECT_TRUE(machine_option("stile.semihosting"));
    EXPECT_TRUE(machine_option("stile.semihostings"));
    EXPECT_TRUE(machine_option("one.two"));
    EXPECT_FALSE(machine_option("one"));
    EXPECT_FALSE(machine_option("two"));
    spec.bootargs = "";
    parse(&spec);
    EXPECT_FALSE(machine_option("stile.semihosting"));
}

KTF_TEST(machine, memory_is_merged_and_what_is_not_in_use_left_out)
{
    struct spec spec = spec_v3;

    spec.nodes[0] = (struct tree_node){
        .name = "memory@48000000", .reg = {0x48000000, 0x8000000, 0, 0}, .nr_regs = 2};
    spec.nodes[3] = (struct tree_node){
        .name = "memory@40000000",
        .reg = {0x40000000, 0x4000000, 0x42000000, 0x6000000, 0x60000000, 0x1000},
        .nr_regs = 3};
    spec.nodes[4] = (struct tree_node){
        .name = "memory@80000000", .status = "disabled", .reg = {0x80000000, 0x1000}, .nr_regs = 1};
    spec.nodes[5] =
        (struct tree_node){.name = "memory@48000001", .reg = {0x48000000, 0x8000000}, .nr_regs = 1};
    parse(&spec);
    ASSERT_EQ(machine.memory.nr, 2);
    EXPECT_EQ(machine.memory.at[0].base.pa, 0x40000000);
    EXPECT_EQ(machine.memory.at[0].bytes, 0x10000000);
    EXPECT_EQ(machine.memory.at[1].base.pa, 0x60000000);
}

/* A tree of its own, with @nr nodes beside those that are needed. */
static const char *parse_many(unsigned nr, const char *name, uint64_t base, const char *under)
{
    static uint64_t large[8 * TREE_BYTES / 8];
    struct tree_node node = {.name = name, .reg = {base, 0x1000}, .nr_regs = 1};

    fdt_create(large, sizeof(large));
    fdt_finish_reservemap(large);
    fdt_begin_node(large, "");
    fdt_property_u32(large, "#address-cells", 2);
    fdt_property_u32(large, "#size-cells", 2);
    for (unsigned i = 0; i < 3; i++)
        tree_add_node(large, &spec_v3.nodes[i]);
    if (under) {
        fdt_begin_node(large, under);
        fdt_property_u32(large, "#address-cells", 2);
        fdt_property_u32(large, "#size-cells", 2);
    }
    for (unsigned i = 0; i < nr; i++) {
        tree_add_node(large, &node);
        node.reg[0] += 0x10000;
    }
    if (under)
        fdt_end_node(large);
    fdt_end_node(large);
    fdt_finish(large);
    return machine_tree_parse(large, pa_make(0x40200000));
}

KTF_TEST(machine, there_may_be_many_ranges)
{
    EXPECT_STREQ(parse_many(254, "memory", 0x100000000, NULL), NULL);
    EXPECT_EQ(machine.memory.nr, 255);
    EXPECT_STREQ(parse_many(255, "memory", 0x100000000, NULL),
                 "device tree: more than 255 ranges of memory");
    EXPECT_STREQ(parse_many(255, "r", 0x40000000, "reserved-memory"), NULL);
    EXPECT_EQ(machine.reserved.nr, 255);
    EXPECT_STREQ(parse_many(256, "r", 0x40000000, "reserved-memory"),
                 "device tree: more than 255 reserved ranges");
}

KTF_TEST(machine, psci_may_be_firmware_s)
{
    struct spec spec = spec_v3;

    spec.psci = NULL;
    spec.firmware_psci = "smc";
    parse(&spec);
    EXPECT_TRUE(machine.has_psci);
    spec.firmware_psci = "hvc";
    parse(&spec);
    EXPECT_FALSE(machine.has_psci);
}

static void add_timer(void)
{
    static const uint32_t ppis[] = {1, 1, 4, 1, 2, 4, 1, 3, 4, 1, 4, 4};
    fdt32_t cells[12];

    for (unsigned i = 0; i < 12; i++)
        cells[i] = cpu_to_fdt32(ppis[i]);
    fdt_begin_node(buffer, "timer");
    tree_add_string(buffer, "compatible", "arm,armv8-timer");
    fdt_property(buffer, "interrupts", cells, sizeof(cells));
}

static void add_timer_by_place(void)
{
    add_timer();
    fdt_end_node(buffer);
}

static uint32_t pmu_interrupt_type;

static void add_pmu(void)
{
    const fdt32_t cells[] = {cpu_to_fdt32(pmu_interrupt_type), cpu_to_fdt32(5), cpu_to_fdt32(4)};

    fdt_begin_node(buffer, "pmu");
    tree_add_string(buffer, "compatible", "arm,armv8-pmuv3");
    fdt_property(buffer, "interrupts", cells, sizeof(cells));
    fdt_end_node(buffer);
}

static void add_timer_by_name(void)
{
    add_timer();
    fdt_property(buffer, "interrupt-names", "virt\0hyp-phys\0sec-phys\0phys", 28);
    fdt_end_node(buffer);
}

KTF_TEST(machine, its_ppis_are_the_tree_s)
{
    struct spec spec = spec_v3;

    parse(&spec); /* which has no timer, and no interrupt of the GIC's */
    EXPECT_EQ(ppi.maintenance, 25);
    EXPECT_EQ(ppi.hyp_timer, 26);
    EXPECT_EQ(ppi.virt_timer, 27);
    EXPECT_EQ(ppi.phys_timer, 30);
    EXPECT_EQ(ppi.pmu, 23);
    spec.nodes[1].interrupt[0] = 1;
    spec.nodes[1].interrupt[1] = 8;
    spec.add = add_timer_by_place;
    parse(&spec);
    EXPECT_EQ(ppi.maintenance, 24);
    EXPECT_EQ(ppi.phys_timer, 18);
    EXPECT_EQ(ppi.virt_timer, 19);
    EXPECT_EQ(ppi.hyp_timer, 20);
    spec.add = add_timer_by_name;
    parse(&spec);
    EXPECT_EQ(ppi.virt_timer, 17);
    EXPECT_EQ(ppi.hyp_timer, 18);
    EXPECT_EQ(ppi.phys_timer, 20);
}

static void add_smmus(void)
{
    const fdt32_t interrupts[] = {cpu_to_fdt32(0), cpu_to_fdt32(74), cpu_to_fdt32(1),
                                  cpu_to_fdt32(0), cpu_to_fdt32(77), cpu_to_fdt32(1)};

    for (uint32_t i = 0; i < 2; i++) {
        const fdt64_t reg[] = {cpu_to_fdt64(0x09050000 + i * 0x20000), cpu_to_fdt64(0x20000)};

        fdt_begin_node(buffer, i == 0 ? "iommu@9050000" : "iommu@9070000");
        tree_add_string(buffer, "compatible", "arm,smmu-v3");
        fdt_property(buffer, "reg", reg, sizeof(reg));
        fdt_property(buffer, "interrupts", interrupts, sizeof(interrupts));
        fdt_property(buffer, "interrupt-names", "gerror\0eventq", sizeof("gerror\0eventq"));
        fdt_property_u32(buffer, "phandle", 3 + i);
        fdt_end_node(buffer);
    }
}

KTF_TEST(machine, the_first_smmu_is_taken)
{
    struct spec spec = spec_v3;

    ASSERT_STREQ(parse_fault(&spec), NULL);
    EXPECT_EQ(machine.smmu.bytes, 0);
    spec.add = add_smmus;
    ASSERT_STREQ(parse_fault(&spec), NULL);
    EXPECT_EQ(machine.smmu.base.pa, 0x09050000);
    EXPECT_EQ(machine.smmu.bytes, 0x20000);
    EXPECT_EQ(machine.smmu_phandle, 3);
    EXPECT_EQ(machine.smmu_error_intid, 32 + 74);
    EXPECT_EQ(machine.smmu_event_intid, 32 + 77);
    EXPECT_TRUE(machine.smmu_edge);
}

KTF_TEST(machine, the_monitors_interrupt_is_a_ppi)
{
    struct spec spec = spec_v3;

    spec.add = add_pmu;
    pmu_interrupt_type = 0; /* an SPI, for one CPU of several */
    parse(&spec);
    EXPECT_EQ(ppi.pmu, 23);
    pmu_interrupt_type = 1;
    parse(&spec);
    EXPECT_EQ(ppi.pmu, 21);
}

static uint64_t stride;

static void add_gic_of_three_regions(void)
{
    static const uint64_t reg[] = {0x8000000, 0x10000, 0x8100000, 0x20000,
                                   0x8200000, 0x40000, 0x8300000, 0x20000};
    fdt64_t cells[8];

    for (unsigned i = 0; i < 8; i++)
        cells[i] = cpu_to_fdt64(reg[i]);
    fdt_begin_node(buffer, "gic");
    tree_add_string(buffer, "compatible", "arm,gic-v3");
    fdt_property(buffer, "reg", cells, sizeof(cells));
    fdt_property_u32(buffer, "#redistributor-regions", 3);
    fdt_property_u64(buffer, "redistributor-stride", stride);
    fdt_end_node(buffer);
}

KTF_TEST(machine, redistributors_may_be_in_several_regions)
{
    struct spec spec = spec_v3;

    spec.nodes[1].name = NULL;
    spec.add = add_gic_of_three_regions;
    stride = 0x8000;
    EXPECT_STREQ(parse_fault(&spec),
                 "device tree: redistributor-stride is not in frames of 64 KiB");
    stride = 0x40000;
    parse(&spec);
    ASSERT_EQ(machine.nr_gicr, 3);
    EXPECT_EQ(machine.gicr[1].base.pa, 0x8200000);
    EXPECT_EQ(machine.gicr[1].bytes, 0x40000);
    EXPECT_EQ(machine.gicr[2].base.pa, 0x8300000);
    EXPECT_EQ(machine.gicr_stride, 0x40000);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void expect_refused(unsigned node, struct tree_node to, const char *message)
{
    struct spec spec = spec_v3;

    spec.nodes[node] = to;
    EXPECT_STREQ(parse_fault(&spec), message);
}

KTF_TEST(machine, what_is_essential_must_be_there)
{
    struct tree_node none = {.name = NULL};

    expect_refused(0, none, "device tree: no /memory");
    expect_refused(1, none, "device tree: no GICv2 or GICv3");
    expect_refused(2, none, "device tree: no arm,pl011 for a console");
    expect_refused(2, (struct tree_node){.name = "uart", .compatible = "arm,pl011"},
                   "device tree: the console's arm,pl011 has no reg");
    expect_refused(1, (struct tree_node){.name = "gic", .compatible = "arm,gic-v3"},
                   "device tree: the GIC has no distributor");
    expect_refused(
        1,
        (struct tree_node){
            .name = "gic", .compatible = "arm,gic-v3", .reg = {0x8000000, 0x10000}, .nr_regs = 1},
        "device tree: the GICv3 has no redistributors");
    expect_refused(
        0,
        (struct tree_node){
            .name = "memory", .status = "fail", .reg = {0x40000000, 0x10000000}, .nr_regs = 1},
        "device tree: no /memory");
    expect_refused(1,
                   (struct tree_node){.name = "gic",
                                      .compatible = "arm,gic-400",
                                      .reg = {0x8000000, 0x1000, 0x8010000, 0x1000},
                                      .nr_regs = 2},
                   "device tree: the GICv2 has no virtual interface");
}

KTF_TEST(machine, what_is_no_tree_is_refused)
{
    const char *fault = "device tree: there is none where x0 says";

    memset(buffer, 0, sizeof(buffer));
    EXPECT_STREQ(machine_tree_parse(buffer, pa_make(0x40200000)), fault);
    EXPECT_EQ(machine.dtb.bytes, 0);
    EXPECT_FALSE(machine_option("stile.semihosting"));
    EXPECT_STREQ(machine_tree_parse(NULL, pa_make(0x40200000)), fault);
}

KTF_TEST(machine, the_seed_is_taken_out_of_the_tree)
{
    static const uint32_t lengths[] = {8, 32, 64, 68};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct spec spec = spec_v3;
        uint32_t taken = lengths[i] < 64 ? lengths[i] : 64;
        spec.seed_bytes = lengths[i];
        parse(&spec);
        EXPECT_EQ(machine.rng_seed_bytes, taken);
        EXPECT_MEMEQ(machine.rng_seed, seed, taken);
        int bytes;
        const char *left =
            fdt_getprop(buffer, fdt_path_offset(buffer, "/chosen"), "rng-seed", &bytes);
        ASSERT_EQ(bytes, lengths[i]);
        for (int b = 0; b < bytes; b++)
            EXPECT_EQ(left[b], 0);
    }
    parse(&spec_v3);
    EXPECT_EQ(machine.rng_seed_bytes, 0);
}
