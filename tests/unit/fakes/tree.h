/* SPDX-License-Identifier: MIT */
/*
 * Device trees for tests, written with libfdt: that of a VM as tests/vms/virt.dts has it, with
 * what is to be wrong about it.
 */
#ifndef FAKES_TREE_H
#define FAKES_TREE_H

#include <stdint.h>
#include <string.h>

#include <libfdt.h>

#define TREE_BYTES 8192
#define TREE_NODES 9

/** The most interrupts of a node. */
#define TREE_INTERRUPTS 9

/** What a PCI host bridge has beside its reg, in cells. */
struct tree_pci {
    unsigned nr_windows;
    uint32_t windows[4][7]; /* space, PCI's address, the CPU's, the size */
    unsigned nr_pins;
    unsigned pin_cells;
    uint32_t pins[8][10]; /* address, pin, the GIC's phandle, its address (0 to 2), interrupt */
    unsigned nr_streams;
    uint32_t streams[2][4]; /* requester id, the IOMMU's phandle, stream, how many */
    unsigned nr_msis;
    uint32_t msis[2][4];  /* requester id, the ITS's phandle, DeviceID, how many */
    unsigned nr_physical; /* cells of stile,physical-functions */
    uint32_t physical[9];
    unsigned nr_virtual; /* cells of stile,virtual-functions */
    uint32_t virtuals[5];
};

/** A node of a tree with a reg of 64-bit addresses and sizes. */
struct tree_node {
    const char *name; /* NULL: none */
    const char *compatible;
    const char *status;
    uint64_t reg[8]; /* addresses and sizes in turn */
    unsigned nr_regs;
    uint32_t interrupt[3]; /* all 0: none */
    unsigned nr_more;      /* interrupts of the numbers that follow; not extended */
    uint32_t extended;     /* not 0: the interrupt is one of this phandle's */
    uint32_t phandle;      /* 0: none */
    uint32_t gicr_regions; /* 0: not said, as is the next */
    uint32_t gicr_stride;
    const char *device; /* stile,device; NULL: not said */
    int no_dma;         /* stile,no-dma */
    int trusted_dma;    /* stile,trusted-dma */
    int clocks;
    const char *backend;    /* stile,backend; NULL: not said */
    uint32_t region;        /* memory-region: a phandle; 0: not said */
    uint32_t address_cells; /* 0: not said */
    uint32_t first_msi;     /* arm,msi-base-spi; 0: not said, as is the next */
    uint32_t nr_msis;
    const struct tree_pci *pci;
};

/** A CPU of a tree. */
struct tree_cpu {
    uint64_t reg;
    const char *status;
};

/** A property of the root, of two cells. */
struct tree_number {
    const char *name; /* NULL: none */
    uint64_t value;
};

struct tree {
    const char *mode;
    int pmu; /* 2: stile,pmu-el2 */
    int privileged;
    unsigned nr_quota; /* cells of that; 0: it is empty */
    uint32_t quota[4];
    int has_sve; /* it has stile,sve */
    uint32_t sve_bits;
    uint32_t hv_memory_kib; /* 0: it has no such property */
    int has_sharing;        /* it has stile,weight and stile,affinity */
    uint32_t weight;
    uint64_t affinity;
    int affinity_bytes;
    uint32_t cells[2];         /* of the root */
    uint32_t interrupt_parent; /* of the root: a phandle; 0: not said */
    unsigned nr_cpus;
    uint32_t first_cpu;
    const struct tree_cpu *cpus; /* in place of nr_cpus that count from first_cpu */
    struct tree_number numbers[4];
    unsigned nr_slots; /* nodes of virtio,mmio */
    uint64_t slots[3]; /* the first one's address and size, and how far they are apart */
    int initrd;        /* /chosen has the places for it */
    struct tree_node nodes[TREE_NODES];
};

static const struct tree tree_default = {
    .mode = "assisted",
    .cells = {2, 2},
    .nr_cpus = 2,
    .nodes =
        {
            {.name = "memory@40000000", .reg = {0x40000000, 0x1000000}, .nr_regs = 1},
            {.name = "intc@8000000",
             .compatible = "arm,gic-v3",
             .reg = {0x08000000, 0x10000, 0x080A0000, 0x40000},
             .nr_regs = 2},
            {.name = "pl011@9000000",
             .compatible = "arm,pl011",
             .reg = {0x09000000, 0x1000},
             .nr_regs = 1,
             .interrupt = {0, 1, 4}},
        },
};

static inline void tree_add_string(void *fdt, const char *name, const char *text)
{
    fdt_property(fdt, name, text, (int)strlen(text) + 1);
}

static inline void tree_add_cells(void *fdt, const char *name, const uint32_t cells[], unsigned nr,
                                  unsigned step, unsigned used)
{
    fdt32_t value[80];
    unsigned bytes = 0;

    for (unsigned i = 0; i < nr * step; i++)
        if (i % step < used)
            value[bytes++] = cpu_to_fdt32(cells[i]);
    fdt_property(fdt, name, value, (int)(bytes * sizeof(value[0])));
}

static inline void tree_add_pci(void *fdt, const struct tree_pci *pci)
{
    fdt_property_u32(fdt, "#address-cells", 3);
    fdt_property_u32(fdt, "#size-cells", 2);
    fdt_property_u32(fdt, "#interrupt-cells", 1);
    tree_add_cells(fdt, "ranges", pci->windows[0], pci->nr_windows, 7, 7);
    tree_add_cells(fdt, "interrupt-map", pci->pins[0], pci->nr_pins, 10, pci->pin_cells);
    if (pci->nr_streams > 0)
        tree_add_cells(fdt, "iommu-map", pci->streams[0], pci->nr_streams, 4, 4);
    if (pci->nr_msis > 0)
        tree_add_cells(fdt, "msi-map", pci->msis[0], pci->nr_msis, 4, 4);
    if (pci->nr_physical > 0)
        tree_add_cells(fdt, "stile,physical-functions", pci->physical, pci->nr_physical, 1, 1);
    if (pci->nr_virtual > 0)
        tree_add_cells(fdt, "stile,virtual-functions", pci->virtuals, pci->nr_virtual, 1, 1);
}

static inline void tree_add_node(void *fdt, const struct tree_node *node)
{
    fdt64_t reg[8];
    fdt32_t interrupt[1 + 3 * TREE_INTERRUPTS] = {cpu_to_fdt32(node->extended)};

    for (unsigned i = 0; i < 2 * node->nr_regs; i++)
        reg[i] = cpu_to_fdt64(node->reg[i]);
    for (unsigned i = 0; i < 3 * (1 + node->nr_more); i++)
        interrupt[1 + i] = cpu_to_fdt32(node->interrupt[i % 3] + (i % 3 == 1 ? i / 3 : 0));
    fdt_begin_node(fdt, node->name);
    if (node->compatible)
        tree_add_string(fdt, "compatible", node->compatible);
    if (node->status)
        tree_add_string(fdt, "status", node->status);
    if (node->nr_regs > 0)
        fdt_property(fdt, "reg", reg, (int)(2 * node->nr_regs * sizeof(reg[0])));
    if (node->extended != 0)
        fdt_property(fdt, "interrupts-extended", interrupt, 4 * sizeof(interrupt[0]));
    else if (node->interrupt[1] != 0)
        fdt_property(fdt, "interrupts", interrupt + 1,
                     (int)(3 * (1 + node->nr_more) * sizeof(interrupt[0])));
    if (node->phandle != 0)
        fdt_property_u32(fdt, "phandle", node->phandle);
    if (node->device)
        tree_add_string(fdt, "stile,device", node->device);
    if (node->no_dma)
        fdt_property(fdt, "stile,no-dma", NULL, 0);
    if (node->trusted_dma)
        fdt_property(fdt, "stile,trusted-dma", NULL, 0);
    if (node->clocks)
        fdt_property_u32(fdt, "clocks", 1);
    if (node->backend)
        tree_add_string(fdt, "stile,backend", node->backend);
    if (node->region != 0)
        fdt_property_u32(fdt, "memory-region", node->region);
    if (node->address_cells != 0)
        fdt_property_u32(fdt, "#address-cells", node->address_cells);
    if (node->first_msi != 0)
        fdt_property_u32(fdt, "arm,msi-base-spi", node->first_msi);
    if (node->nr_msis != 0)
        fdt_property_u32(fdt, "arm,msi-num-spis", node->nr_msis);
    if (node->pci)
        tree_add_pci(fdt, node->pci);
    if (node->gicr_regions != 0)
        fdt_property_u32(fdt, "#redistributor-regions", node->gicr_regions);
    if (node->gicr_stride != 0)
        fdt_property_u32(fdt, "redistributor-stride", node->gicr_stride);
    fdt_end_node(fdt);
}

/* @cpus: may be NULL: they count from @first */
static inline void tree_add_cpus(void *fdt, unsigned nr, uint32_t first,
                                 const struct tree_cpu *cpus)
{
    fdt_begin_node(fdt, "cpus");
    fdt_property_u32(fdt, "#address-cells", cpus ? 2 : 1);
    fdt_property_u32(fdt, "#size-cells", 0);
    for (uint32_t i = 0; i < nr; i++) {
        fdt_begin_node(fdt, "cpu");
        tree_add_string(fdt, "device_type", "cpu");
        if (cpus)
            fdt_property_u64(fdt, "reg", cpus[i].reg);
        else
            fdt_property_u32(fdt, "reg", first + i);
        if (cpus && cpus[i].status)
            tree_add_string(fdt, "status", cpus[i].status);
        fdt_end_node(fdt);
    }
    fdt_end_node(fdt);
}

static inline void tree_add_slots(void *fdt, const struct tree *tree)
{
    struct tree_node slot = {.name = "virtio_mmio", .compatible = "virtio,mmio", .nr_regs = 1};

    for (unsigned i = 0; i < tree->nr_slots; i++) {
        slot.reg[0] = tree->slots[0] + i * tree->slots[2];
        slot.reg[1] = tree->slots[1];
        tree_add_node(fdt, &slot);
    }
}

/** Writes the tree to @fdt, of TREE_BYTES, aligned to 8. Returns its length. */
static inline size_t tree_make(void *fdt, const struct tree *tree)
{
    fdt64_t affinity = cpu_to_fdt64(tree->affinity);

    fdt_create(fdt, TREE_BYTES);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    fdt_property_u32(fdt, "#address-cells", tree->cells[0]);
    fdt_property_u32(fdt, "#size-cells", tree->cells[1]);
    if (tree->interrupt_parent)
        fdt_property_u32(fdt, "interrupt-parent", tree->interrupt_parent);
    if (tree->mode)
        tree_add_string(fdt, "stile,mode", tree->mode);
    if (tree->privileged)
        tree_add_cells(fdt, "stile,privileged", tree->quota, tree->nr_quota, 1, 1);
    if (tree->pmu)
        fdt_property(fdt, tree->pmu == 2 ? "stile,pmu-el2" : "stile,pmu", NULL, 0);
    if (tree->has_sve)
        fdt_property_u32(fdt, "stile,sve", tree->sve_bits);
    if (tree->hv_memory_kib)
        fdt_property_u32(fdt, "stile,hv-memory-kib", tree->hv_memory_kib);
    if (tree->has_sharing) {
        fdt_property_u32(fdt, "stile,weight", tree->weight);
        fdt_property(fdt, "stile,affinity", &affinity, tree->affinity_bytes);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (tree->numbers[i].name)
            fdt_property_u64(fdt, tree->numbers[i].name, tree->numbers[i].value);
    }
    fdt_begin_node(fdt, "chosen");
    tree_add_string(fdt, "bootargs", "");
    if (tree->initrd) {
        fdt_property_u64(fdt, "linux,initrd-start", 0);
        fdt_property_u64(fdt, "linux,initrd-end", 0);
    }
    fdt_end_node(fdt);
    tree_add_cpus(fdt, tree->nr_cpus, tree->first_cpu, tree->cpus);
    tree_add_slots(fdt, tree);
    for (unsigned i = 0; i < TREE_NODES; i++) {
        if (tree->nodes[i].name)
            tree_add_node(fdt, &tree->nodes[i]);
    }
    fdt_end_node(fdt);
    fdt_finish(fdt);
    return fdt_totalsize(fdt);
}

#endif
