/* SPDX-License-Identifier: MIT */
/*
 * What the readers of the machine's tree and of VMs' trees share: a walk that knows each node's
 * parents, and the properties whose meaning depends on those (reg, ranges, status, interrupts).
 *
 * libfdt finds every tag. What is built on its fdt_next_tag() here is one pass, which libfdt lacks:
 * its lookups by name begin anew at the node each time, which for the machine's tree took as long
 * as the rest of a boot. libfdt is the package's, compiled without the hypervisor's register rule
 * (hv/build.mk): once a guest has run, it is called by way of plain_abi_call() alone. Nothing here
 * writes to a tree.
 */
#ifndef CONFIG_DT_H
#define CONFIG_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libfdt.h>

/*
 * The properties a walk gathers: DT_PROPS(P) expands P(identifier, name) for each. Those that most
 * nodes have come first, which is where the walk looks first.
 */
#define DT_PROPS(P)                                                                                \
    P(COMPATIBLE, "compatible")                                                                    \
    P(REG, "reg")                                                                                  \
    P(INTERRUPTS, "interrupts")                                                                    \
    P(STATUS, "status")                                                                            \
    P(PHANDLE, "phandle")                                                                          \
    P(DEVICE_TYPE, "device_type")                                                                  \
    P(RANGES, "ranges")                                                                            \
    P(ADDRESS_CELLS, "#address-cells")                                                             \
    P(SIZE_CELLS, "#size-cells")                                                                   \
    P(INTERRUPT_CELLS, "#interrupt-cells")                                                         \
    P(INTERRUPTS_EXTENDED, "interrupts-extended")                                                  \
    P(INTERRUPT_PARENT, "interrupt-parent")                                                        \
    P(INTERRUPT_NAMES, "interrupt-names")                                                          \
    P(INTERRUPT_MAP, "interrupt-map")                                                              \
    P(IOMMU_MAP, "iommu-map")                                                                      \
    P(IOMMUS, "iommus")                                                                            \
    P(REDISTRIBUTOR_REGIONS, "#redistributor-regions")                                             \
    P(REDISTRIBUTOR_STRIDE, "redistributor-stride")                                                \
    P(METHOD, "method")                                                                            \
    P(BOOTARGS, "bootargs")                                                                        \
    P(STDOUT_PATH, "stdout-path")                                                                  \
    P(INITRD_START, "linux,initrd-start")                                                          \
    P(INITRD_END, "linux,initrd-end")                                                              \
    P(RNG_SEED, "rng-seed")                                                                        \
    P(STILE_MODE, "stile,mode")                                                                    \
    P(STILE_PMU, "stile,pmu")                                                                      \
    P(STILE_PMU_EL2, "stile,pmu-el2")                                                              \
    P(STILE_PRIVILEGED, "stile,privileged")                                                        \
    P(STILE_WEIGHT, "stile,weight")                                                                \
    P(STILE_AFFINITY, "stile,affinity")                                                            \
    P(STILE_HV_MEMORY, "stile,hv-memory-kib")                                                      \
    P(STILE_KERNEL_ADDRESS, "stile,kernel-address")                                                \
    P(STILE_KERNEL_BYTES, "stile,kernel-bytes")                                                    \
    P(STILE_KERNEL_ENTRY, "stile,kernel-entry")                                                    \
    P(STILE_DTB_ADDRESS, "stile,dtb-address")                                                      \
    P(STILE_SVE, "stile,sve")                                                                      \
    P(STILE_DEVICE, "stile,device")                                                                \
    P(STILE_NO_DMA, "stile,no-dma")                                                                \
    P(STILE_TRUSTED_DMA, "stile,trusted-dma")

enum dt_prop_index {
#define DT_PROP_ENUM(identifier, name) DT_##identifier,
    DT_PROPS(DT_PROP_ENUM)
#undef DT_PROP_ENUM
        DT_NR_PROPS
};

/** value is NULL if the node does not have the property. */
struct dt_prop {
    const void *value;
    uint32_t bytes;
};

/** A node while it is visited. */
struct dt_node {
    const void *fdt;
    int offset;                   /* libfdt's; tells it from others */
    const struct dt_node *parent; /* NULL for the root */
    const char *name;             /* with its unit address; "" for the root */
    uint32_t *looks_left;         /* the walk's: at how many entries of ranges it may look */
    uint32_t props[DT_NR_PROPS];  /* where in the tree their values are; 0: it does not have it */
};

enum dt_fault {
    DT_SOUND,
    DT_NO_TREE,   /* not a flattened device tree, or of no version that libfdt knows */
    DT_CUT_SHORT, /* its header says that there is more */
    DT_BROKEN,    /* blocks, tags or names are not where they should be */
};

/** dt_is_tree() - whether there is a tree that can be walked, by its header alone */
bool dt_is_tree(const void *fdt);

/** dt_check() - look at all of a tree of @bytes that nobody vouches for: fdt_check_full() */
enum dt_fault dt_check(const void *fdt, size_t bytes);

/** The longest name of a property that a tree of a VM's may have: Linux's are half of that. */
#define DT_NAME_MAX 63u

/**
 * dt_has_short_names() - whether no property's name is longer than DT_NAME_MAX
 * @fdt: 8-byte aligned
 *
 * For what is to be read fast, whoever has made it: libfdt looks for the end of its name at each
 * property. Calls nothing of libfdt's. What has no block of names passes: dt_check() refuses that.
 */
bool dt_has_short_names(const void *fdt, size_t bytes);

/** Nodes at this depth and below are not visited; the root's depth is 0. */
#define DT_MAX_DEPTH 8

/**
 * dt_walk() - visit every node, parents first; a node is visited after its properties
 * @fdt:     the tree: dt_is_tree()
 * @visit:   called with each node; the node and its parents are valid until it returns
 * @context: for @visit
 *
 * Returns false if the structure is broken.
 */
typedef void dt_visit_t(void *context, const struct dt_node *node);
bool dt_walk(const void *fdt, dt_visit_t *visit, void *context);

/**
 * dt_walk_some() - the same of a tree that nobody vouches for
 * @nr_looks: at how many entries of ranges it looks: each address on a bus is looked up among all
 *            that its buses have, which may be millions
 *
 * Returns false also if these were not enough.
 */
bool dt_walk_some(const void *fdt, dt_visit_t *visit, void *context, uint32_t nr_looks);

/** dt_prop() - a property of a node */
static inline struct dt_prop dt_prop(const struct dt_node *node, enum dt_prop_index index)
{
    uint32_t at = node->props[index];
    const struct fdt_property *prop;

    if (at == 0)
        return (struct dt_prop){NULL, 0};
    prop = (const void *)((const char *)node->fdt + (at - offsetof(struct fdt_property, data)));
    return (struct dt_prop){prop->data, fdt32_ld(&prop->len)};
}

/** dt_rare_prop() - the same for one that the walk does not gather: it is looked for, by libfdt */
struct dt_prop dt_rare_prop(const struct dt_node *node, const char *name);

/** Whether the node's name, without its unit address, is @name. */
bool dt_is_named(const struct dt_node *node, const char *name);

/** Whether the node is a child of the root that is named @name. */
bool dt_is_top(const struct dt_node *node, const char *name);

/** Whether the node is a child of the root that describes memory. */
bool dt_is_memory(const struct dt_node *node);

/** Whether the property is the string @text. */
bool dt_is_string(struct dt_prop prop, const char *text);

/**
 * dt_compatible() - which of @names the node is compatible with
 * @nr: of @names
 *
 * The node's most specific one that is among them; @nr if there is none.
 */
uint32_t dt_compatible(const struct dt_node *node, const char *const names[], uint32_t nr);

/** Whether the statuses of the node and of the buses it is on say nothing against using it. */
bool dt_is_okay(const struct dt_node *node);

/** Reads a property of one 32-bit or one 64-bit cell. Returns false if it is neither. */
bool dt_number(struct dt_prop prop, uint64_t *out);

/** dt_number_at() - the number that is @cells cells, 0 to 2, from the @index-th on, which are there
 */
uint64_t dt_number_at(struct dt_prop prop, uint32_t index, uint32_t cells);

/** How many cells the addresses and sizes of a node's children have. */
struct dt_cells {
    uint32_t address;
    uint32_t size;
};

/** dt_cells() - read them; UINT32_MAX stands for what is no number */
struct dt_cells dt_cells(const struct dt_node *bus);

/** Whether the addresses and sizes of the node's children are of 1 or 2 cells each. */
bool dt_has_cells(const struct dt_node *node);

/** How many addresses and sizes the node has; 0 too if the property is not made of those. */
uint32_t dt_nr_regs(const struct dt_node *node);

/** Reads the node's @index-th address and size as they are. Returns false if it has none. */
bool dt_reg(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes);

/**
 * dt_address() - where a device's registers are for the CPU
 *
 * As dt_reg(), and translated by the ranges of the buses that the node is on. Returns false, too,
 * if one of those does not pass the address on.
 */
bool dt_address(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes);

/** dt_phandle() - by which others name the node; 0: none does */
uint32_t dt_phandle(const struct dt_node *node);

/** The windows of a PCI host bridge (IEEE 1275's PCI binding): the kinds of space behind them. */
#define DT_PCI_SPACE                                                                               \
    UINT32_C(0x43000000) /* configuration, I/O, memory of 32 or 64 bits; prefetch */

/** One of them: from where it is for the CPU to where it is for PCI. */
struct dt_window {
    uint32_t space; /* bits of DT_PCI_SPACE */
    uint64_t pci;
    uint64_t base;
    uint64_t bytes;
};

/** dt_window() - the @index-th window of a bridge, of no bytes if no bus passes it on; false: none
 */
bool dt_window(const struct dt_node *bridge, uint32_t index, struct dt_window *out);

/** Streams of an IOMMU, and whose they are: the node's, or those of PCI's requester ids. */
struct dt_streams {
    uint32_t iommu; /* a phandle; 0: the node has no IOMMU */
    uint32_t id;    /* of a map: the first requester id */
    uint32_t first;
    uint32_t nr;
    bool has_more; /* it has others, too */
};

/** dt_msis() - those of a bridge's msi-map, in the same words; none with a mask */
struct dt_streams dt_msis(const struct dt_node *node);

/** dt_streams() - the streams of a device, or the first of a bridge's iommu-map */
struct dt_streams dt_streams(const struct dt_node *node);

/**
 * The interrupts of a node, or those of its interrupt-map, of the devices that are behind it; to be
 * told once the interrupt controller is known.
 */
struct dt_interrupts {
    struct dt_prop cells; /* of interrupts-extended, interrupts or interrupt-map */
    uint32_t key;         /* of a map: how many cells tell whose it is, with which each begins */
    bool extended;        /* each then has its controller's phandle; and in a map its address */
    uint32_t controller;  /* the phandle of the controller of all; 0 if nobody says */
};

/** The interrupt controller; all 0 if there is none, which is taken for one of three cells. */
struct dt_gic {
    uint32_t phandle; /* 0 if it has none */
    uint32_t cells;   /* of an interrupt: 3 or more */
    uint32_t address; /* cells of an address of it, in a map: 0 to 2 */
};

struct dt_interrupts dt_interrupts(const struct dt_node *node);

/** dt_interrupt_map() - those of a node's interrupt-map alone; no cells if it has none */
struct dt_interrupts dt_interrupt_map(const struct dt_node *node);

struct dt_gic dt_gic(const struct dt_node *node);

/**
 * dt_intid() - the @index-th of a node's interrupts as the GIC numbers it, by the GIC's binding
 *
 * 0 if there is none, or if it is not an SPI or PPI of @gic.
 */
uint32_t dt_intid(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t index);

/** dt_nr_interrupts() - how many interrupts a node has, if all are @gic's */
uint32_t dt_nr_interrupts(const struct dt_interrupts *from, const struct dt_gic *gic);

/**
 * dt_may_have_spi() - whether one of a node's interrupts is, or can be taken for, an SPI
 * @intid: the SPI, of @gic
 *
 * Of interrupts-extended the other controllers' cells are not known: true if they could be it.
 */
bool dt_may_have_spi(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t intid);

/** dt_has_key() - whether the @index-th of two maps is the same device's */
bool dt_has_key(const struct dt_interrupts *a, const struct dt_interrupts *b,
                const struct dt_gic *gic_of_a, const struct dt_gic *gic_of_b, uint32_t index);

/** dt_is_edge() - whether that interrupt, which has an INTID, is an edge; else it is a level */
bool dt_is_edge(const struct dt_interrupts *from, const struct dt_gic *gic, uint32_t index);

/** What dt_each_reserved() calls for each range. */
typedef void dt_range_t(void *context, uint64_t base, uint64_t bytes);

/** dt_each_reservation() - call @take for each entry of /memreserve/ */
void dt_each_reservation(const void *fdt, dt_range_t *take, void *context);

/**
 * dt_each_reserved() - call @take for each range of a node, if that is a child of /reserved-memory
 *
 * Not for a node that is not in use, nor for one without reg, whose place the kernel chooses.
 * Returns whether the node is such a child.
 */
bool dt_each_reserved(const struct dt_node *node, dt_range_t *take, void *context);

#endif
