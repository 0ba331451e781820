/* SPDX-License-Identifier: MIT */
/*
 * Walking a flattened device tree once, with the properties the hypervisor knows at hand. Used for
 * the machine's tree and for those of VMs.
 */
#ifndef CONFIG_DT_H
#define CONFIG_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The properties a walk gathers: DT_PROPS(P) expands P(identifier, name) for each. */
#define DT_PROPS(P)                                                                                \
    P(ADDRESS_CELLS, "#address-cells")                                                             \
    P(SIZE_CELLS, "#size-cells")                                                                   \
    P(COMPATIBLE, "compatible")                                                                    \
    P(DEVICE_TYPE, "device_type")                                                                  \
    P(REG, "reg")                                                                                  \
    P(INTERRUPTS, "interrupts")                                                                    \
    P(STATUS, "status")                                                                            \
    P(METHOD, "method")                                                                            \
    P(BOOTARGS, "bootargs")                                                                        \
    P(STDOUT_PATH, "stdout-path")                                                                  \
    P(INITRD_START, "linux,initrd-start")                                                          \
    P(INITRD_END, "linux,initrd-end")                                                              \
    P(RNG_SEED, "rng-seed")                                                                        \
    P(STILE_MODE, "stile,mode")                                                                    \
    P(STILE_PMU, "stile,pmu")                                                                      \
    P(STILE_PRIVILEGED, "stile,privileged")                                                        \
    P(STILE_WEIGHT, "stile,weight")                                                                \
    P(STILE_AFFINITY, "stile,affinity")

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

struct dt_node {
    const struct dt_node *parent; /* NULL for the root */
    const char *name;             /* with its unit address; "" for the root */
    size_t offset;                /* tells it from others */
    uint32_t address_cells;       /* of the reg of its children; 1 or 2, else 0 */
    uint32_t size_cells;
    struct dt_prop props[DT_NR_PROPS];
};

enum dt_fault {
    DT_SOUND,
    DT_NO_TREE,   /* not a flattened device tree, or of no version known */
    DT_CUT_SHORT, /* its header says that there is more */
};

/**
 * dt_check() - look at a tree's header, which all other functions rely on
 * @bytes: how much there is, at least; SIZE_MAX if nobody knows
 */
enum dt_fault dt_check(const void *fdt, size_t bytes);

/** dt_reservation() - an entry of /memreserve/; false if there are no more than @index */
bool dt_reservation(const void *fdt, uint32_t index, uint64_t *base, uint64_t *bytes);

/**
 * dt_find() - look up one property of a child of the root, without a walk
 * @top: the child's name, with its unit address
 * @name: @length characters, the property's
 *
 * Returns where it is in the tree; its value is NULL if it is not there.
 */
struct dt_prop dt_find(const void *fdt, const char *top, const char *name, size_t length);

/** dt_is_at() - whether a node's path is @path, @length characters; unit addresses may be left out
 */
bool dt_is_at(const struct dt_node *node, const char *path, size_t length);

/** Nodes at this depth and below are not visited; the root's depth is 0. */
#define DT_MAX_DEPTH 3

/**
 * dt_walk() - visit every node, parents first; a node is visited after its properties
 * @fdt:     the tree; 8-byte aligned, DT_SOUND
 * @visit:   called with each node; the node is valid until its subtree has been visited
 * @context: for @visit
 *
 * Returns false if the structure is broken.
 */
typedef void dt_visit_t(void *context, const struct dt_node *node);
bool dt_walk(const void *fdt, dt_visit_t *visit, void *context);

/** Whether the node's name, without its unit address, is @name. */
bool dt_is_named(const struct dt_node *node, const char *name);

/** Whether the node is a child of the root that is named @name. */
bool dt_is_top(const struct dt_node *node, const char *name);

/** Whether the property is the string @text. */
bool dt_is_string(const struct dt_prop *prop, const char *text);

/** Whether @text is one of the node's compatible strings. */
bool dt_is_compatible(const struct dt_node *node, const char *text);

/** Whether the node's status says nothing against using it. */
bool dt_is_okay(const struct dt_node *node);

/** Reads a property of one 32-bit or one 64-bit cell. Returns false if it is neither. */
bool dt_number(const struct dt_prop *prop, uint64_t *out);

/** Reads the node's @index-th address and size. Returns false if it has none. */
bool dt_reg(const struct dt_node *node, uint32_t index, uint64_t *base, uint64_t *bytes);

/** How many addresses and sizes the node has; 0 too if the property is not made of those. */
uint32_t dt_nr_regs(const struct dt_node *node);

/** The node's first interrupt as the GIC numbers it, by the GIC's binding; 0 if it has none. */
uint32_t dt_interrupt(const struct dt_node *node);

#endif
