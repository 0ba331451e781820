/* SPDX-License-Identifier: MIT */
/*
 * Reading the device tree the firmware gave us.
 */
#include "config/machine_tree.h"

#include <string.h>

#include <libfdt.h>

#include "arch/cpu.h"
#include "arch/image.h"
#include "arch/mpidr.h"
#include "config/dt.h"
#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/machine.h"

#define NR_UARTS 4

#define GICR_FRAME_BYTES UINT64_C(0x10000) /* IHI 0069, 12.8: a redistributor is made of those */

/** A PL011 of the tree. */
struct uart {
    int offset; /* its node's */
    struct pa_range registers;
    struct dt_interrupts interrupts;
};

/** What is kept while the tree is walked. */
struct parse {
    const void *dtb;
    const char *fault; /* the first */
    struct dt_prop stdout_path;
    uint32_t nr_uarts;
    struct uart uarts[NR_UARTS];
    struct dt_gic gic;
    struct dt_interrupts maintenance;
    struct dt_interrupts monitors;
    struct dt_interrupts timers;
    uint32_t phys_timer; /* which of those the timers are */
    uint32_t virt_timer;
    uint32_t hyp_timer;
    struct dt_interrupts smmu;
    uint32_t smmu_event; /* which of those tell of events and errors */
    uint32_t smmu_error;
};

static void set_fault(struct parse *parse, const char *fault)
{
    if (!parse->fault)
        parse->fault = fault;
}

/* Where a device's registers are. */
static struct pa_range registers_of(const struct dt_node *node, uint32_t index)
{
    struct pa_range range = {pa_make(0), 0};

    return dt_address(node, index, &range.base.pa, &range.bytes) ? range
                                                                 : (struct pa_range){pa_make(0), 0};
}

static void reserve(void *context, uint64_t base, uint64_t bytes)
{
    if (!ranges_add(&machine.reserved, (struct pa_range){pa_make(base), bytes}))
        set_fault(context, "device tree: more than 255 reserved ranges");
}

_Static_assert(RANGES_MAX == 255, "the texts say so");

/* Takes the seed out of the tree: who sees it later could work out what was drawn from it. */
static void take_seed(struct dt_prop seed)
{
    if (!seed.value)
        return;
    machine.rng_seed_bytes =
        seed.bytes < sizeof(machine.rng_seed) ? seed.bytes : sizeof(machine.rng_seed);
    memcpy(machine.rng_seed, seed.value, machine.rng_seed_bytes);
    memset((void *)(uintptr_t)seed.value, 0, seed.bytes);
}

/* --- one function for each kind of node ---------------------------------------------------- */

static void parse_chosen(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop args = dt_prop(node, DT_BOOTARGS);
    uint64_t start;
    uint64_t end;

    parse->stdout_path = dt_prop(node, DT_STDOUT_PATH);
    take_seed(dt_prop(node, DT_RNG_SEED));
    if (args.value && memchr(args.value, '\0', args.bytes))
        machine.bootargs = args.value;
    if (dt_number(dt_prop(node, DT_INITRD_START), &start) &&
        dt_number(dt_prop(node, DT_INITRD_END), &end) && end > start)
        machine.bundle = (struct pa_range){pa_make(start), end - start};
}

static void parse_memory(struct parse *parse, const struct dt_node *node)
{
    struct pa_range range;

    if (!dt_is_okay(node))
        return;
    for (uint32_t i = 0; dt_reg(node, i, &range.base.pa, &range.bytes); i++)
        if (!ranges_add(&machine.memory, range))
            set_fault(parse, "device tree: more than 255 ranges of memory");
}

/* The CPU that booted is the first whatever the tree's order; those beyond the limit stay off. */
static void parse_cpu(const struct dt_node *node)
{
    uint64_t mpidr;
    uint64_t unused;

    if (!dt_is_string(dt_prop(node, DT_DEVICE_TYPE), "cpu") || !dt_is_okay(node) ||
        !dt_reg(node, 0, &mpidr, &unused))
        return;
    mpidr &= MPIDR_AFFINITY;
    if (mpidr != machine.cpu_mpidr[0] && machine.nr_cpus < CONFIG_NR_PCPUS)
        machine.cpu_mpidr[machine.nr_cpus++] = mpidr;
}

static void parse_gic(struct parse *parse, const struct dt_node *node)
{
    parse->gic = dt_gic(node);
    parse->maintenance = dt_interrupts(node);
    machine.gicd = registers_of(node, 0);
}

static void parse_gicv2(struct parse *parse, const struct dt_node *node)
{
    machine.gic_version = 2;
    machine.gicc = registers_of(node, 1);
    machine.gich = registers_of(node, 2);
    machine.gicv = registers_of(node, 3);
    parse_gic(parse, node);
}

static void parse_gicv3(struct parse *parse, const struct dt_node *node)
{
    uint64_t nr_regions = 1;

    machine.gic_version = 3;
    (void)dt_number(dt_prop(node, DT_REDISTRIBUTOR_REGIONS), &nr_regions);
    (void)dt_number(dt_prop(node, DT_REDISTRIBUTOR_STRIDE), &machine.gicr_stride);
    if (!is_aligned(machine.gicr_stride, GICR_FRAME_BYTES))
        set_fault(parse, "device tree: redistributor-stride is not in frames of 64 KiB");
    if (nr_regions > MACHINE_NR_GICR)
        set_fault(parse, "device tree: the GICv3 has more than 16 regions of redistributors");
    for (uint32_t i = 0; i < nr_regions && i < MACHINE_NR_GICR; i++) {
        struct pa_range region = registers_of(node, 1 + i);

        if (region.bytes > 0)
            machine.gicr[machine.nr_gicr++] = region;
    }
    parse_gic(parse, node);
}

static void parse_uart(struct parse *parse, const struct dt_node *node)
{
    if (parse->nr_uarts < NR_UARTS)
        parse->uarts[parse->nr_uarts++] =
            (struct uart){node->offset, registers_of(node, 0), dt_interrupts(node)};
}

/* The place in a node's interrupts that has a name, or one that the binding fixes. */
static uint32_t named_or(const struct dt_node *node, const char *name, uint32_t fixed)
{
    int index = -1;

    if (dt_prop(node, DT_INTERRUPT_NAMES).value)
        index = fdt_stringlist_search(node->fdt, node->offset, "interrupt-names", name);
    return index >= 0 ? (uint32_t)index : fixed;
}

/* Linux, Documentation/devicetree/bindings/timer/arm,arch_timer.yaml. */
static void parse_timer(struct parse *parse, const struct dt_node *node)
{
    parse->timers = dt_interrupts(node);
    parse->phys_timer = named_or(node, "phys", 1);
    parse->virt_timer = named_or(node, "virt", 2);
    parse->hyp_timer = named_or(node, "hyp-phys", 3);
}

/* Linux, Documentation/devicetree/bindings/arm/pmu.yaml. */
static void parse_pmu(struct parse *parse, const struct dt_node *node)
{
    parse->monitors = dt_interrupts(node);
}

static void parse_rtc(struct parse *parse, const struct dt_node *node)
{
    (void)parse;
    machine.rtc = registers_of(node, 0);
}

/* Linux, Documentation/devicetree/bindings/iommu/arm,smmu-v3.yaml: or one, "combined". */
static void parse_smmu(struct parse *parse, const struct dt_node *node)
{
    if (machine.smmu.bytes > 0)
        return;
    machine.smmu = registers_of(node, 0);
    machine.smmu_phandle = dt_phandle(node);
    parse->smmu = dt_interrupts(node);
    parse->smmu_event = named_or(node, "eventq", 0);
    parse->smmu_error = named_or(node, "gerror", 0);
}

static void parse_device(struct parse *parse, const struct dt_node *node)
{
    static const char *const names[] = {
        "arm,pl011",   "arm,pl031",       "arm,gic-v3",      "arm,cortex-a15-gic",
        "arm,gic-400", "arm,armv8-timer", "arm,armv8-pmuv3", "arm,smmu-v3",
    };
    static void (*const parsers[])(struct parse * parse, const struct dt_node *node) = {
        parse_uart,  parse_rtc,   parse_gicv3, parse_gicv2,
        parse_gicv2, parse_timer, parse_pmu,   parse_smmu,
    };
    const uint32_t nr = sizeof(names) / sizeof(names[0]);
    uint32_t kind = dt_compatible(node, names, nr);

    _Static_assert(sizeof(names) == sizeof(parsers), "one for each");
    if (kind < nr && dt_is_okay(node))
        parsers[kind](parse, node);
    else if (dt_is_memory(node))
        parse_memory(parse, node);
}

/* PSCI is a child of the root, or of /firmware. */
static bool is_psci(const struct dt_node *node)
{
    return dt_is_top(node, "psci") ||
           (node->parent && dt_is_top(node->parent, "firmware") && dt_is_named(node, "psci"));
}

static void parse_node(void *context, const struct dt_node *node)
{
    struct parse *parse = context;

    if (dt_is_top(node, "chosen"))
        parse_chosen(parse, node);
    else if (is_psci(node))
        machine.has_psci = dt_is_okay(node) && dt_is_string(dt_prop(node, DT_METHOD), "smc");
    else if (node->parent && dt_is_top(node->parent, "cpus"))
        parse_cpu(node);
    else if (!dt_each_reserved(node, reserve, parse))
        parse_device(parse, node);
}

/* --- after the walk ------------------------------------------------------------------------ */

/* The node that /chosen/stdout-path names, maybe by an alias, options after a colon left out. */
static int find_stdout(const struct parse *parse)
{
    const char *path = parse->stdout_path.value;
    const char *end = path ? memchr(path, '\0', parse->stdout_path.bytes) : NULL;
    const char *colon = end ? memchr(path, ':', (size_t)(end - path)) : NULL;

    if (!end)
        return -1;
    return fdt_path_offset_namelen(parse->dtb, path, (int)((colon ? colon : end) - path));
}

/* The console is the PL011 that stdout-path names, or the first. */
static void choose_uart(struct parse *parse)
{
    const struct uart *chosen = &parse->uarts[0];
    int wanted = parse->nr_uarts > 1 ? find_stdout(parse) : -1;

    if (parse->nr_uarts == 0)
        return;
    for (uint32_t i = 0; i < parse->nr_uarts; i++)
        if (parse->uarts[i].offset == wanted)
            chosen = &parse->uarts[i];
    machine.uart = chosen->registers;
    machine.uart_intid = dt_intid(&chosen->interrupts, &parse->gic, 0);
}

/* Puts what the tree says in place of what is usual; monitors may have an SPI for each CPU. */
static void set_ppi(uint32_t *to, const struct parse *parse, const struct dt_interrupts *from,
                    uint32_t index)
{
    uint32_t intid = dt_intid(from, &parse->gic, index);

    if (intid != 0 && intid < GIC_FIRST_SPI)
        *to = intid;
}

static void set_ppis(const struct parse *parse)
{
    set_ppi(&ppi.maintenance, parse, &parse->maintenance, 0);
    set_ppi(&ppi.phys_timer, parse, &parse->timers, parse->phys_timer);
    set_ppi(&ppi.virt_timer, parse, &parse->timers, parse->virt_timer);
    set_ppi(&ppi.hyp_timer, parse, &parse->timers, parse->hyp_timer);
    set_ppi(&ppi.pmu, parse, &parse->monitors, 0);
}

static void set_smmu(const struct parse *parse)
{
    machine.smmu_event_intid = dt_intid(&parse->smmu, &parse->gic, parse->smmu_event);
    machine.smmu_error_intid = dt_intid(&parse->smmu, &parse->gic, parse->smmu_error);
    machine.smmu_edge =
        machine.smmu_event_intid != 0 && dt_is_edge(&parse->smmu, &parse->gic, parse->smmu_event);
}

static const char *check(const struct parse *parse)
{
    if (parse->nr_uarts == 0)
        return "device tree: no arm,pl011 for a console";
    if (machine.uart.bytes == 0)
        return "device tree: the console's arm,pl011 has no reg";
    if (parse->fault)
        return parse->fault;
    if (machine.memory.nr == 0)
        return "device tree: no /memory";
    if (machine.gic_version == 0)
        return "device tree: no GICv2 or GICv3";
    if (machine.gicd.bytes == 0)
        return "device tree: the GIC has no distributor";
    if (machine.gic_version == 2 &&
        (machine.gicc.bytes == 0 || machine.gich.bytes == 0 || machine.gicv.bytes == 0))
        return "device tree: the GICv2 has no virtual interface";
    if (machine.gic_version == 3 && machine.nr_gicr == 0)
        return "device tree: the GICv3 has no redistributors";
    return NULL;
}

const char *machine_tree_parse(const void *dtb, pa_t image)
{
    struct parse parse = {.dtb = dtb};

    memset(&machine, 0, sizeof(machine));
    machine.image = (struct pa_range){image, IMAGE_END - IMAGE_START};
    machine.cpu_mpidr[0] = read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
    machine.nr_cpus = 1;
    if (!dtb || !dt_is_tree(dtb))
        return "device tree: there is none where x0 says";
    machine.dtb = (struct pa_range){pa_make((uint64_t)(uintptr_t)dtb), fdt_totalsize(dtb)};
    machine.bootargs = "";

    if (!dt_walk(dtb, parse_node, &parse))
        set_fault(&parse, "device tree: its structure is broken");
    dt_each_reservation(dtb, reserve, &parse);
    choose_uart(&parse);
    set_ppis(&parse);
    set_smmu(&parse);
    return check(&parse);
}
