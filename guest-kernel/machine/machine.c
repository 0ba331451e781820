/* SPDX-License-Identifier: MIT */
/*
 * The device tree, read once, in one pass over its nodes.
 */
#include <libfdt.h>
#include <stddef.h>
#include <string.h>

#include "machine/machine.h"

struct machine machine;

/* An interrupt specifier of the GIC bindings: kind, number, flags. */
#define IRQ_CELLS    3
#define IRQ_KIND_SPI 0

/* The four interrupts of arm,armv8-timer: secure, non-secure, virtual, hypervisor. */
#define TIMER_VIRTUAL 2

static uint64_t read_cells(const fdt32_t *cells, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(cells[i]);
    return value;
}

/* The index'th range of a node's reg, by the cell counts of its parent. */
static struct range read_reg(const void *dtb, int node, int index)
{
    int parent = fdt_parent_offset(dtb, node);
    int address_cells = fdt_address_cells(dtb, parent);
    int size_cells = fdt_size_cells(dtb, parent);
    int bytes = 0;
    const fdt32_t *reg = fdt_getprop(dtb, node, "reg", &bytes);
    struct range range = {0, 0};

    int stride = address_cells + size_cells;
    if (reg && address_cells > 0 && size_cells >= 0 &&
        bytes >= (index + 1) * stride * (int)sizeof(*reg)) {
        range.base = read_cells(reg + index * stride, address_cells);
        range.bytes = read_cells(reg + index * stride + address_cells, size_cells);
    }
    return range;
}

/* The index'th interrupt of a node, as the GIC numbers it; 0 if there is none. */
static uint32_t read_interrupt(const void *dtb, int node, int index)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(dtb, node, "interrupts", &bytes);

    if (!cells || bytes < (index + 1) * IRQ_CELLS * (int)sizeof(*cells))
        return 0;
    cells += index * IRQ_CELLS;
    return fdt32_to_cpu(cells[1]) + (fdt32_to_cpu(cells[0]) == IRQ_KIND_SPI ? 32 : 16);
}

static bool is_in_use(const void *dtb, int node)
{
    const char *status = fdt_getprop(dtb, node, "status", NULL);

    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static void parse_gicv2(const void *dtb, int node)
{
    machine.gic_version = 2;
    machine.gicd = read_reg(dtb, node, 0);
    machine.gicc = read_reg(dtb, node, 1);
}

static void parse_gicv3(const void *dtb, int node)
{
    machine.gic_version = 3;
    machine.gicd = read_reg(dtb, node, 0);
    machine.gicr = read_reg(dtb, node, 1);
}

static void parse_uart(const void *dtb, int node)
{
    if (machine.uart.bytes != 0 || !is_in_use(dtb, node))
        return;
    machine.uart = read_reg(dtb, node, 0);
    machine.uart_intid = read_interrupt(dtb, node, 0);
}

static void parse_gpio(const void *dtb, int node)
{
    machine.gpio = read_reg(dtb, node, 0);
    machine.gpio_intid = read_interrupt(dtb, node, 0);
}

static void parse_msi(const void *dtb, int node)
{
    machine.msi = read_reg(dtb, node, 0);
}

static void parse_slot(const void *dtb, int node)
{
    if (machine.nr_slots == MACHINE_MAX_SLOTS)
        return;
    machine.slots[machine.nr_slots].registers = read_reg(dtb, node, 0);
    machine.slots[machine.nr_slots].intid = read_interrupt(dtb, node, 0);
    machine.nr_slots++;
}

/* IEEE 1275's PCI binding: of three cells, the first says what kind of space, and which slot. */
#define PCI_CELLS        3
#define PCI_SPACE        0x03000000u
#define PCI_SPACE_MEMORY 0x02000000u
#define PCI_SLOT(cell)   ((cell) >> 11 & 31)

static void parse_window(const void *dtb, int node)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(dtb, node, "ranges", &bytes);
    int outer = fdt_address_cells(dtb, fdt_parent_offset(dtb, node));
    int inner = fdt_size_cells(dtb, node);
    int step = PCI_CELLS + outer + inner;

    for (; cells && bytes >= step * (int)sizeof(*cells); bytes -= step * (int)sizeof(*cells)) {
        if ((fdt32_to_cpu(cells[0]) & PCI_SPACE) == PCI_SPACE_MEMORY) {
            machine.pci.window_pci = read_cells(cells + 1, PCI_CELLS - 1);
            machine.pci.window.base = read_cells(cells + PCI_CELLS, outer);
            machine.pci.window.bytes = read_cells(cells + PCI_CELLS + outer, inner);
        }
        cells += step;
    }
}

/* Of slot, pin, controller, its address, interrupt. */
static void parse_interrupt_map(const void *dtb, int node)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(dtb, node, "interrupt-map", &bytes);

    while (cells && bytes > (PCI_CELLS + 2) * (int)sizeof(*cells)) {
        int gic = fdt_node_offset_by_phandle(dtb, fdt32_to_cpu(cells[PCI_CELLS + 1]));
        const fdt32_t *address = fdt_getprop(dtb, gic, "#address-cells", NULL);
        int before = PCI_CELLS + 2 + (address ? (int)fdt32_to_cpu(*address) : 0);
        int step = before + IRQ_CELLS;
        uint32_t line = PCI_SLOT(fdt32_to_cpu(cells[0])) + fdt32_to_cpu(cells[PCI_CELLS]) - 1;

        if (bytes >= step * (int)sizeof(*cells))
            machine.pci.intids[line % 4] = fdt32_to_cpu(cells[before + 1]) + 32;
        cells += step;
        bytes -= step * (int)sizeof(*cells);
    }
}

static void parse_pci(const void *dtb, int node)
{
    machine.pci.config = read_reg(dtb, node, 0);
    parse_window(dtb, node);
    parse_interrupt_map(dtb, node);
}

static void parse_timer(const void *dtb, int node)
{
    machine.timer_intid = read_interrupt(dtb, node, TIMER_VIRTUAL);
}

static void parse_psci(const void *dtb, int node)
{
    const char *method = fdt_getprop(dtb, node, "method", NULL);

    if (method && strcmp(method, "hvc") == 0)
        machine.psci = PSCI_METHOD_HVC;
    else if (method && strcmp(method, "smc") == 0)
        machine.psci = PSCI_METHOD_SMC;
}

static const struct {
    const char *compatible;
    void (*parse)(const void *dtb, int node);
} devices[] = {
    {"arm,cortex-a15-gic", parse_gicv2},  {"arm,gic-400", parse_gicv2},
    {"arm,gic-v3", parse_gicv3},          {"arm,pl011", parse_uart},
    {"arm,armv8-timer", parse_timer},     {"arm,psci-1.0", parse_psci},
    {"arm,psci-0.2", parse_psci},         {"arm,pl061", parse_gpio},
    {"arm,gic-v2m-frame", parse_msi},     {"virtio,mmio", parse_slot},
    {"pci-host-ecam-generic", parse_pci},
};

static void parse_device(const void *dtb, int node)
{
    int bytes = 0;
    const char *compatible = fdt_getprop(dtb, node, "compatible", &bytes);

    if (!compatible)
        return;
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (fdt_stringlist_contains(compatible, bytes, devices[i].compatible)) {
            devices[i].parse(dtb, node);
            return;
        }
    }
}

/* In ascending order: the first CPU is the one that boots. */
static void add_cpu(uint64_t mpidr)
{
    uint32_t at = machine.nr_cpus++;

    for (; at > 0 && machine.mpidr[at - 1] > mpidr; at--)
        machine.mpidr[at] = machine.mpidr[at - 1];
    machine.mpidr[at] = mpidr;
}

static void parse_typed(const void *dtb, int node, const char *type)
{
    if (strcmp(type, "memory") == 0) {
        for (int i = 0; machine.nr_memory < MACHINE_MAX_MEMORY; i++) {
            struct range range = read_reg(dtb, node, i);
            if (range.bytes == 0)
                return;
            machine.memory[machine.nr_memory++] = range;
        }
    } else if (strcmp(type, "cpu") == 0 && machine.nr_cpus < NR_CPUS) {
        if (is_in_use(dtb, node))
            add_cpu(read_reg(dtb, node, 0).base);
    }
}

static uint64_t read_address(const void *dtb, int node, const char *name)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(dtb, node, name, &bytes);

    return cells ? read_cells(cells, bytes / (int)sizeof(*cells)) : 0;
}

static void parse_chosen(const void *dtb)
{
    int chosen = fdt_path_offset(dtb, "/chosen");
    if (chosen < 0)
        return;

    const char *bootargs = fdt_getprop(dtb, chosen, "bootargs", NULL);
    if (bootargs)
        memcpy(machine.bootargs, bootargs, strnlen(bootargs, sizeof(machine.bootargs) - 1));

    uint64_t start = read_address(dtb, chosen, "linux,initrd-start");
    uint64_t end = read_address(dtb, chosen, "linux,initrd-end");
    if (end > start)
        machine.initrd = (struct range){start, end - start};
    machine_reserve(machine.initrd.base, machine.initrd.bytes);
}

static void parse_reserved(const void *dtb)
{
    for (int i = 0; i < fdt_num_mem_rsv(dtb); i++) {
        uint64_t base = 0;
        uint64_t bytes = 0;
        if (fdt_get_mem_rsv(dtb, i, &base, &bytes) == 0)
            machine_reserve(base, bytes);
    }
}

void machine_reserve(uint64_t base, uint64_t bytes)
{
    if (bytes != 0 && machine.nr_reserved < MACHINE_MAX_RESERVED)
        machine.reserved[machine.nr_reserved++] = (struct range){base, bytes};
}

const char *machine_parse(const void *dtb)
{
    if (fdt_check_header(dtb) != 0)
        return "no device tree in x0";

    int node = fdt_next_node(dtb, -1, NULL);
    for (; node >= 0; node = fdt_next_node(dtb, node, NULL)) {
        const char *type = fdt_getprop(dtb, node, "device_type", NULL);
        if (type)
            parse_typed(dtb, node, type);
        parse_device(dtb, node);
    }
    parse_chosen(dtb);
    parse_reserved(dtb);

    if (machine.nr_memory == 0)
        return "no memory in the device tree";
    if (machine.nr_cpus == 0)
        return "no CPU in the device tree";
    return NULL;
}

static size_t length_of_word(const char *word)
{
    const char *end = strchr(word, ' ');

    return end ? (size_t)(end - word) : strlen(word);
}

/* The first word of the command line that begins with @start, or is @start; NULL if none does. */
static const char *find_word(const char *start, bool whole)
{
    size_t length = strlen(start);

    for (const char *word = machine.bootargs; *word != '\0';) {
        size_t word_length = length_of_word(word);
        if (strncmp(word, start, length) == 0 && (!whole || word_length == length))
            return word;
        word += word_length;
        while (*word == ' ')
            word++;
    }
    return NULL;
}

bool machine_option(const char *option)
{
    return find_word(option, true) != NULL;
}

const char *machine_option_value(const char *prefix)
{
    const char *word = find_word(prefix, false);

    return word ? word + strlen(prefix) : NULL;
}
