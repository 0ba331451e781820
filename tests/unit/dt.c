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

static void look(void *context, const struct dt_node *node)
{
    uint64_t base;
    uint64_t bytes;
    uint64_t number;
    unsigned *nr = context;

    ++*nr;
    if (strlen(seen) + strlen(node->name) + 2 < sizeof(seen))
        sprintf(seen + strlen(seen), "%s ", node->name);
    (void)dt_is_named(node, "memory");
    (void)dt_is_top(node, "chosen");
    (void)dt_is_compatible(node, "arm,pl011");
    (void)dt_is_okay(node);
    (void)dt_is_at(node, "/cpus/cpu", 9);
    (void)dt_interrupt(node);
    for (uint32_t i = 0; i < dt_nr_regs(node); i++)
        EXPECT_TRUE(dt_reg(node, i, &base, &bytes));
    EXPECT_FALSE(dt_reg(node, dt_nr_regs(node), &base, &bytes));
    for (unsigned i = 0; i < DT_NR_PROPS; i++) {
        (void)dt_number(&node->props[i], &number);
        (void)dt_is_string(&node->props[i], "okay");
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
        uint64_t base;
        uint64_t size;

        is_whole = dt_walk(copy, look, nr);
        (void)dt_find(copy, "chosen", "bootargs", 8);
        for (uint32_t i = 0; dt_reservation(copy, i, &base, &size); i++)
            ;
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
    bool is_ab;
} found;

static void find_out(void *context, const struct dt_node *node)
{
    (void)context;
    if (!dt_is_top(node, "node"))
        return;
    found.is_okay = dt_is_okay(node);
    found.nr_regs = dt_nr_regs(node);
    (void)dt_reg(node, 0, &found.base, &found.bytes);
    found.interrupt = dt_interrupt(node);
    found.is_ab = dt_is_compatible(node, "a") && dt_is_compatible(node, "b");
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
    EXPECT_TRUE(found.is_ab);
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
    /* The header may say so too. What follows the root's end does not matter. */
    uint32_t bytes_of_tags = fdt_size_dt_struct(buffer);

    for (uint32_t bytes = 0; bytes < bytes_of_tags; bytes += 4) {
        tree_make(buffer, &tree_default);
        fdt_set_size_dt_struct(buffer, bytes);
        EXPECT_EQ(walk(whole, &nr), bytes == bytes_of_tags - 4);
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

static bool is_found(const char *top, const char *name, const char *value)
{
    struct dt_prop prop = dt_find(buffer, top, name, strlen(name));

    return prop.value && prop.bytes == strlen(value) + 1 && strcmp(prop.value, value) == 0;
}

KTF_TEST(dt, a_property_is_found_where_it_is)
{
    fdt_create(buffer, TREE_BYTES);
    fdt_finish_reservemap(buffer);
    fdt_begin_node(buffer, "");
    tree_add_string(buffer, "name", "root");
    fdt_begin_node(buffer, "outer");
    fdt_begin_node(buffer, "chosen");
    tree_add_string(buffer, "name", "inner");
    fdt_end_node(buffer);
    fdt_end_node(buffer);
    fdt_begin_node(buffer, "chosen");
    tree_add_string(buffer, "named", "other");
    tree_add_string(buffer, "name", "value");
    fdt_end_node(buffer);
    fdt_end_node(buffer);
    fdt_finish(buffer);
    EXPECT_TRUE(is_found("chosen", "name", "value"));
    EXPECT_TRUE(is_found("chosen", "named", "other"));
    EXPECT_NULL(dt_find(buffer, "chosen", "nam", 3).value);
    EXPECT_NULL(dt_find(buffer, "outer", "name", 4).value);
    EXPECT_NULL(dt_find(buffer, "", "name", 4).value);
}

KTF_TEST(dt, the_header_is_checked)
{
    static const struct {
        size_t offset;
        uint32_t value;
    } wrong[] = {
        {offsetof(struct fdt_header, magic), 0xD00DFEEE},
        {offsetof(struct fdt_header, version), 16},
        {offsetof(struct fdt_header, last_comp_version), 18},
        {offsetof(struct fdt_header, off_dt_struct), 0},
        {offsetof(struct fdt_header, off_dt_struct), 0xFFFFFFFC},
        {offsetof(struct fdt_header, size_dt_struct), 0xFFFFFFFC},
        {offsetof(struct fdt_header, off_dt_strings), 0x80000000},
        {offsetof(struct fdt_header, size_dt_strings), 0x80000000},
        {offsetof(struct fdt_header, off_mem_rsvmap), 44},
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
