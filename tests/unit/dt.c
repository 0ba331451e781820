/* SPDX-License-Identifier: MIT */
/*
 * config/dt.c: the walk itself, on trees at the exact end of their memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fakes/tree.h"

#include "config/dt.c"

#include "ktf.h"

KTF_SUITE(dt);

static uint64_t buffer[TREE_BYTES / 8];
static char seen[512];

static unsigned nr_ranges;

static void count_range(void *context, uint64_t base, uint64_t bytes)
{
    unsigned *nr = context;

    (void)base;
    EXPECT_GT(bytes, 0);
    ++*nr;
}

static void look(void *context, const struct dt_node *node)
{
    static const char *const names[] = {"arm,pl011", "arm,gic-v3"};
    struct dt_interrupts interrupts = dt_interrupts(node);
    struct dt_gic gic = dt_gic(node);
    uint64_t base;
    uint64_t bytes;
    uint64_t number;
    unsigned *nr = context;

    ++*nr;
    if (strlen(seen) + strlen(node->name) + 2 < sizeof(seen))
        sprintf(seen + strlen(seen), "%s ", node->name);
    (void)dt_is_named(node, "memory");
    (void)dt_is_top(node, "chosen");
    (void)dt_is_memory(node);
    (void)dt_compatible(node, names, 2);
    (void)dt_is_okay(node);
    (void)dt_has_cells(node);
    (void)dt_each_reserved(node, count_range, &nr_ranges);
    for (uint32_t i = 0; i < 4; i++)
        (void)dt_intid(&interrupts, &gic, i);
    for (uint32_t i = 0; i < dt_nr_regs(node); i++) {
        EXPECT_TRUE(dt_reg(node, i, &base, &bytes));
        (void)dt_address(node, i, &base, &bytes);
    }
    EXPECT_FALSE(dt_reg(node, dt_nr_regs(node), &base, &bytes));
    for (unsigned i = 0; i < DT_NR_PROPS; i++) {
        (void)dt_number(dt_prop(node, i), &number);
        (void)dt_is_string(dt_prop(node, i), "okay");
    }
}

/* Walks a copy of exact size. */
static bool walk(size_t bytes, unsigned *nr)
{
    void *copy = malloc(bytes);
    bool is_whole = false;

    memcpy(copy, buffer, bytes);
    *nr = 0;
    seen[0] = '\0';
    if (dt_check(copy, bytes) == DT_SOUND) {
        is_whole = dt_walk(copy, look, nr);
        dt_each_reservation(copy, count_range, &nr_ranges);
    }
    free(copy);
    return is_whole;
}

KTF_TEST(dt, every_node_is_visited_parents_first)
{
    unsigned nr;

    EXPECT_TRUE(walk(tree_make(buffer, &tree_default), &nr));
    EXPECT_STREQ(seen, " chosen cpus cpu cpu memory@40000000 intc@8000000 pl011@9000000 ");
    EXPECT_EQ(nr, 8);
}

KTF_TEST(dt, nodes_that_are_too_deep_are_left_out)
{
    unsigned nr;

    fdt_create(buffer, TREE_BYTES);
    fdt_finish_reservemap(buffer);
    for (unsigned i = 0; i < DT_MAX_DEPTH + 3; i++) {
        fdt_begin_node(buffer, i > 0 ? "inner" : "");
        tree_add_string(buffer, "status", "disabled");
    }
    for (unsigned i = 0; i < DT_MAX_DEPTH + 3; i++)
        fdt_end_node(buffer);
    fdt_finish(buffer);
    EXPECT_TRUE(walk(fdt_totalsize(buffer), &nr));
    EXPECT_EQ(nr, DT_MAX_DEPTH);
}

/* What a visitor found out about the node named "node". */
static struct {
    bool is_okay;
    uint32_t nr_regs;
    uint64_t base;
    uint64_t bytes;
    uint32_t interrupt;
    uint32_t compatible;
} found;

static void find_out(void *context, const struct dt_node *node)
{
    static const char *const names[] = {"c", "b", "a"};
    struct dt_interrupts interrupts;

    (void)context;
    if (!dt_is_top(node, "node"))
        return;
    found.is_okay = dt_is_okay(node);
    found.nr_regs = dt_nr_regs(node);
    (void)dt_reg(node, 0, &found.base, &found.bytes);
    interrupts = dt_interrupts(node);
    found.interrupt = dt_intid(&interrupts, &(struct dt_gic){0}, 0);
    found.compatible = dt_compatible(node, names, 3);
}

static void walk_node(uint32_t address_cells, uint32_t size_cells, const void *reg, int reg_bytes)
{
    static const uint32_t ppi[3] = {0x01000000, 0x0B000000, 0x04000000};

    fdt_create(buffer, TREE_BYTES);
    fdt_finish_reservemap(buffer);
    fdt_begin_node(buffer, "");
    fdt_property_u32(buffer, "#address-cells", address_cells);
    fdt_property_u32(buffer, "#size-cells", size_cells);
    fdt_begin_node(buffer, "node@1");
    fdt_property(buffer, "compatible", "a\0b", 4);
    fdt_property(buffer, "reg", reg, reg_bytes);
    fdt_property(buffer, "interrupts", ppi, sizeof(ppi));
    tree_add_string(buffer, "status", "okay");
    fdt_end_node(buffer);
    fdt_end_node(buffer);
    fdt_finish(buffer);
    memset(&found, 0, sizeof(found));
    EXPECT_TRUE(dt_walk(buffer, find_out, NULL));
}

KTF_TEST(dt, cells_make_numbers)
{
    static const uint8_t reg[] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4};

    walk_node(2, 2, reg, 16);
    EXPECT_EQ(found.nr_regs, 1);
    EXPECT_EQ(found.base, 0x100000002);
    EXPECT_EQ(found.bytes, 0x300000004);
    EXPECT_EQ(found.interrupt, 27);
    EXPECT_TRUE(found.is_okay);
    EXPECT_EQ(found.compatible, 2); /* the node's first, not the list's */
    walk_node(1, 1, reg, 16);
    EXPECT_EQ(found.nr_regs, 2);
    EXPECT_EQ(found.base, 1);
    EXPECT_EQ(found.bytes, 2);
    walk_node(2, 1, reg, 12);
    EXPECT_EQ(found.base, 0x100000002);
    EXPECT_EQ(found.bytes, 3);
    walk_node(1, 0, reg, 4);
    EXPECT_EQ(found.base, 1);
    EXPECT_EQ(found.bytes, 0);
    walk_node(2, 2, reg, 12); /* not whole */
    EXPECT_EQ(found.nr_regs, 0);
    walk_node(3, 1, reg, 16); /* more than the hypervisor takes */
    EXPECT_EQ(found.nr_regs, 0);
}

KTF_TEST(dt, it_may_be_cut_anywhere)
{
    size_t whole = tree_make(buffer, &tree_default);
    unsigned nr;

    for (size_t bytes = 1; bytes < whole; bytes++)
        EXPECT_FALSE(walk(bytes, &nr));
    /* The header may say so too. */
    uint32_t bytes_of_tags = fdt_size_dt_struct(buffer);

    for (uint32_t bytes = 0; bytes < bytes_of_tags; bytes += 4) {
        tree_make(buffer, &tree_default);
        fdt_set_size_dt_struct(buffer, bytes);
        EXPECT_FALSE(walk(whole, &nr));
        EXPECT_FALSE(dt_walk(buffer, look, &nr) && bytes < bytes_of_tags - 4);
    }
}

KTF_TEST(dt, every_bit_may_be_wrong)
{
    size_t bytes = tree_make(buffer, &tree_default);
    unsigned char *tree = (unsigned char *)buffer;
    unsigned nr;

    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
        (void)walk(bytes, &nr);
        tree[bit / 8] = (unsigned char)(tree[bit / 8] ^ 1 << bit % 8);
    }
    EXPECT_TRUE(walk(bytes, &nr));
}

KTF_TEST(dt, the_header_is_checked)
{
    static const struct {
        size_t offset;
        uint32_t value;
    } wrong[] = {
        {offsetof(struct fdt_header, magic), 0xD00DFEEE},
        {offsetof(struct fdt_header, version), 15},
        {offsetof(struct fdt_header, last_comp_version), 18},
        {offsetof(struct fdt_header, off_dt_struct), 0},
        {offsetof(struct fdt_header, off_dt_struct), 0xFFFFFFFC},
        {offsetof(struct fdt_header, size_dt_struct), 0xFFFFFFFC},
        {offsetof(struct fdt_header, off_dt_strings), 0x80000000},
        {offsetof(struct fdt_header, size_dt_strings), 0x80000000},
        {offsetof(struct fdt_header, off_mem_rsvmap), 0xFFFFFFF8},
    };
    size_t bytes = tree_make(buffer, &tree_default);

    EXPECT_EQ(dt_check(buffer, bytes), DT_SOUND);
    EXPECT_EQ(dt_check(buffer, bytes - 1), DT_CUT_SHORT);
    EXPECT_EQ(dt_check(buffer, 3), DT_CUT_SHORT);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        bytes = tree_make(buffer, &tree_default);
        fdt32_st((char *)buffer + wrong[i].offset, wrong[i].value);
        EXPECT_EQ(dt_check(buffer, bytes), DT_NO_TREE);
    }
}

/* --- buses --------------------------------------------------------------------------------- */

static void add_cells(const char *name, const uint32_t *cells, unsigned nr)
{
    fdt32_t value[32];

    for (unsigned i = 0; i < nr; i++)
        value[i] = cpu_to_fdt32(cells[i]);
    fdt_property(buffer, name, value, (int)(nr * sizeof(*value)));
}

#define CELLS(name, ...)                                                                           \
    add_cells(name, (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

static void begin_bus(const char *name, uint32_t address_cells, uint32_t size_cells)
{
    fdt_begin_node(buffer, name);
    fdt_property_u32(buffer, "#address-cells", address_cells);
    fdt_property_u32(buffer, "#size-cells", size_cells);
}

static void begin_tree(void)
{
    fdt_create(buffer, TREE_BYTES);
    fdt_add_reservemap_entry(buffer, 0x1000, 0x2000);
    fdt_finish_reservemap(buffer);
    begin_bus("", 2, 2);
}

static void end_nodes(unsigned nr)
{
    while (nr-- > 0)
        fdt_end_node(buffer);
}

/* What dt_address() says of the node "device". */
static struct {
    bool is_there;
    bool is_okay;
    uint64_t base;
    uint64_t bytes;
} device;

static void look_at_device(void *context, const struct dt_node *node)
{
    (void)context;
    if (!dt_is_named(node, "device"))
        return;
    device.is_there = dt_address(node, 0, &device.base, &device.bytes);
    device.is_okay = dt_is_okay(node);
}

static void finish_and_walk(dt_visit_t *visit)
{
    fdt_finish(buffer);
    ASSERT_EQ(dt_check(buffer, fdt_totalsize(buffer)), DT_SOUND);
    ASSERT_TRUE(dt_walk(buffer, visit, NULL));
}

/* A device at @base of an inner bus, that of an outer bus's 0x100 to 0x1FF, that of 0x9000000 on.
 */
static void walk_buses(uint32_t base, uint32_t bytes, const char *outer_status)
{
    begin_tree();
    begin_bus("outer", 1, 1);
    CELLS("ranges", 0x500, 0, 0x7000000, 0x100, 0x100, 0, 0x9000000, 0x1000);
    if (outer_status)
        tree_add_string(buffer, "status", outer_status);
    begin_bus("inner@100", 1, 1);
    CELLS("ranges", 0, 0x100, 0x100);
    fdt_begin_node(buffer, "device@0");
    CELLS("reg", base, bytes);
    end_nodes(4);
    finish_and_walk(look_at_device);
}

KTF_TEST(dt, buses_translate_addresses)
{
    walk_buses(0x10, 0x20, NULL);
    EXPECT_TRUE(device.is_there);
    EXPECT_EQ(device.base, 0x9000010);
    EXPECT_EQ(device.bytes, 0x20);
    walk_buses(0xF0, 0x10, NULL);
    EXPECT_TRUE(device.is_there);
    walk_buses(0xF0, 0x11, NULL); /* not all of it is passed on */
    EXPECT_FALSE(device.is_there);
    walk_buses(0x100, 0, NULL);
    EXPECT_FALSE(device.is_there);
}

KTF_TEST(dt, nothing_on_a_bus_that_is_off_is_okay)
{
    walk_buses(0, 1, "okay");
    EXPECT_TRUE(device.is_okay);
    walk_buses(0, 1, "disabled");
    EXPECT_FALSE(device.is_okay);
}

static void walk_bus(int has_ranges, uint32_t address_cells)
{
    begin_tree();
    begin_bus("bus", address_cells, 1);
    if (has_ranges)
        fdt_property(buffer, "ranges", NULL, 0);
    fdt_begin_node(buffer, "device");
    CELLS("reg", 0, 0x9000000, 0x1000);
    end_nodes(3);
    finish_and_walk(look_at_device);
}

KTF_TEST(dt, a_bus_without_ranges_passes_nothing_on)
{
    walk_bus(1, 2);
    EXPECT_TRUE(device.is_there);
    EXPECT_EQ(device.base, 0x9000000);
    walk_bus(0, 2);
    EXPECT_FALSE(device.is_there);
    walk_bus(1, 3); /* a PCI bus: no addresses of 64 bits */
    EXPECT_FALSE(device.is_there);
}

/* --- interrupts ---------------------------------------------------------------------------- */

static struct dt_interrupts seen_interrupts;
static struct dt_gic seen_gic;

static void look_at_interrupts(void *context, const struct dt_node *node)
{
    (void)context;
    if (dt_is_named(node, "device"))
        seen_interrupts = dt_interrupts(node);
    if (dt_is_named(node, "gic"))
        seen_gic = dt_gic(node);
}

/* A device with these interrupts; the root says that they are those of @parent. */
static void walk_interrupts(const char *name, const uint32_t *cells, unsigned nr, uint32_t parent,
                            uint32_t nr_cells)
{
    begin_tree();
    if (parent)
        fdt_property_u32(buffer, "interrupt-parent", parent);
    begin_bus("bus", 1, 1);
    fdt_begin_node(buffer, "device");
    add_cells(name, cells, nr);
    end_nodes(2);
    fdt_begin_node(buffer, "gic");
    fdt_property_u32(buffer, "phandle", 7);
    fdt_property_u32(buffer, "#interrupt-cells", nr_cells);
    end_nodes(2);
    finish_and_walk(look_at_interrupts);
}

static uint32_t intid(uint32_t index)
{
    return dt_intid(&seen_interrupts, &seen_gic, index);
}

KTF_TEST(dt, interrupts_are_numbered_as_the_gic_does)
{
    static const uint32_t three[] = {1, 9, 4, 0, 33, 4, 2, 0, 0, 0, 988, 4, 1, 16, 4};
    static const uint32_t four[] = {1, 9, 4, 0, 0, 33, 4, 0};
    static const uint32_t extended[] = {7, 1, 9, 4, 7, 0, 33, 4, 8, 0, 2, 4, 7, 0};

    walk_interrupts("interrupts", three, 15, 7, 3);
    EXPECT_EQ(intid(0), 25);
    EXPECT_EQ(intid(1), 65);
    for (uint32_t i = 2; i < 6; i++)
        EXPECT_EQ(intid(i), 0); /* of no type, too large, not there */
    walk_interrupts("interrupts", three, 15, 0, 3);
    EXPECT_EQ(intid(0), 25);
    walk_interrupts("interrupts", three, 15, 8, 3); /* another controller's */
    EXPECT_EQ(intid(0), 0);
    walk_interrupts("interrupts", four, 8, 7, 4);
    EXPECT_EQ(intid(0), 25);
    EXPECT_EQ(intid(1), 65);
    walk_interrupts("interrupts-extended", extended, 14, 8, 3);
    EXPECT_EQ(intid(0), 25);
    EXPECT_EQ(intid(1), 65);
    EXPECT_EQ(intid(2), 0);
    EXPECT_EQ(intid(3), 0);
}

/* --- reserved memory ----------------------------------------------------------------------- */

static char reserved[256];

static void note_range(void *context, uint64_t base, uint64_t bytes)
{
    (void)context;
    sprintf(reserved + strlen(reserved), "%lx+%lx ", base, bytes);
}

static void look_at_reserved(void *context, const struct dt_node *node)
{
    bool is_child = node->parent && strcmp(node->parent->name, "reserved-memory") == 0;

    EXPECT_EQ(dt_each_reserved(node, note_range, context), is_child);
}

KTF_TEST(dt, reserved_ranges_are_those_in_use)
{
    begin_tree();
    begin_bus("reserved-memory", 1, 1); /* without ranges, too */
    fdt_begin_node(buffer, "a");
    CELLS("reg", 0x4000, 0x10, 0x5000, 0, 0x6000, 0x20);
    fdt_end_node(buffer);
    fdt_begin_node(buffer, "off");
    CELLS("reg", 0x7000, 0x10);
    tree_add_string(buffer, "status", "disabled");
    fdt_end_node(buffer);
    fdt_begin_node(buffer, "anywhere");
    CELLS("size", 0x1000);
    end_nodes(3);
    reserved[0] = '\0';
    finish_and_walk(look_at_reserved);
    dt_each_reservation(buffer, note_range, NULL);
    EXPECT_STREQ(reserved, "4000+10 6000+20 1000+2000 ");
}
