/* SPDX-License-Identifier: MIT */
/*
 * Reading the device tree the firmware gave us.
 */
#include "config/machine_tree.h"

#include <string.h>

#include <libfdt.h>

#include "arch/cpu.h"
#include "arch/image.h"
#include "config/dt.h"
#include "dev/machine.h"
#include "lib/printk.h"

/* Arm ARM D13.2.101 (MPIDR_EL1): Aff3, Aff2, Aff1, Aff0. */
#define MPIDR_AFFINITY UINT64_C(0xFF00FFFFFF)

#define NR_UARTS 4

/** What is kept while the tree is walked. */
struct parse {
    const void *dtb;
    struct dt_prop stdout_path;
    const char *path; /* of the node it names, an alias resolved */
    size_t path_length;
    size_t stdout_offset; /* which node that is; 0, the root's, if none */
    uint32_t nr_uarts;
    struct {
        size_t offset;
        struct pa_range registers;
        uint32_t intid;
    } uarts[NR_UARTS];
};

static struct pa_range reg_range(const struct dt_node *node, uint32_t index)
{
    struct pa_range range = {pa_make(0), 0};

    (void)dt_reg(node, index, &range.base.pa, &range.bytes);
    return range;
}

static void reserve(uint64_t base, uint64_t bytes)
{
    if (bytes == 0)
        return;
    if (machine.nr_reserved == MACHINE_NR_RESERVED)
        panic("device tree: more than %u reserved ranges", MACHINE_NR_RESERVED);
    machine.reserved[machine.nr_reserved++] = (struct pa_range){pa_make(base), bytes};
}

/* Takes the seed out of the tree: who sees it later could work out what was drawn from it. */
static void take_seed(const struct dt_prop *seed)
{
    if (!seed->value)
        return;
    machine.rng_seed_bytes =
        seed->bytes < sizeof(machine.rng_seed) ? seed->bytes : sizeof(machine.rng_seed);
    memcpy(machine.rng_seed, seed->value, machine.rng_seed_bytes);
    memset((void *)(uintptr_t)seed->value, 0, seed->bytes);
}

/* --- one function for each kind of node ---------------------------------------------------- */

static void parse_chosen(struct parse *parse, const struct dt_node *node)
{
    const struct dt_prop *args = &node->props[DT_BOOTARGS];
    uint64_t start;
    uint64_t end;

    parse->stdout_path = node->props[DT_STDOUT_PATH];
    take_seed(&node->props[DT_RNG_SEED]);
    if (args->value && args->bytes > 0) {
        size_t length =
            args->bytes < sizeof(machine.bootargs) ? args->bytes : sizeof(machine.bootargs);

        memcpy(machine.bootargs, args->value, length);
        machine.bootargs[length - 1] = '\0';
    }
    if (dt_number(&node->props[DT_INITRD_START], &start) &&
        dt_number(&node->props[DT_INITRD_END], &end) && end > start)
        machine.bundle = (struct pa_range){pa_make(start), end - start};
}

static void parse_memory(const struct dt_node *node)
{
    for (uint32_t i = 0; i < dt_nr_regs(node); i++) {
        struct pa_range range = reg_range(node, i);

        if (range.bytes > 0 && machine.nr_memory < MACHINE_NR_MEMORY)
            machine.memory[machine.nr_memory++] = range;
    }
}

static void parse_reserved(const struct dt_node *node)
{
    for (uint32_t i = 0; i < dt_nr_regs(node); i++) {
        struct pa_range range = reg_range(node, i);

        reserve(range.base.pa, range.bytes);
    }
}

/* The CPU that booted is the first whatever the tree's order; those beyond the limit stay off. */
static void parse_cpu(const struct dt_node *node)
{
    uint64_t mpidr;
    uint64_t unused;

    if (!dt_is_string(&node->props[DT_DEVICE_TYPE], "cpu") || !dt_is_okay(node) ||
        !dt_reg(node, 0, &mpidr, &unused))
        return;
    mpidr &= MPIDR_AFFINITY;
    if (mpidr != machine.cpu_mpidr[0] && machine.nr_cpus < CONFIG_NR_PCPUS)
        machine.cpu_mpidr[machine.nr_cpus++] = mpidr;
}

static void parse_gicv2(const struct dt_node *node)
{
    machine.gic_version = 2;
    machine.gicd = reg_range(node, 0);
    machine.gicc = reg_range(node, 1);
    machine.gich = reg_range(node, 2);
    machine.gicv = reg_range(node, 3);
}

static void parse_gicv3(const struct dt_node *node)
{
    machine.gic_version = 3;
    machine.gicd = reg_range(node, 0);
    machine.gicr = reg_range(node, 1);
}

static void parse_uart(struct parse *parse, const struct dt_node *node)
{
    if (parse->nr_uarts == NR_UARTS)
        return;
    parse->uarts[parse->nr_uarts].offset = node->offset;
    parse->uarts[parse->nr_uarts].registers = reg_range(node, 0);
    parse->uarts[parse->nr_uarts].intid = dt_interrupt(node);
    parse->nr_uarts++;
}

static void parse_device(struct parse *parse, const struct dt_node *node)
{
    if (!node->props[DT_COMPATIBLE].value || !dt_is_okay(node))
        return;
    if (dt_is_compatible(node, "arm,pl011"))
        parse_uart(parse, node);
    else if (dt_is_compatible(node, "arm,pl031"))
        machine.rtc = reg_range(node, 0);
    else if (dt_is_compatible(node, "arm,gic-v3"))
        parse_gicv3(node);
    else if (dt_is_compatible(node, "arm,cortex-a15-gic") || dt_is_compatible(node, "arm,gic-400"))
        parse_gicv2(node);
}

static void parse_node(void *context, const struct dt_node *node)
{
    struct parse *parse = context;

    if (dt_is_top(node, "chosen"))
        parse_chosen(parse, node);
    else if (dt_is_top(node, "memory"))
        parse_memory(node);
    else if (dt_is_top(node, "psci"))
        machine.has_psci = dt_is_string(&node->props[DT_METHOD], "smc");
    else if (node->parent && dt_is_top(node->parent, "cpus"))
        parse_cpu(node);
    else if (node->parent && dt_is_top(node->parent, "reserved-memory"))
        parse_reserved(node);
    else
        parse_device(parse, node);
}

/* --- after the walk ------------------------------------------------------------------------ */

/* Keeps which node is at parse->path. */
static void look_for_stdout(void *context, const struct dt_node *node)
{
    struct parse *parse = context;

    if (dt_is_at(node, parse->path, parse->path_length))
        parse->stdout_offset = node->offset;
}

/* Finds the node that /chosen/stdout-path names, options after a colon left out; maybe an alias. */
static void find_stdout(struct parse *parse)
{
    const char *path = parse->stdout_path.value;
    const char *end = path ? memchr(path, '\0', parse->stdout_path.bytes) : NULL;
    const char *colon = end ? memchr(path, ':', (size_t)(end - path)) : NULL;

    if (!end)
        return;
    parse->path = path;
    parse->path_length = (size_t)((colon ? colon : end) - path);
    if (*path != '/') {
        struct dt_prop alias = dt_find(parse->dtb, "aliases", path, parse->path_length);
        if (alias.bytes == 0)
            return;
        parse->path = alias.value;
        parse->path_length = alias.bytes - 1;
    }
    (void)dt_walk(parse->dtb, look_for_stdout, parse);
}

/* The console is the PL011 that stdout-path names, or the first. */
static void choose_uart(struct parse *parse)
{
    uint32_t chosen = 0;

    if (parse->nr_uarts == 0)
        panic("device tree: no arm,pl011 for a console");
    if (parse->nr_uarts > 1)
        find_stdout(parse);
    for (uint32_t i = 0; i < parse->nr_uarts; i++) {
        if (parse->uarts[i].offset == parse->stdout_offset)
            chosen = i;
    }
    machine.uart = parse->uarts[chosen].registers;
    machine.uart_intid = parse->uarts[chosen].intid;
}

static void check(void)
{
    if (machine.nr_memory == 0)
        panic("device tree: no /memory");
    if (machine.uart.bytes == 0)
        panic("device tree: the console's arm,pl011 has no reg");
    if (machine.gic_version == 0)
        panic("device tree: no GICv2 or GICv3");
    if (machine.gicd.bytes == 0)
        panic("device tree: the GIC has no distributor");
    if (machine.gic_version == 2 && (machine.gich.bytes == 0 || machine.gicv.bytes == 0))
        panic("device tree: the GICv2 has no virtual interface");
    if (machine.gic_version == 3 && machine.gicr.bytes == 0)
        panic("device tree: the GICv3 has no redistributors");
}

void machine_tree_parse(const void *dtb, pa_t image)
{
    struct parse parse = {.dtb = dtb};
    uint64_t base;
    uint64_t bytes;

    if (dt_check(dtb, SIZE_MAX) != DT_SOUND)
        panic("device tree: there is none at %p", dtb);
    memset(&machine, 0, sizeof(machine));
    machine.image = (struct pa_range){image, IMAGE_END - IMAGE_START};
    machine.dtb = (struct pa_range){pa_make((uint64_t)(uintptr_t)dtb), fdt_totalsize(dtb)};
    machine.cpu_mpidr[0] = read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
    machine.nr_cpus = 1;

    if (!dt_walk(dtb, parse_node, &parse))
        panic("device tree: its structure is broken");
    for (uint32_t i = 0; dt_reservation(dtb, i, &base, &bytes); i++)
        reserve(base, bytes);
    choose_uart(&parse);
    check();
}
