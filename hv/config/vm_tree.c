/* SPDX-License-Identifier: MIT */
/*
 * A VM's device tree, distrusted: first libfdt checks the structure of a copy, then one walk reads
 * it. What it has read is checked by config/vm_check.c.
 */
#include "config/vm_tree.h"

#include <string.h>

#include "arch/mpidr.h"
#include "arch/plain_abi.h"
#include "config/dt.h"
#include "config/vm_check.h"
#include "config/vm_device.h"
#include "config/vm_virtio.h"
#include "lib/is_enabled.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vm/refusal.h"
#include "vm/vgic_state.h"

/* At how many ranges of its buses a VM's tree is worth to look: some are not well meant. */
#define NR_LOOKS 10000u

/* What stile,privileged may say: struct vm_quota. */
#define QUOTA_CELLS 3

/** What is kept while the tree is walked. */
struct parse {
    struct vm_config *config;
    struct vm_found found;
    struct dt_gic gic;
    uint32_t controller; /* of the root's interrupts: a phandle, or 0 */
    struct dt_interrupts uart_interrupts;
    uint32_t nr_given;
    struct vm_device_node given[VM_NR_DEVICES];
    struct vm_virtio_nodes virtio;
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

/* Reads an address or a length, which is @otherwise if the tree does not say. */
static uint64_t number_or(struct parse *parse, struct dt_prop prop, uint64_t otherwise)
{
    uint64_t value = otherwise;

    if (prop.value && !dt_number(prop, &value))
        set_fault(parse, "vm.dtb: a stile,kernel-* or stile,dtb-address is not a number");
    return value;
}

static void parse_places(struct parse *parse, const struct dt_node *node)
{
    struct vm_config *config = parse->config;
    struct dt_prop address = dt_prop(node, DT_STILE_KERNEL_ADDRESS);

    config->kernel_address = number_or(parse, address, VM_ANYWHERE);
    config->kernel_bytes = number_or(parse, dt_prop(node, DT_STILE_KERNEL_BYTES), 0);
    config->kernel_entry =
        number_or(parse, dt_prop(node, DT_STILE_KERNEL_ENTRY), config->kernel_address);
    config->dtb_address = number_or(parse, dt_prop(node, DT_STILE_DTB_ADDRESS), VM_ANYWHERE);
    if (!address.value && (config->kernel_bytes != 0 || config->kernel_entry != VM_ANYWHERE))
        set_fault(parse, "vm.dtb: stile,kernel-bytes and -entry need a stile,kernel-address");
}

static void parse_sve(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop prop = dt_prop(node, DT_STILE_SVE);
    uint64_t value = VM_SVE_BITS_MAX;

    if (prop.value && (!dt_number(prop, &value) || value % 128 != 0 || value > VM_SVE_BITS_MAX))
        set_fault(parse, "vm.dtb: stile,sve is not a multiple of 128 from 0 to 2048");
    parse->config->sve_bits = (uint32_t)value;
}

/* Empty: for all VMs. Else what those may have that it makes, which are all it may steer. */
static void parse_privilege(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop prop = dt_prop(node, DT_STILE_PRIVILEGED);
    const fdt32_t *cells = prop.value;

    if (!IS_ENABLED(CONFIG_CALLS_CONTROL) || !cells)
        return;
    parse->config->privileged = prop.bytes == 0;
    if (prop.bytes == 0)
        return;
    if (prop.bytes != QUOTA_CELLS * sizeof(*cells)) {
        set_fault(parse, "vm.dtb: stile,privileged is neither empty nor <MiB vCPUs KiB>");
        return;
    }
    parse->config->quota = (struct vm_quota){
        .is_there = true,
        .memory_mib = fdt32_ld(&cells[0]),
        .nr_vcpus = fdt32_ld(&cells[1]),
        .hv_memory_kib = fdt32_ld(&cells[2]),
    };
}

static void parse_root(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop mode = dt_prop(node, DT_STILE_MODE);
    struct dt_cells cells = dt_cells(node);

    parse->config->address_cells = cells.address;
    parse->config->size_cells = cells.size;
    parse->controller = dt_interrupts(node).controller;
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
    parse_places(parse, node);
    parse_sharing(parse, node);
    parse_hv_memory(parse, node);
    parse_sve(parse, node);
    parse_privilege(parse, node);
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
        if (range.bytes == 0)
            continue; /* as in Linux, and in what firmware leaves of an unused bank */
        if (config->nr_memory == STILE_VM_NR_REGIONS) {
            set_fault(parse,
                      refusal("vm.dtb: /memory has more than %u ranges", STILE_VM_NR_REGIONS));
            return;
        }
        config->memory[config->nr_memory++] = range;
    }
}

/* vCPUs are in the order of their affinities, whatever the tree's: the first boots, as on hardware.
 */
static void add_cpu(struct parse *parse, uint64_t mpidr)
{
    uint64_t *mpidrs = parse->config->mpidr;
    uint32_t at = parse->found.nr_cpus++;

    if (at >= CONFIG_NR_VCPUS)
        return;
    for (; at > 0 && mpidrs[at - 1] >= mpidr; at--) {
        if (mpidrs[at - 1] == mpidr)
            set_fault(parse, "vm.dtb: two CPUs have the same reg");
        mpidrs[at] = mpidrs[at - 1];
    }
    mpidrs[at] = mpidr;
}

static void parse_cpu(struct parse *parse, const struct dt_node *node)
{
    uint64_t mpidr = UINT64_MAX;
    uint64_t unused;

    if (!dt_is_string(dt_prop(node, DT_DEVICE_TYPE), "cpu") || !dt_is_okay(node))
        return;
    if (!dt_reg(node, 0, &mpidr, &unused) || (mpidr & ~MPIDR_AFFINITY) != 0)
        set_fault(parse, "vm.dtb: a CPU's reg is not the affinity fields of an MPIDR_EL1");
    add_cpu(parse, mpidr);
}

/* Its reg has the distributor, then so many regions of redistributors, then what guests lack. */
static void parse_gicr(struct parse *parse, const struct dt_node *node)
{
    struct dt_prop stride = dt_prop(node, DT_REDISTRIBUTOR_STRIDE);
    uint64_t nr = 1;
    uint64_t bytes = VM_GICR_BYTES;

    if (dt_prop(node, DT_REDISTRIBUTOR_REGIONS).value &&
        (!dt_number(dt_prop(node, DT_REDISTRIBUTOR_REGIONS), &nr) || nr - 1 >= VM_NR_GICR))
        set_fault(parse, "vm.dtb: the GICv3's #redistributor-regions is not 1 or 2");
    if (stride.value && (!dt_number(stride, &bytes) || bytes != VM_GICR_BYTES))
        set_fault(parse, "vm.dtb: the GICv3's redistributor-stride is not 128 KiB");
    for (uint32_t i = 0; i < nr && i < VM_NR_GICR; i++)
        parse->config->gicr[i] = registers_of(node, 1 + i);
}

static void parse_gic(struct parse *parse, const struct dt_node *node, uint32_t version)
{
    parse->found.nr_gics++;
    parse->gic = dt_gic(node);
    parse->config->gic_version = version;
    parse->config->gicd = registers_of(node, 0);
}

static void parse_gicv2(struct parse *parse, const struct dt_node *node)
{
    parse_gic(parse, node, 2);
    parse->config->gicc = registers_of(node, 1);
}

static void parse_gicv3(struct parse *parse, const struct dt_node *node)
{
    parse_gic(parse, node, 3);
    parse_gicr(parse, node);
}

static void parse_uart(struct parse *parse, const struct dt_node *node)
{
    parse->found.nr_uarts++;
    parse->config->uart = registers_of(node, 0);
    parse->uart_interrupts = dt_interrupts(node);
    if (parse->config->uart.bytes == 0)
        set_fault(parse, "vm.dtb: the UART has no address and size");
}

/* Puts two ranges together, if one begins where the other ends. */
static bool join(struct ipa_range *range, const struct ipa_range *other)
{
    bool is_before = range->base.ipa + range->bytes == other->base.ipa;

    if (!is_before && other->base.ipa + other->bytes != range->base.ipa)
        return false;
    if (!is_before)
        range->base = other->base;
    range->bytes += other->bytes;
    return true;
}

/*
 * Adds to an array of pieces, in which unused ones have no bytes: QEMU's 32 virtio slots are one
 * piece, so that a device is found fast. Returns false if there is no room.
 */
static bool add_piece(struct ipa_range pieces[], uint32_t nr, struct ipa_range range)
{
    uint32_t i = 0;

    while (i < nr && pieces[i].bytes > 0) {
        if (!join(&range, &pieces[i])) {
            i++;
            continue;
        }
        for (; i + 1 < nr; i++)
            pieces[i] = pieces[i + 1];
        pieces[nr - 1].bytes = 0;
        i = 0;
    }
    if (i < nr)
        pieces[i] = range;
    return i < nr;
}

static void parse_slot(struct parse *parse, const struct dt_node *node)
{
    struct vm_config *config = parse->config;
    struct ipa_range range = registers_of(node, 0);

    if (range.bytes == 0 || range.bytes > UINT32_MAX)
        set_fault(parse, "vm.dtb: a virtio,mmio slot has no address and size");
    else if (config->slot_bytes != 0 && config->slot_bytes != range.bytes)
        set_fault(parse, "vm.dtb: the virtio,mmio slots are not all of one size");
    else if (!add_piece(config->slots, VM_NR_SLOTS, range))
        set_fault(parse,
                  refusal("vm.dtb: the virtio,mmio slots are in more than %d pieces", VM_NR_SLOTS));
    config->slot_bytes = (uint32_t)range.bytes;
}

static void parse_flash(struct parse *parse, const struct dt_node *node)
{
    uint32_t nr = dt_nr_regs(node);

    for (uint32_t i = 0; i < nr; i++) {
        struct ipa_range range = registers_of(node, i);

        if (range.bytes == 0)
            set_fault(parse, "vm.dtb: a cfi-flash has no address and size");
        else if (!add_piece(parse->config->flash, VM_NR_FLASH, range))
            set_fault(parse, refusal("vm.dtb: cfi-flash is in more than %d pieces", VM_NR_FLASH));
    }
}

static void parse_rtc(struct parse *parse, const struct dt_node *node)
{
    if (parse->config->rtc.bytes > 0)
        set_fault(parse, "vm.dtb: more than one PL031");
    parse->config->rtc = registers_of(node, 0);
    if (parse->config->rtc.bytes == 0)
        set_fault(parse, "vm.dtb: the PL031 has no address and size");
}

/* As in a tree that was read out of a VM. */
static void parse_own(struct parse *parse, const struct dt_node *node)
{
    (void)node;
    parse->config->has_node = true;
}

/* A device of the machine's, whatever it is compatible with. */
static void parse_given(struct parse *parse, const struct dt_node *node)
{
    if (!dt_is_okay(node))
        return;
    if (!IS_ENABLED(CONFIG_DEVICES))
        set_fault(parse, "vm.dtb: the hypervisor was built without devices for VMs");
    else if (parse->nr_given == VM_NR_DEVICES)
        set_fault(parse, refusal("vm.dtb: %s: more than %d devices of the machine's", node->name,
                                 VM_NR_DEVICES));
    else
        vm_device_read(&parse->given[parse->nr_given++], node);
}

/* A slot with a device that another VM serves, or without one. */
static void parse_virtio(struct parse *parse, const struct dt_node *node)
{
    if (!dt_rare_prop(node, "stile,backend").value)
        parse_slot(parse, node);
    else if (!IS_ENABLED(CONFIG_VIRTIO))
        set_fault(parse, "vm.dtb: the hypervisor was built without virtio devices for VMs");
    else
        vm_virtio_read(&parse->virtio, node);
}

static void parse_pool(struct parse *parse, const struct dt_node *node)
{
    if (IS_ENABLED(CONFIG_VIRTIO))
        vm_virtio_read_pool(&parse->virtio, node);
}

/* Of the two UARTs, the SBSA's has only registers that the PL011 has as well (SBSA, appendix B). */
static void parse_device(struct parse *parse, const struct dt_node *node)
{
    static const char *const names[] = {
        "arm,gic-v3",       "arm,cortex-a15-gic",  "arm,gic-400", "arm,pl011",
        "arm,sbsa-uart",    "virtio,mmio",         "cfi-flash",   "arm,pl031",
        "stile,hypervisor", "restricted-dma-pool",
    };
    static void (*const parsers[])(struct parse *, const struct dt_node *) = {
        parse_gicv3,  parse_gicv2, parse_gicv2, parse_uart, parse_uart,
        parse_virtio, parse_flash, parse_rtc,   parse_own,  parse_pool,
    };
    uint32_t kind = dt_compatible(node, names, sizeof(names) / sizeof(names[0]));

    if (kind < sizeof(parsers) / sizeof(parsers[0]) && dt_is_okay(node))
        parsers[kind](parse, node);
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
    else if (dt_prop(node, DT_STILE_DEVICE).value)
        parse_given(parse, node);
    else
        parse_device(parse, node);
}

static const char *parse_tree(const void *tree, size_t bytes, struct vm_config *config)
{
    struct parse parse = {.config = config};
    enum dt_fault fault = dt_check(tree, bytes);

    if (fault == DT_CUT_SHORT)
        return "vm.dtb: cut short";
    if (fault == DT_NO_TREE)
        return "vm.dtb: not a flattened device tree";
    if (fault == DT_BROKEN)
        return "vm.dtb: its structure is broken";
    if (!dt_walk_some(tree, parse_node, &parse, NR_LOOKS))
        return "vm.dtb: too many ranges";
    if (parse.found.nr_cpus > CONFIG_NR_VCPUS)
        return refusal("vm.dtb: %u CPUs, of at most %u", parse.found.nr_cpus, CONFIG_NR_VCPUS);
    config->nr_vcpus = parse.found.nr_cpus;
    config->uart_intid = dt_intid(&parse.uart_interrupts, &parse.gic, 0);
    if (parse.found.nr_gics != 0 && parse.controller != 0 && parse.controller == parse.gic.phandle)
        config->interrupt_cells = parse.gic.cells;
    if (parse.found.nr_gics == 0)
        config->gicc = (struct ipa_range){ipa_make(VM_GICC_IPA), PAGE_SIZE};
    for (uint32_t i = 0; IS_ENABLED(CONFIG_DEVICES) && i < parse.nr_given && !parse.fault; i++)
        set_fault(&parse, vm_device_add(config, &parse.given[i], &parse.gic));
    if (IS_ENABLED(CONFIG_DEVICES) && !parse.fault)
        set_fault(&parse, vm_device_check(config, parse.given));
    if (IS_ENABLED(CONFIG_VIRTIO) && !parse.fault)
        set_fault(&parse, vm_virtio_add(config, &parse.virtio, &parse.gic));
    return parse.fault ? parse.fault : vm_check(config, &parse.found);
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
