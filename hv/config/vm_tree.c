/* SPDX-License-Identifier: MIT */
/*
 * A VM's device tree, distrusted: first libfdt checks the structure of a copy, then one walk reads
 * it, then everything is checked against everything.
 */
#include "config/vm_tree.h"

#include <string.h>

#include "arch/plain_abi.h"
#include "config/dt.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vm/refusal.h"
#include "vm/vgic_state.h"

/* IHI 0048, IHI 0069: how much the registers of each part take. */
#define GICV2_GICD_BYTES UINT64_C(0x1000)
#define GICV2_GICC_BYTES UINT64_C(0x2000)
#define GICV3_GICD_BYTES UINT64_C(0x10000)
#define GICV3_GICR_BYTES UINT64_C(0x20000) /* for each vCPU */

#define FIRST_SPI 32u

/** What is kept while the tree is walked. */
struct parse {
    struct vm_config *config;
    uint32_t nr_cpus;
    uint32_t nr_gics;
    uint32_t nr_uarts;
    struct dt_gic gic;
    struct dt_interrupts uart_interrupts;
    const char *fault; /* the first */
};

static void set_fault(struct parse *parse, const char *fault)
{
    if (!parse->fault)
        parse->fault = fault;
}

/* Where a device's registers are. */
static struct ipa_range registers_of(const struct dt_node *node, uint32_t index)
{
    struct ipa_range range = {ipa_make(0), 0};

    return dt_address(node, index, &range.base.ipa, &range.bytes)
               ? range
               : (struct ipa_range){ipa_make(0), 0};
}

/* --- one function for each kind of node ---------------------------------------------------- */

static void parse_sharing(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop weight = dt_prop(node, DT_STILE_WEIGHT);
    struct dt_prop affinity = dt_prop(node, DT_STILE_AFFINITY);
    uint64_t value = VM_WEIGHT_DEFAULT;

    if (weight.value && (!dt_number(weight, &value) || value - 1 >= VM_WEIGHT_MAX))
        set_fault(parse, "vm.dtb: stile,weight is not 1 to 10000");
    parse->config->weight = (uint32_t)value;
    parse->config->affinity = UINT64_MAX;
    if (affinity.value && !dt_number(affinity, &parse->config->affinity))
        set_fault(parse, "vm.dtb: stile,affinity is not a number");
}

static void parse_hv_memory(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop prop = dt_prop(node, DT_STILE_HV_MEMORY);
    uint64_t value = 0;

    if (prop.value && (!dt_number(prop, &value) || value - 1 >= VM_HV_MEMORY_KIB_MAX))
        set_fault(parse, "vm.dtb: stile,hv-memory-kib is not 1 to 1048576");
    parse->config->hv_memory_kib = (uint32_t)value;
}

static void parse_root(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop mode = dt_prop(node, DT_STILE_MODE);

    if (!dt_has_cells(node))
        set_fault(parse, "vm.dtb: the root's #address-cells or #size-cells is not 1 or 2");
    if (!mode.value || dt_is_string(mode, "assisted"))
        parse->config->mode = VM_MODE_ASSISTED;
    else if (dt_is_string(mode, "trap"))
        parse->config->mode = VM_MODE_TRAP;
    else if (dt_is_string(mode, "paravirtual"))
        parse->config->mode = VM_MODE_PARAVIRTUAL;
    else
        set_fault(parse, "vm.dtb: stile,mode is not \"assisted\", \"trap\" or \"paravirtual\"");
    parse->config->pmu = dt_prop(node, DT_STILE_PMU).value != NULL;
    parse->config->pmu_el2 = dt_prop(node, DT_STILE_PMU_EL2).value != NULL;
    parse->config->privileged = dt_prop(node, DT_STILE_PRIVILEGED).value != NULL;
    parse_sharing(parse, node);
    parse_hv_memory(parse, node);
}

static void parse_memory(struct parse *parse, const struct dt_node *node)
{
    struct vm_config *config = parse->config;
    struct ipa_range range;

    if (!dt_is_okay(node))
        return;
    if (dt_nr_regs(node) == 0)
        set_fault(parse, "vm.dtb: /memory has no address and size");
    for (uint32_t i = 0; dt_reg(node, i, &range.base.ipa, &range.bytes); i++) {
        if (config->nr_memory == STILE_VM_NR_REGIONS) {
            set_fault(parse,
                      refusal("vm.dtb: /memory has more than %u ranges", STILE_VM_NR_REGIONS));
            return;
        }
        config->memory[config->nr_memory++] = range;
    }
}

/* A vCPU's number is its affinity, so the tree has to count from 0 in order. */
static void parse_cpu(struct parse *parse, const struct dt_node *node)
{
    uint64_t index;
    uint64_t unused;

    if (!dt_is_string(dt_prop(node, DT_DEVICE_TYPE), "cpu") || !dt_is_okay(node))
        return;
    if (!dt_reg(node, 0, &index, &unused) || index != parse->nr_cpus)
        set_fault(parse, "vm.dtb: the CPUs' reg is not 0, 1, 2 and so on");
    parse->nr_cpus++;
}

static void parse_gic(struct parse *parse, const struct dt_node *node, uint32_t version)
{
    struct vm_config *config = parse->config;

    parse->nr_gics++;
    parse->gic = dt_gic(node);
    config->gic_version = version;
    config->gicd = registers_of(node, 0);
    if (version == 2)
        config->gicc = registers_of(node, 1);
    else
        config->gicr = registers_of(node, 1);
}

static void parse_uart(struct parse *parse, const struct dt_node *node)
{
    parse->nr_uarts++;
    parse->config->uart = registers_of(node, 0);
    parse->uart_interrupts = dt_interrupts(node);
    if (parse->config->uart.bytes == 0)
        set_fault(parse, "vm.dtb: the UART has no address and size");
}

/* Of the two UARTs, the SBSA's has only registers that the PL011 has as well (SBSA, appendix B). */
static void parse_device(struct parse *parse, const struct dt_node *node)
{
    enum { GICV3, CORTEX_A15_GIC, GIC_400, PL011, SBSA_UART, NR_KINDS };
    static const char *const names[NR_KINDS] = {
        [GICV3] = "arm,gic-v3", [CORTEX_A15_GIC] = "arm,cortex-a15-gic", [GIC_400] = "arm,gic-400",
        [PL011] = "arm,pl011",  [SBSA_UART] = "arm,sbsa-uart",
    };
    uint32_t kind = dt_compatible(node, names, NR_KINDS);

    if (kind == NR_KINDS || !dt_is_okay(node))
        return;
    if (kind == GICV3)
        parse_gic(parse, node, 3);
    else if (kind == CORTEX_A15_GIC || kind == GIC_400)
        parse_gic(parse, node, 2);
    else
        parse_uart(parse, node);
}

static void parse_node(void *context, const struct dt_node *node)
{
    struct parse *parse = context;

    if (!node->parent)
        parse_root(parse, node);
    else if (dt_is_memory(node))
        parse_memory(parse, node);
    else if (dt_is_top(node->parent, "cpus"))
        parse_cpu(parse, node);
    else
        parse_device(parse, node);
}

/* --- after the walk ------------------------------------------------------------------------ */

static const char *check_memory(const struct vm_config *config)
{
    if (config->nr_memory == 0)
        return "vm.dtb: no /memory";
    for (uint32_t i = 0; i < config->nr_memory; i++) {
        const struct ipa_range *range = &config->memory[i];

        if (range->bytes == 0)
            return "vm.dtb: /memory has an empty range";
        if (!is_aligned(range->base.ipa | range->bytes, BLOCK_2M))
            return "vm.dtb: /memory is not in whole aligned blocks of 2 MiB";
        if (range->base.ipa >= STAGE2_IPA_END || range->bytes > STAGE2_IPA_END - range->base.ipa)
            return "vm.dtb: /memory exceeds the 512 GiB of a VM's address space";
    }
    return NULL;
}

static const char *check_gic(const struct vm_config *config, uint32_t nr_gics)
{
    if (nr_gics == 0)
        return config->mode == VM_MODE_PARAVIRTUAL
                   ? NULL
                   : "vm.dtb: no interrupt controller (arm,cortex-a15-gic, arm,gic-v3), and "
                     "stile,mode is not \"paravirtual\"";
    if (nr_gics > 1)
        return "vm.dtb: more than one interrupt controller";
    if (config->gic_version == 2) {
        if (config->gicd.bytes < GICV2_GICD_BYTES || config->gicc.bytes < GICV2_GICC_BYTES)
            return "vm.dtb: the GICv2's registers are missing or too small";
    } else {
        if (config->gicd.bytes < GICV3_GICD_BYTES ||
            config->gicr.bytes < config->nr_vcpus * GICV3_GICR_BYTES)
            return "vm.dtb: the GICv3's registers are missing or too small for its CPUs";
    }
    return NULL;
}

static const char *check_uart(const struct vm_config *config, uint32_t nr_uarts)
{
    bool may_lack = config->uart.bytes == 0 || !vm_config_has_gic(config);

    if (nr_uarts > 1)
        return "vm.dtb: more than one UART";
    if (config->uart_intid == 0 && may_lack)
        return NULL;
    if (config->uart_intid < FIRST_SPI || config->uart_intid >= VGIC_NR_INTIDS)
        return "vm.dtb: the UART has no SPI that the GIC has";
    return NULL;
}

static bool overlap(const struct ipa_range *a, const struct ipa_range *b)
{
    return a->bytes > 0 && b->bytes > 0 && a->base.ipa < b->base.ipa + b->bytes &&
           b->base.ipa < a->base.ipa + a->bytes;
}

static const char *check_device(const struct ipa_range *range)
{
    if (!is_aligned(range->base.ipa | range->bytes, PAGE_SIZE))
        return "vm.dtb: a device is not in whole pages";
    if (range->base.ipa >= STAGE2_IPA_END || range->bytes > STAGE2_IPA_END - range->base.ipa)
        return "vm.dtb: a device exceeds the VM's address space";
    return NULL;
}

/* That no address means two things. */
static const char *check_ranges(const struct vm_config *config)
{
    struct ipa_range ranges[5 + STILE_VM_NR_REGIONS] = {
        config->gicd,
        config->gicc,
        config->gicr,
        config->uart,
        {ipa_make(VM_SHARED_IPA), VM_SHARED_BYTES},
    };
    const char *fault = NULL;
    uint32_t nr = 5;

    for (uint32_t i = 0; i < nr && !fault; i++)
        fault = check_device(&ranges[i]);
    for (uint32_t i = 0; i < config->nr_memory; i++)
        ranges[nr++] = config->memory[i];
    for (uint32_t i = 0; i < nr && !fault; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (overlap(&ranges[i], &ranges[j]))
                fault = i < 5 ? "vm.dtb: devices overlap, or the pages shared at 0xB000000"
                              : "vm.dtb: /memory overlaps itself, a device or the pages shared at "
                                "0xB000000";
        }
    }
    return fault;
}

static const char *check(const struct parse *parse)
{
    const struct vm_config *config = parse->config;
    const char *fault = parse->fault;

    if (!fault)
        fault = check_memory(config);
    if (!fault && parse->nr_cpus == 0)
        fault = "vm.dtb: no CPUs";
    if (!fault)
        fault = check_gic(config, parse->nr_gics);
    if (!fault)
        fault = check_uart(config, parse->nr_uarts);
    return fault ? fault : check_ranges(config);
}

static const char *parse_tree(const void *tree, size_t bytes, struct vm_config *config)
{
    struct parse parse = {.config = config};
    enum dt_fault fault = dt_check(tree, bytes);

    if (fault == DT_CUT_SHORT)
        return "vm.dtb: cut short";
    if (fault == DT_NO_TREE)
        return "vm.dtb: not a flattened device tree";
    if (fault == DT_BROKEN || !dt_walk(tree, parse_node, &parse))
        return "vm.dtb: its structure is broken";
    if (parse.nr_cpus > CONFIG_NR_VCPUS)
        return refusal("vm.dtb: %u CPUs, of at most %u", parse.nr_cpus, CONFIG_NR_VCPUS);
    config->nr_vcpus = parse.nr_cpus;
    config->uart_intid = dt_intid(&parse.uart_interrupts, &parse.gic, 0);
    if (parse.nr_gics == 0)
        config->gicc = (struct ipa_range){ipa_make(VM_GICC_IPA), PAGE_SIZE};
    return check(&parse);
}

/** What parse_tree() takes and returns. */
struct job {
    const void *tree;
    size_t bytes;
    struct vm_config *config;
    const char *fault;
};

static void run_job(void *context)
{
    struct job *job = context;

    job->fault = parse_tree(job->tree, job->bytes, job->config);
}

const char *vm_tree_parse(const void *dtb, size_t bytes, struct vm_config *config)
{
    struct job job = {NULL, bytes, config, NULL};
    unsigned order;
    void *copy;

    if (bytes > VM_DTB_MAX)
        return "vm.dtb: larger than 64 KiB";
    order = page_order(bytes);
    /* In an archive the tree is not aligned as libfdt needs it. */
    copy = page_alloc(PAGE_OWNER_HV, order);
    if (!copy)
        return "vm.dtb: the hypervisor has no memory to read it";
    memcpy(copy, dtb, bytes);
    job.tree = copy;
    plain_abi_call(run_job, &job);
    page_free(copy, order);
    return job.fault;
}
