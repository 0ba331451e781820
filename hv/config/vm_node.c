/* SPDX-License-Identifier: MIT */
/*
 * The node in a VM's tree that says that there is Stile: docs/bindings/stile,hypervisor.yaml.
 */
#include "config/vm_node.h"

#include <libfdt.h>

#include "memory/vm_pages.h"
#include "vm/vgic_state.h"

/* Its unit address is that of the first page. */
#define NODE_NAME "hypervisor@b000000"
_Static_assert(VM_PAGE_IPA == 0x0B000000, "the node's unit address");

/* An interrupt as the GICs' bindings have it: a PPI, its number, rising edge. */
#define GIC_PPI         1
#define GIC_FIRST_PPI   16
#define GIC_EDGE_RISING 1
#define GIC_CELLS_MIN   3
#define GIC_CELLS_MAX   4

#define NODE_RANGES 4
#define MAX_CELLS   2

/* Puts a number into as many cells as numbers have here; returns where the next one goes. */
static fdt32_t *put_number(fdt32_t *to, int cells, uint64_t number)
{
    if (cells == MAX_CELLS)
        *to++ = cpu_to_fdt32((uint32_t)(number >> 32));
    *to++ = cpu_to_fdt32((uint32_t)number);
    return to;
}

static bool put_ranges(const struct vm_config *config, void *tree, int node)
{
    static const char names[] = "vm\0vcpus\0console\0mailboxes";
    const uint64_t ranges[NODE_RANGES][2] = {
        {VM_PAGE_IPA, PAGE_SIZE},
        {VM_VCPU_PAGE_IPA(0), config->nr_vcpus * PAGE_SIZE},
        {VM_RING_IPA, PAGE_SIZE},
        {VM_MAILBOX_IPA(0), config->nr_vcpus * PAGE_SIZE},
    };
    int address_cells = fdt_address_cells(tree, 0), size_cells = fdt_size_cells(tree, 0);
    fdt32_t reg[NODE_RANGES * 2 * MAX_CELLS];
    fdt32_t *end = reg;

    if (address_cells < 1 || address_cells > MAX_CELLS || size_cells < 1 || size_cells > MAX_CELLS)
        return false;
    for (int i = 0; i < NODE_RANGES; i++) {
        end = put_number(end, address_cells, ranges[i][0]);
        end = put_number(end, size_cells, ranges[i][1]);
    }
    return fdt_setprop(tree, node, "reg", reg, (int)((end - reg) * (int)sizeof(reg[0]))) == 0 &&
           fdt_setprop(tree, node, "reg-names", names, sizeof(names)) == 0;
}

/* A cell of a node; 0 if it has no such property of one cell. */
static uint32_t cell_of(const void *tree, int node, const char *name)
{
    int bytes = 0;
    const fdt32_t *cell = fdt_getprop(tree, node, name, &bytes);

    return cell && bytes == sizeof(*cell) ? fdt32_to_cpu(*cell) : 0;
}

/* Where the GIC is the root's interrupt parent, as in most trees; else the node has none. */
static bool put_interrupt(const struct vm_config *config, void *tree, int node)
{
    const fdt32_t interrupt[GIC_CELLS_MAX] = {cpu_to_fdt32(GIC_PPI),
                                              cpu_to_fdt32(VGIC_EVENT_INTID - GIC_FIRST_PPI),
                                              cpu_to_fdt32(GIC_EDGE_RISING)};
    int parent = fdt_node_offset_by_phandle(tree, cell_of(tree, 0, "interrupt-parent"));
    uint32_t cells = parent < 0 ? 0 : cell_of(tree, parent, "#interrupt-cells");

    if (!vm_config_has_gic(config) || cells < GIC_CELLS_MIN || cells > GIC_CELLS_MAX)
        return true;
    return fdt_setprop(tree, node, "interrupts", interrupt, (int)(cells * sizeof(fdt32_t))) == 0;
}

static bool fill(const struct vm_config *config, void *tree, int node)
{
    static const char compatible[] = "stile,hypervisor";
    static const char method[] = "hvc";

    return put_interrupt(config, tree, node) && put_ranges(config, tree, node) &&
           fdt_setprop(tree, node, "method", method, sizeof(method)) == 0 &&
           fdt_setprop(tree, node, "compatible", compatible, sizeof(compatible)) == 0;
}

void vm_node_add(const struct vm_config *config, void *tree)
{
    int node = fdt_add_subnode(tree, 0, NODE_NAME);

    if (node >= 0 && !fill(config, tree, node))
        (void)fdt_del_node(tree, node);
}
